//! Sockets in use, by protocol.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let page_bytes = rustix::param::page_size() as f64;
    let first = host.read("proc/net/sockstat")?;
    // Without IPv6 the second file is not there.
    let second = host.read("proc/net/sockstat6").unwrap_or_default();
    for line in first.lines().chain(second.lines()) {
        let Some((protocol, rest)) = line.split_once(':') else { continue };
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        for pair in words.chunks_exact(2) {
            let (key, value) = (pair[0], number(pair[1])?);
            let help = format!("{key} of {protocol} sockets.");
            page.gauge(&format!("node_sockstat_{protocol}_{key}"), &help, value);
            if key == "mem" {
                let help = format!("Bytes of {protocol} sockets' buffers.");
                page.gauge(&format!("node_sockstat_{protocol}_mem_bytes"), &help, value * page_bytes);
            }
        }
    }
    Ok(())
}

//! Every field of `/proc/meminfo`.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for line in host.read("proc/meminfo")?.lines() {
        let Some((field, rest)) = line.split_once(':') else { continue };
        let mut words = rest.split_ascii_whitespace();
        let Some(value) = words.next() else { continue };
        let value = number(value)?;
        // `Active(anon)` is `Active_anon`.
        let field = field.replace('(', "_").replace(')', "");
        let help = format!("{field} of /proc/meminfo.");
        match words.next() {
            Some("kB") => page.gauge(&format!("node_memory_{field}_bytes"), &help, value * 1024.0),
            _ => page.gauge(&format!("node_memory_{field}"), &help, value),
        }
    }
    Ok(())
}

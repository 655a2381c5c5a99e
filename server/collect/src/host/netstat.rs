//! Counters of the network protocols: the fields that node_exporter gives, or those asked for.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for file in ["proc/net/netstat", "proc/net/snmp"] {
        let text = host.read(file)?;
        let lines: Vec<&str> = text.lines().collect();
        // Two lines for each protocol: names, then values.
        for pair in lines.chunks_exact(2) {
            let Some((protocol, names)) = pair[0].split_once(':') else { continue };
            let Some((_, values)) = pair[1].split_once(':') else { continue };
            for (field, value) in names.split_ascii_whitespace().zip(values.split_ascii_whitespace()) {
                write(host, page, (protocol, field), value)?;
            }
        }
    }
    // Names like `Icmp6InMsgs` hold the protocol up to the 6.
    for line in host.read("proc/net/snmp6").unwrap_or_default().lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        if let Some(six) = name.find('6') {
            let (protocol, field) = name.split_at(six + 1);
            write(host, page, (protocol, field), value)?;
        }
    }
    Ok(())
}

fn write(host: &Host, page: &mut Page, (protocol, field): (&str, &str), value: &str) -> Result<(), String> {
    if host.settings.keeps("netstat", &format!("{protocol}_{field}")) {
        let help = format!("{field} of {protocol}.");
        let name = format!("node_netstat_{protocol}_{field}");
        page.family(&name, MetricKind::Unknown, &help).sample(&[], number(value)?);
    }
    Ok(())
}

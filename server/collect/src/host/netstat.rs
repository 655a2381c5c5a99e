//! Counters of the network protocols: the fields that node_exporter gives.

use std::sync::LazyLock;

use model::MetricKind;
use regex::Regex;
use wire::exposition::Page;

use super::{Host, number};

/// `<protocol>_<field>` as node_exporter chooses them.
static WANTED: LazyLock<Regex> = LazyLock::new(|| {
    let fields = [
        "(.*_(InErrors|InErrs)",
        "Ip_Forwarding",
        "Ip(6|Ext)_(InOctets|OutOctets)",
        "Icmp6?_(InMsgs|OutMsgs)",
        "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)",
        "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)",
        "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))",
    ];
    Regex::new(&format!("^{}$", fields.join("|"))).expect("a valid regex")
});

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for file in ["proc/net/netstat", "proc/net/snmp"] {
        let text = host.read(file)?;
        let lines: Vec<&str> = text.lines().collect();
        // Two lines for each protocol: names, then values.
        for pair in lines.chunks_exact(2) {
            let Some((protocol, names)) = pair[0].split_once(':') else { continue };
            let Some((_, values)) = pair[1].split_once(':') else { continue };
            for (field, value) in names.split_ascii_whitespace().zip(values.split_ascii_whitespace()) {
                write(page, protocol, field, value)?;
            }
        }
    }
    // Names like `Icmp6InMsgs` hold the protocol up to the 6.
    for line in host.read("proc/net/snmp6").unwrap_or_default().lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else { continue };
        if let Some(six) = name.find('6') {
            let (protocol, field) = name.split_at(six + 1);
            write(page, protocol, field, value)?;
        }
    }
    Ok(())
}

fn write(page: &mut Page, protocol: &str, field: &str, value: &str) -> Result<(), String> {
    if WANTED.is_match(&format!("{protocol}_{field}")) {
        let help = format!("{field} of {protocol}.");
        let name = format!("node_netstat_{protocol}_{field}");
        page.family(&name, MetricKind::Unknown, &help).sample(&[], number(value)?);
    }
    Ok(())
}

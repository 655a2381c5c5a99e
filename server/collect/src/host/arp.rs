//! Entries of the ARP table, by device.

use std::collections::BTreeMap;

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let table = host.read("proc/net/arp")?;
    let mut entries: BTreeMap<&str, u32> = BTreeMap::new();
    for line in table.lines().skip(1) {
        if let Some(device) = line.split_ascii_whitespace().nth(5)
            && host.settings.keeps("arp", device)
        {
            *entries.entry(device).or_default() += 1;
        }
    }
    let mut family = page.family("node_arp_entries", MetricKind::Gauge, "Entries of the ARP table.");
    for (device, count) in entries {
        family.sample(&[("device", device)], f64::from(count));
    }
    Ok(())
}

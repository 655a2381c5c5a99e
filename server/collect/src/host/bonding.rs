//! Bonded network devices: how many below them there are, and how many of those work.

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let masters = host.read("sys/class/net/bonding_masters")?;
    let mut bonds = Vec::new();
    for master in masters.split_ascii_whitespace() {
        let slaves = host.text(&format!("sys/class/net/{master}/bonding/slaves")).unwrap_or_default();
        let slaves: Vec<&str> = slaves.split_ascii_whitespace().collect();
        let works = |slave: &&&str| {
            // Older kernels name the link `slave_…`.
            let status = |link: &str| {
                host.text(&format!("sys/class/net/{master}/{link}_{slave}/bonding_slave/mii_status"))
            };
            status("lower").or_else(|| status("slave")).as_deref() == Some("up")
        };
        bonds.push((master, slaves.len(), slaves.iter().filter(works).count()));
    }
    let mut family = page.family("node_bonding_active", MetricKind::Gauge, "Devices of a bond that work.");
    for (master, _, active) in &bonds {
        family.sample(&[("master", master)], *active as f64);
    }
    let mut family = page.family("node_bonding_slaves", MetricKind::Gauge, "Devices of a bond.");
    for (master, slaves, _) in &bonds {
        family.sample(&[("master", master)], *slaves as f64);
    }
    Ok(())
}

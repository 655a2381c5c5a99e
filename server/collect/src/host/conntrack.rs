//! The table of tracked connections.

use wire::exposition::Page;

use super::Host;

/// Columns of the kernel's table that node_exporter gives, summed over CPUs: column, metric, help.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("found", "node_nf_conntrack_stat_found", "Entries looked up and found."),
    ("invalid", "node_nf_conntrack_stat_invalid", "Packets that cannot be tracked."),
    ("ignore", "node_nf_conntrack_stat_ignore", "Packets tracked already."),
    ("insert", "node_nf_conntrack_stat_insert", "Entries inserted."),
    ("insert_failed", "node_nf_conntrack_stat_insert_failed", "Entries that could not be inserted."),
    ("drop", "node_nf_conntrack_stat_drop", "Packets dropped for want of an entry."),
    ("early_drop", "node_nf_conntrack_stat_early_drop", "Entries dropped to make room."),
    ("search_restart", "node_nf_conntrack_stat_search_restart", "Searches that began again."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "proc/sys/net/netfilter";
    let missing = || format!("{folder}/nf_conntrack_count cannot be read");
    let count = host.value(&format!("{folder}/nf_conntrack_count")).ok_or_else(missing)?;
    page.gauge("node_nf_conntrack_entries", "Connections that are tracked.", count);
    if let Some(most) = host.value(&format!("{folder}/nf_conntrack_max")) {
        page.gauge("node_nf_conntrack_entries_limit", "The most that can be tracked.", most);
    }
    let table = host.read("proc/net/stat/nf_conntrack")?;
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_ascii_whitespace().collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split_ascii_whitespace().collect()).collect();
    for (column, metric, help) in COLUMNS {
        let Some(i) = names.iter().position(|name| *name == column) else { continue };
        let values = rows.iter().filter_map(|row| u64::from_str_radix(row.get(i)?, 16).ok());
        page.gauge(metric, help, values.sum::<u64>() as f64);
    }
    Ok(())
}

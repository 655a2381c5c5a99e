//! Paging and memory faults from `/proc/vmstat`: the fields that node_exporter gives.

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    for line in host.read("proc/vmstat")?.lines() {
        let Some((field, value)) = line.split_once(' ') else { continue };
        if host.settings.keeps("vmstat", field) {
            let help = format!("{field} of /proc/vmstat.");
            let name = format!("node_vmstat_{field}");
            page.family(&name, MetricKind::Unknown, &help).sample(&[], number(value.trim())?);
        }
    }
    Ok(())
}

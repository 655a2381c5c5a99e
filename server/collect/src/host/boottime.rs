//! When the host was started.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let stat = host.read("proc/stat")?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "));
    let seconds = number(line.ok_or("proc/stat has no btime")?.trim())?;
    page.gauge("node_boot_time_seconds", "When the host was started, in seconds since 1970.", seconds);
    Ok(())
}

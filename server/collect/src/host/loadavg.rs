//! The load averages.

use wire::exposition::Page;

use super::{Host, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/loadavg")?;
    let mut words = text.split_ascii_whitespace();
    for (name, help) in [
        ("node_load1", "Load average of one minute."),
        ("node_load5", "Load average of five minutes."),
        ("node_load15", "Load average of fifteen minutes."),
    ] {
        page.gauge(name, help, number(words.next().ok_or("proc/loadavg is cut short")?)?);
    }
    Ok(())
}

//! Metrics of this host under node_exporter's names, read from `/proc` and `/sys`. One file a collector.

mod boottime;
mod cpu;
mod diskstats;
mod filefd;
mod filesystem;
mod loadavg;
mod meminfo;
mod netclass;
mod netdev;
mod netstat;
mod pressure;
mod sockstat;
mod stat;
mod time;
mod uname;
mod vmstat;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use model::{Clock, MetricKind};
use wire::exposition::Page;

use crate::collector::Gatherer;

/// Reads this host's metrics. A [`Gatherer`]: its job is `node` as a rule.
pub struct Host {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    mounts: filesystem::Mounts,
}

type Collect = fn(&Host, &mut Page) -> Result<(), String>;

const COLLECTORS: [(&str, Collect); 16] = [
    ("boottime", boottime::collect),
    ("cpu", cpu::collect),
    ("diskstats", diskstats::collect),
    ("filefd", filefd::collect),
    ("filesystem", filesystem::collect),
    ("loadavg", loadavg::collect),
    ("meminfo", meminfo::collect),
    ("netclass", netclass::collect),
    ("netdev", netdev::collect),
    ("netstat", netstat::collect),
    ("pressure", pressure::collect),
    ("sockstat", sockstat::collect),
    ("stat", stat::collect),
    ("time", time::collect),
    ("uname", uname::collect),
    ("vmstat", vmstat::collect),
];

impl Host {
    /// The host whose `/proc`, `/sys` and file systems lie below `root`: `/`, or where a container sees the host's.
    pub fn new(root: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Host { root: root.into(), clock, mounts: filesystem::Mounts::default() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The text of a file below the root.
    fn read(&self, path: &str) -> Result<String, String> {
        read(&self.path(path))
    }
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A number of a file.
fn number(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("{text:?} is not a number"))
}

impl Gatherer for Host {
    fn gather(&self, page: &mut Page) {
        let mut outcomes = Vec::with_capacity(COLLECTORS.len());
        for (name, collect) in COLLECTORS {
            let began = Instant::now();
            let outcome = collect(self, page);
            if let Err(why) = &outcome {
                tracing::debug!(collector = name, "host metrics: {why}");
            }
            outcomes.push((name, outcome.is_ok(), began.elapsed().as_secs_f64()));
        }
        let help = "How long a collector of host metrics took.";
        let mut family = page.family("node_scrape_collector_duration_seconds", MetricKind::Gauge, help);
        for (name, _, seconds) in &outcomes {
            family.sample(&[("collector", name)], *seconds);
        }
        let help = "Whether a collector of host metrics succeeded.";
        let mut family = page.family("node_scrape_collector_success", MetricKind::Gauge, help);
        for (name, ok, _) in &outcomes {
            family.sample(&[("collector", name)], f64::from(u8::from(*ok)));
        }
    }
}

#[cfg(test)]
mod tests;

//! Metrics of this host under node_exporter's names, read from `/proc` and `/sys`. One file a collector, named as
//! node_exporter names it; a collector that fails costs its own series only.
//!
//! The readers are our own: most of node_exporter's families are named after whatever fields the kernel writes, so a
//! reader that knows the fields beforehand would lose the ones it does not know.

mod arp;
mod bcache;
mod bonding;
mod btrfs;
mod conntrack;
mod cpu;
mod cpufreq;
mod diskstats;
mod dmi;
mod edac;
mod entropy;
mod fibrechannel;
mod filefd;
mod filesystem;
mod hwmon;
mod infiniband;
mod interrupts;
mod ipvs;
mod loadavg;
mod mdadm;
mod meminfo;
mod netclass;
mod netdev;
mod netstat;
mod nfs;
mod nfsd;
mod nvme;
mod os;
mod powersupplyclass;
mod pressure;
mod processes;
mod rapl;
mod read;
mod schedstat;
mod selinux;
mod settings;
mod sockstat;
mod softirqs;
mod softnet;
mod stat;
mod tapestats;
mod tcpstat;
mod textfile;
mod thermal_zone;
mod time;
mod timex;
mod udp_queues;
mod uname;
mod vmstat;
mod watchdog;
mod xfs;
mod zfs;

use std::sync::Arc;
use std::time::Instant;

use model::{Clock, MetricKind};
use parking_lot::Mutex;
use wire::exposition::Page;

pub use read::Roots;
pub use settings::{Flags, Settings};

use crate::collector::Gatherer;
use crate::rows::Rows;
use read::{Kept, any_number, number};

/// Reads this host's metrics. A [`Gatherer`]: its job is `node` as a rule.
pub struct Host {
    roots: Roots,
    settings: Settings,
    clock: Arc<dyn Clock>,
    kept: Kept,
    mounts: filesystem::Mounts,
    walk: processes::LastWalk,
    /// One page at a time: file systems that hang are asked once.
    gathering: Mutex<()>,
}

type Collect = fn(&Host, &mut Page) -> Result<(), String>;

/// A collector: its name, whether it runs unless it is switched off, what it does.
struct Collector {
    name: &'static str,
    by_default: bool,
    collect: Collect,
}

const fn on(name: &'static str, collect: Collect) -> Collector {
    Collector { name, by_default: true, collect }
}

const fn off(name: &'static str, collect: Collect) -> Collector {
    Collector { name, by_default: false, collect }
}

const COLLECTORS: [Collector; 50] = [
    on("arp", arp::collect),
    on("bcache", bcache::collect),
    on("bonding", bonding::collect),
    on("btrfs", btrfs::collect),
    on("conntrack", conntrack::collect),
    on("cpu", cpu::collect),
    on("cpufreq", cpufreq::collect),
    on("diskstats", diskstats::collect),
    on("dmi", dmi::collect),
    on("edac", edac::collect),
    on("entropy", entropy::collect),
    on("fibrechannel", fibrechannel::collect),
    on("filefd", filefd::collect),
    on("filesystem", filesystem::collect),
    on("hwmon", hwmon::collect),
    on("infiniband", infiniband::collect),
    off("interrupts", interrupts::collect),
    on("ipvs", ipvs::collect),
    on("loadavg", loadavg::collect),
    on("mdadm", mdadm::collect),
    on("meminfo", meminfo::collect),
    on("netclass", netclass::collect),
    on("netdev", netdev::collect),
    on("netstat", netstat::collect),
    on("nfs", nfs::collect),
    on("nfsd", nfsd::collect),
    on("nvme", nvme::collect),
    on("os", os::collect),
    on("powersupplyclass", powersupplyclass::collect),
    on("pressure", pressure::collect),
    on("processes", processes::collect),
    on("rapl", rapl::collect),
    on("schedstat", schedstat::collect),
    on("selinux", selinux::collect),
    on("sockstat", sockstat::collect),
    off("softirqs", softirqs::collect),
    on("softnet", softnet::collect),
    on("stat", stat::collect),
    on("tapestats", tapestats::collect),
    off("tcpstat", tcpstat::collect),
    on("textfile", textfile::collect),
    on("thermal_zone", thermal_zone::collect),
    on("time", time::collect),
    on("timex", timex::collect),
    on("udp_queues", udp_queues::collect),
    on("uname", uname::collect),
    on("vmstat", vmstat::collect),
    on("watchdog", watchdog::collect),
    on("xfs", xfs::collect),
    on("zfs", zfs::collect),
];

impl Host {
    /// The host as `flags` say: where its `/proc`, `/sys` and file systems are, which collectors run, what they leave
    /// out.
    pub fn new(flags: Flags, clock: Arc<dyn Clock>) -> Self {
        let Flags { roots, settings, .. } = flags;
        Host {
            roots,
            settings,
            clock,
            kept: Kept::default(),
            mounts: filesystem::Mounts::default(),
            walk: processes::LastWalk::default(),
            gathering: Mutex::new(()),
        }
    }

    fn runs(&self, collector: &str) -> bool {
        let by_default = COLLECTORS.iter().any(|known| known.name == collector && known.by_default);
        self.settings.runs(collector, by_default)
    }
}

impl Gatherer for Host {
    fn gather(&self, page: &mut Page) {
        let _one = self.gathering.lock();
        let mut outcomes = Vec::with_capacity(COLLECTORS.len());
        for Collector { name, by_default, collect } in COLLECTORS {
            if !self.settings.runs(name, by_default) {
                continue;
            }
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

//! This host, as node_exporter and as this program see it at one moment: every difference has a reason here.
//!
//! The exporter is the installed `prometheus-node-exporter`, or the program that `NODE_EXPORTER` names.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use model::SystemClock;

use super::*;

/// Given to both: builds of node_exporter differ in these defaults.
const FLAGS: [&str; 5] = [
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+)($|/)",
    "--collector.netdev.device-exclude=^$",
    "--collector.textfile.directory=/nonexistent",
    "--collector.processes",
    "--collector.cpu.info",
];

/// Labels that only later releases than 1.5 have.
const LATER_LABELS: [&str; 3] = ["adminstate", "device_error", "rotational"];

/// Families that one of the two gives and the other does not, and why.
const ONLY_THEIRS: [(&str, &str); 7] = [
    ("node_exporter_build_info", "the exporter's own"),
    ("node_scrape_collector_duration_seconds", "every moment another"),
    ("systemd", "units are not asked for yet"),
    ("zram", "releases before 1.6 do not leave compressed memory out"),
    ("node_processes_", "a state that processes were in at one of the two moments"),
    (
        "node_disk_info",
        "1.9.0 takes all disks for such that do not rotate where the kernel lacks one of the older files",
    ),
    ("node_btrfs_device_", "told by an ioctl alone"),
];
const ONLY_OURS: [(&str, &str); 16] = [
    ("node_scrape_collector_duration_seconds", "every moment another"),
    ("node_processes_", "a state that processes were in at one of the two moments"),
    ("watchdog", "new in 1.8"),
    ("node_filesystem_mount_info", "new in 1.9"),
    ("node_softnet_", "more columns since 1.6 and 1.8"),
    ("node_cpu_online", "new in 1.9"),
    ("node_cpu_isolated", "new in 1.6"),
    ("node_netstat_TcpExt_TCP", "two fields more since 1.6 and 1.9"),
    ("node_pressure_irq", "new in 1.9"),
    ("node_os_support_end", "new in 1.7"),
    ("node_btrfs_commit", "new in 1.9"),
    ("node_btrfs_last_commit", "new in 1.9"),
    ("node_btrfs_max_commit", "new in 1.9"),
    ("node_memory_", "fields that an older reader does not know"),
    (
        "node_disk_info",
        "1.9.0 takes all disks for such that do not rotate where the kernel lacks one of the older files",
    ),
    ("node_network_", "read over netlink by later releases"),
];

/// Series whose values differ, and why: name, a label's value.
const DIFFERENT: [(&str, &str, &str); 1] = [(
    "node_scrape_collector_success",
    "pressure",
    "1.9.0 fails where the kernel does not account for interrupts",
)];

/// Gauges that move from one moment to the next: their order of magnitude is compared.
const RESTLESS: [&str; 16] = [
    "node_arp_",
    "node_disk_io_now",
    "node_entropy_",
    "node_filefd_",
    "node_filesystem_",
    "node_load",
    "node_memory_",
    "node_netstat_Tcp_CurrEstab",
    "node_nf_conntrack_",
    "node_processes_",
    "node_procs_",
    "node_sockstat_",
    "node_softnet_backlog",
    "node_time_seconds",
    "node_timex_",
    "node_udp_queues",
];

struct Exporter {
    child: Child,
    port: u16,
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Exporter {
    fn start() -> Option<Exporter> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let program = std::env::var_os("NODE_EXPORTER").unwrap_or("prometheus-node-exporter".into());
        let mut child = Command::new(program)
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(FLAGS)
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let log = BufReader::new(child.stderr.take()?);
        let exporter = Exporter { child, port };
        // It says so when it listens.
        let mut lines = log.lines();
        let listens = |line: &str| line.to_lowercase().contains("listening on");
        lines.find(|line| line.as_ref().is_ok_and(|line| listens(line)))?.ok()?;
        // Nobody reads on, and it must not wait for that.
        std::thread::spawn(move || lines.for_each(drop));
        Some(exporter)
    }

    fn page(&self) -> Option<String> {
        let mut socket = std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    }
}

type Samples = BTreeMap<Labels, f64>;

fn of_host(page: &str) -> Samples {
    samples(page.as_bytes())
        .into_iter()
        .filter(|(labels, _)| labels.metric_name().starts_with("node_"))
        .collect()
}

/// The reason for a difference, if there is one.
fn reason(reasons: &[(&'static str, &'static str)], labels: &Labels) -> Option<&'static str> {
    let name = labels.metric_name();
    let is = |part: &str| match part.starts_with("node_") {
        true => name.starts_with(part),
        false => ["collector", "device"].iter().any(|label| labels.value(label).starts_with(part)),
    };
    reasons.iter().find(|(part, _)| is(part)).map(|(_, why)| *why)
}

#[test]
fn agrees_with_node_exporter() {
    let Some(exporter) = Exporter::start() else {
        println!("skipped: prometheus-node-exporter cannot be started");
        return;
    };
    let flags: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
    let host = Host::new(Flags::parse(&flags, Roots::below("/")).unwrap(), Arc::new(SystemClock));
    let mut page = Page::default();
    let before = exporter.page().expect("a page");
    host.gather(&mut page);
    let after = exporter.page().expect("a page");
    let (before, after) = (of_host(&before), of_host(&after));
    let build = before.keys().find(|labels| labels.metric_name() == "node_exporter_build_info").unwrap();
    let version = build.value("version").to_owned();
    let old = version.starts_with("1.5") || version.starts_with("1.6");
    let ours: Samples = of_host(page.as_str())
        .into_iter()
        .map(|(labels, value)| (if old { labels.without(&LATER_LABELS) } else { labels }, value))
        .collect();
    let mut wrong = Vec::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut compared = 0;
    for (labels, low) in &before {
        match (ours.get(labels), after.get(labels)) {
            (None, _) => match reason(&ONLY_THEIRS, labels) {
                Some(why) => *reasons.entry(format!("only theirs: {why}")).or_default() += 1,
                None => wrong.push(format!("{labels} {low}: missing")),
            },
            // Gone in between.
            (Some(_), None) => {}
            (Some(our), Some(high)) => {
                compared += 1;
                if agrees(labels, *our, (*low, *high)) {
                    continue;
                }
                let is = |value: &str| labels.iter().any(|(_, of_label)| of_label == value);
                let named =
                    DIFFERENT.iter().find(|(name, value, _)| labels.metric_name() == *name && is(value));
                match named {
                    Some((.., why)) => *reasons.entry(format!("another value: {why}")).or_default() += 1,
                    None => wrong.push(format!("{labels}: {our} is not within {low} and {high}")),
                }
            }
        }
    }
    for labels in ours.keys().filter(|labels| !before.contains_key(*labels) && !after.contains_key(*labels)) {
        match reason(&ONLY_OURS, labels) {
            Some(why) => *reasons.entry(format!("only ours: {why}")).or_default() += 1,
            None => wrong.push(format!("{labels}: not theirs")),
        }
    }
    println!(
        "node_exporter {version}: {} series, {} of ours, {compared} compared, {} differ without a reason",
        before.len(),
        ours.len(),
        wrong.len()
    );
    for (why, count) in &reasons {
        println!("{count} {why}");
    }
    assert!(compared > 300, "only {compared} samples to compare");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether our value fits between theirs before and after.
fn agrees(labels: &Labels, our: f64, (before, after): (f64, f64)) -> bool {
    let name = labels.metric_name();
    if name == "node_scrape_collector_duration_seconds" {
        return true;
    }
    if RESTLESS.iter().any(|restless| name.starts_with(restless)) {
        return (our - before).abs() <= before.abs() * 0.5 + 5e8;
    }
    // The kernel does not count all CPUs at one moment: a second's time may seem to go back.
    let slack = if before == after { 1e-9 * before.abs() } else { 1.0 };
    (before.min(after) - slack..=before.max(after) + slack).contains(&our)
}

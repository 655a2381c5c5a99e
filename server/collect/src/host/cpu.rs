//! CPUs: seconds in each mode, what they are, whether they are held back, online, isolated.

use std::collections::{BTreeMap, BTreeSet};

use model::MetricKind;
use wire::exposition::Page;

use super::{Host, Rows, number};

/// The kernel counts CPU time in hundredths of a second for programs, on every architecture.
const USER_HZ: f64 = 100.0;

/// The columns of `/proc/stat` behind a CPU's name.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];

/// Labels of `node_cpu_info` and the fields of `/proc/cpuinfo` they come from.
const INFO: [(&str, &str); 10] = [
    ("cachesize", "cache size"),
    ("core", "core id"),
    ("cpu", "processor"),
    ("family", "cpu family"),
    ("microcode", "microcode"),
    ("model", "model"),
    ("model_name", "model name"),
    ("package", "physical id"),
    ("stepping", "stepping"),
    ("vendor", "vendor_id"),
];

const FOLDER: &str = "sys/devices/system/cpu";

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    seconds(host, page)?;
    let mut rows = Rows::default();
    if host.settings.option("cpu.info") {
        info(host, &mut rows);
    }
    let cpus: Vec<String> = host.names(FOLDER, "cpu").into_iter().filter(|name| is_cpu(name)).collect();
    throttles(host, &mut rows, &cpus);
    for cpu in &cpus {
        if let Some(online) = host.value(&format!("{FOLDER}/{cpu}/online")) {
            let labels = [("cpu", &cpu[3..])];
            rows.gauge("node_cpu_online", "Whether a CPU is online.", &labels, online);
        }
    }
    for cpu in list(&host.kept(&format!("{FOLDER}/isolated")).unwrap_or_default()) {
        let help = "Whether a CPU is kept out of scheduling.";
        rows.gauge("node_cpu_isolated", help, &[("cpu", &cpu.to_string())], 1.0);
    }
    rows.write(page);
    Ok(())
}

fn seconds(host: &Host, page: &mut Page) -> Result<(), String> {
    let stat = host.read("proc/stat")?;
    let mut cpus = Vec::new();
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(cpu) = words.next().and_then(|word| word.strip_prefix("cpu")) else { continue };
        if !cpu.is_empty() {
            cpus.push((
                cpu,
                words.map(|word| Ok(number(word)? / USER_HZ)).collect::<Result<Vec<_>, String>>()?,
            ));
        }
    }
    if host.settings.option("cpu.guest") {
        let help = "Seconds that each CPU ran guests, contained in user and nice.";
        let mut family = page.family("node_cpu_guest_seconds_total", MetricKind::Counter, help);
        for (cpu, seconds) in &cpus {
            for (mode, seconds) in GUEST_MODES.iter().zip(seconds.iter().skip(MODES.len())) {
                family.sample(&[("cpu", cpu), ("mode", mode)], *seconds);
            }
        }
    }
    let help = "Seconds that each CPU spent in each mode.";
    let mut family = page.family("node_cpu_seconds_total", MetricKind::Counter, help);
    for (cpu, seconds) in &cpus {
        for (mode, seconds) in MODES.iter().zip(seconds) {
            family.sample(&[("cpu", cpu), ("mode", mode)], *seconds);
        }
    }
    Ok(())
}

fn info(host: &Host, rows: &mut Rows) {
    // Frequencies move: where cpufreq is off they are read each time, all else in the file hardly ever changes.
    let moves = !host.runs("cpufreq");
    let text = if moves { host.text("proc/cpuinfo") } else { host.kept("proc/cpuinfo") }.unwrap_or_default();
    for (i, block) in text.split("\n\n").enumerate() {
        let fields: BTreeMap<&str, &str> = block
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        if field("processor").is_empty() {
            continue;
        }
        rows.gauge(
            "node_cpu_info",
            "What a CPU is; 1.",
            &INFO.map(|(label, name)| (label, field(name))),
            1.0,
        );
        if moves && let Ok(mhz) = number(field("cpu MHz")) {
            let labels =
                [("core", field("core id")), ("cpu", field("processor")), ("package", field("physical id"))];
            rows.gauge("node_cpu_frequency_hertz", "How fast a CPU runs.", &labels, mhz * 1e6);
        }
        if i == 0 {
            // All CPUs of a host are alike in these.
            words(host, rows, ("cpu.flags", "node_cpu_flag_info", "flag"), field("flags"));
            words(host, rows, ("cpu.bugs", "node_cpu_bug_info", "bug"), field("bugs"));
        }
    }
}

fn words(host: &Host, rows: &mut Rows, (filter, name, label): (&str, &str, &'static str), words: &str) {
    for word in words.split_ascii_whitespace().filter(|word| host.settings.includes(filter, word)) {
        rows.gauge(name, &format!("A {label} of the first CPU; 1."), &[(label, word)], 1.0);
    }
}

fn is_cpu(name: &str) -> bool {
    name.strip_prefix("cpu").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Counts of each core and of each package once, whichever of its threads tells them.
fn throttles(host: &Host, rows: &mut Rows, cpus: &[String]) {
    let (mut cores, mut packages) = (BTreeSet::new(), BTreeSet::new());
    for cpu in cpus {
        let file = |name: &str| format!("{FOLDER}/{cpu}/{name}");
        let core = host.kept(&file("topology/core_id")).unwrap_or_default();
        let package = host.kept(&file("topology/physical_package_id")).unwrap_or_default();
        if core.is_empty() || package.is_empty() {
            continue;
        }
        if cores.insert((package.clone(), core.clone()))
            && let Some(count) = host.value(&file("thermal_throttle/core_throttle_count"))
        {
            let help = "Times that a core was held back.";
            let labels = [("core", core.as_str()), ("package", &package)];
            rows.counter("node_cpu_core_throttles_total", help, &labels, count);
        }
        if packages.insert(package.clone())
            && let Some(count) = host.value(&file("thermal_throttle/package_throttle_count"))
        {
            let help = "Times that a package was held back.";
            rows.counter("node_cpu_package_throttles_total", help, &[("package", &package)], count);
        }
    }
}

/// The numbers of a list as the kernel writes it: `1-3,8`.
fn list(text: &str) -> Vec<u32> {
    let mut out = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            out.extend(first..=last.min(first.saturating_add(4096)));
        }
    }
    out
}

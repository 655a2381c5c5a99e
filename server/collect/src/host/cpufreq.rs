//! How fast CPUs run, may run, and who decides.

use wire::exposition::Page;

use super::{Host, Rows};

/// File below a CPU's `cpufreq`, metric, help; the kernel writes kHz.
const FILES: [(&str, &str, &str); 6] = [
    ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "How fast a CPU runs."),
    ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "How slowly it can run."),
    ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "How fast it can run."),
    ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "How fast it was told to run."),
    ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "How slowly it may be told to run."),
    ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "How fast it may be told to run."),
];

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let folder = "sys/devices/system/cpu";
    let mut rows = Rows::default();
    for cpu in host.names(folder, "cpu") {
        let file = |name: &str| format!("{folder}/{cpu}/cpufreq/{name}");
        let number = &cpu[3..];
        if host.kept(&file("scaling_driver")).is_none() && host.kept(&file("cpuinfo_max_freq")).is_none() {
            continue;
        }
        for (name, metric, help) in FILES {
            // Limits hardly ever change.
            let text =
                if name.ends_with("cur_freq") { host.text(&file(name)) } else { host.kept(&file(name)) };
            if let Some(khz) = text.and_then(|text| super::number(&text).ok()) {
                rows.gauge(metric, help, &[("cpu", number)], khz * 1_000.0);
            }
        }
        let current = host.text(&file("scaling_governor")).unwrap_or_default();
        let all = host.kept(&file("scaling_available_governors")).unwrap_or_default();
        for governor in all.split_ascii_whitespace() {
            let labels = [("cpu", number), ("governor", governor)];
            let is = f64::from(u8::from(governor == current));
            rows.gauge("node_cpu_scaling_governor", "Whether this governor decides.", &labels, is);
        }
    }
    rows.write(page);
    Ok(())
}

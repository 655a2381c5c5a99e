//! Interrupts by CPU, type and device. Many series: off unless asked for.

use wire::exposition::Page;

use super::{Host, Rows, number};

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let text = host.read("proc/interrupts")?;
    let mut lines = text.lines();
    let cpus = lines.next().unwrap_or_default().split_ascii_whitespace().count();
    let mut rows = Rows::default();
    for line in lines {
        let Some((kind, rest)) = line.split_once(':') else { continue };
        let kind = kind.trim();
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        // `ERR` and `MIS` are counted for all CPUs together.
        if words.len() <= cpus {
            continue;
        }
        let (counts, about) = words.split_at(cpus);
        let (info, devices) = match kind.bytes().all(|b| b.is_ascii_digit()) {
            true => (about[0].to_owned(), about[1..].join(" ")),
            false => (about.join(" "), String::new()),
        };
        if !host.settings.keeps("interrupts", &format!("{kind};{info};{devices}")) {
            continue;
        }
        for (cpu, count) in counts.iter().enumerate() {
            let count = number(count)?;
            if count == 0.0 && !host.settings.option("interrupts.include-zeros") {
                continue;
            }
            let cpu = cpu.to_string();
            let labels = [("cpu", cpu.as_str()), ("devices", &devices), ("info", &info), ("type", kind)];
            rows.counter("node_interrupts_total", "Interrupts served.", &labels, count);
        }
    }
    rows.write(page);
    Ok(())
}

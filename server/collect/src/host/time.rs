//! The time, its zone and its source.

use model::MetricKind;
use wire::exposition::Page;

use super::Host;

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let now_ns = host.clock.now_ns();
    page.gauge("node_time_seconds", "The host's time, in seconds since 1970.", now_ns as f64 / 1e9);
    if let Ok(now) = jiff::Timestamp::from_nanosecond(i128::from(now_ns)) {
        let zone = jiff::tz::TimeZone::system();
        let info = zone.to_offset_info(now);
        let help = "The time zone's distance from UTC, in seconds.";
        let mut family = page.family("node_time_zone_offset_seconds", MetricKind::Gauge, help);
        family.sample(&[("time_zone", info.abbreviation())], f64::from(info.offset().seconds()));
    }
    let (mut available, mut current) = (Vec::new(), Vec::new());
    let folder = host.path("sys/devices/system/clocksource");
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        let device = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = device.strip_prefix("clocksource") else { continue };
        let read = |file: &str| super::read::read(&entry.path().join(file)).unwrap_or_default();
        let all = read("available_clocksource");
        available.extend(all.split_ascii_whitespace().map(|source| (number.to_owned(), source.to_owned())));
        let one = read("current_clocksource");
        current.extend(one.split_ascii_whitespace().map(|source| (number.to_owned(), source.to_owned())));
    }
    for (name, help, rows) in [
        ("node_time_clocksource_available_info", "Clock sources that could be used; 1.", available),
        ("node_time_clocksource_current_info", "The clock source in use; 1.", current),
    ] {
        let mut family = page.family(name, MetricKind::Gauge, help);
        for (device, source) in rows {
            family.sample(&[("clocksource", &source), ("device", &device)], 1.0);
        }
    }
    Ok(())
}

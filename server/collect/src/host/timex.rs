//! How well the clock is kept: what the kernel tells of its discipline.

use wire::exposition::Page;

use super::Host;

/// Frequencies are in millionths, with 16 bits behind the point (`adjtimex(2)`).
const PPM: f64 = 1e6 * 65_536.0;
/// The state of a clock that nobody keeps.
const TIME_ERROR: i32 = 5;
/// Set when offsets are in nanoseconds.
const STA_NANO: i32 = 0x2000;

pub(super) fn collect(_: &Host, page: &mut Page) -> Result<(), String> {
    let (state, timex) = ask()?;
    let second = if timex.status & STA_NANO != 0 { 1e9 } else { 1e6 };
    let synced = f64::from(u8::from(state != TIME_ERROR));
    let gauges = [
        ("node_timex_estimated_error_seconds", "The estimated error.", timex.esterror as f64 / 1e6),
        ("node_timex_frequency_adjustment_ratio", "How the clock is sped up.", 1.0 + timex.freq as f64 / PPM),
        ("node_timex_loop_time_constant", "The time constant.", timex.constant as f64),
        ("node_timex_maxerror_seconds", "The largest error.", timex.maxerror as f64 / 1e6),
        ("node_timex_offset_seconds", "How far the clock is off.", timex.offset as f64 / second),
        ("node_timex_pps_frequency_hertz", "Frequency of the pulse.", timex.ppsfreq as f64 / PPM),
        ("node_timex_pps_jitter_seconds", "Jitter of the pulse.", timex.jitter as f64 / second),
        ("node_timex_pps_shift_seconds", "Length of the pulse's interval.", f64::from(timex.shift)),
        ("node_timex_pps_stability_hertz", "Stability of the pulse.", timex.stabil as f64 / PPM),
        ("node_timex_status", "The clock's flags.", f64::from(timex.status)),
        ("node_timex_sync_status", "Whether the clock is kept in step.", synced),
        ("node_timex_tai_offset_seconds", "Distance from atomic time.", f64::from(timex.tai)),
        ("node_timex_tick_seconds", "Length of a tick.", timex.tick as f64 / 1e6),
    ];
    for (metric, help, value) in gauges {
        page.gauge(metric, help, value);
    }
    let counters = [
        ("node_timex_pps_calibration_total", "Calibrations by the pulse.", timex.calcnt),
        ("node_timex_pps_error_total", "Calibrations that failed.", timex.errcnt),
        ("node_timex_pps_jitter_total", "Times that jitter was too large.", timex.jitcnt),
        ("node_timex_pps_stability_exceeded_total", "Times that stability was too small.", timex.stbcnt),
    ];
    for (metric, help, value) in counters {
        page.counter(metric, help, value as f64);
    }
    Ok(())
}

/// Asks without changing anything.
fn ask() -> Result<(i32, libc::timex), String> {
    // SAFETY: all zeros are a valid `timex`, and with no mode set the kernel only fills it in.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&mut timex), timex)
    };
    match state {
        -1 => Err(format!("adjtimex: {}", std::io::Error::last_os_error())),
        state => Ok((state, timex)),
    }
}

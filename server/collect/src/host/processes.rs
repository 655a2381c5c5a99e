//! Processes and threads by state. Reading them all costs more than all else: it is done every half minute.

use std::collections::BTreeMap;

use model::MetricKind;
use parking_lot::Mutex;
use wire::exposition::Page;

use super::Host;

/// How long a walk over all processes counts, ms.
const WALK_MS: i64 = 30_000;

/// What the last walk found, and when it was.
#[derive(Default)]
pub(super) struct LastWalk(Mutex<Option<(i64, Walk)>>);

#[derive(Default, Clone)]
struct Walk {
    pids: u32,
    threads: u32,
    states: BTreeMap<char, u32>,
    thread_states: BTreeMap<char, u32>,
}

pub(super) fn collect(host: &Host, page: &mut Page) -> Result<(), String> {
    let walk = walk(host)?;
    page.gauge("node_processes_pids", "Processes.", f64::from(walk.pids));
    page.gauge("node_processes_threads", "Threads.", f64::from(walk.threads));
    let mut family = page.family("node_processes_state", MetricKind::Gauge, "Processes by state.");
    for (state, count) in &walk.states {
        family.sample(&[("state", &state.to_string())], f64::from(*count));
    }
    let mut family = page.family("node_processes_threads_state", MetricKind::Gauge, "Threads by state.");
    for (state, count) in &walk.thread_states {
        family.sample(&[("thread_state", &state.to_string())], f64::from(*count));
    }
    for (file, metric, help) in [
        ("threads-max", "node_processes_max_threads", "The most threads that may be."),
        ("pid_max", "node_processes_max_processes", "The most processes that may be."),
    ] {
        let path = format!("proc/sys/kernel/{file}");
        page.gauge(metric, help, host.value(&path).ok_or_else(|| format!("{path} cannot be read"))?);
    }
    Ok(())
}

fn walk(host: &Host) -> Result<Walk, String> {
    let now_ms = host.clock.now_ms();
    let mut last = host.walk.0.lock();
    if let Some((at_ms, walk)) = &*last
        && (0..WALK_MS).contains(&now_ms.saturating_sub(*at_ms))
    {
        return Ok(walk.clone());
    }
    let mut walk = Walk::default();
    for name in host.entries("proc")?.iter().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) {
        // A process may end while it is looked at.
        let Some((state, threads)) = stat(host, &format!("proc/{name}/stat")) else { continue };
        walk.pids += 1;
        *walk.states.entry(state).or_default() += 1;
        if threads == 1 {
            walk.threads += 1;
            *walk.thread_states.entry(state).or_default() += 1;
            continue;
        }
        for thread in host.names(&format!("proc/{name}/task"), "") {
            if let Some((state, _)) = stat(host, &format!("proc/{name}/task/{thread}/stat")) {
                walk.threads += 1;
                *walk.thread_states.entry(state).or_default() += 1;
            }
        }
    }
    *last = Some((now_ms, walk.clone()));
    Ok(walk)
}

/// State and number of threads. The name before them is in parentheses and may hold any.
fn stat(host: &Host, path: &str) -> Option<(char, u32)> {
    let text = host.read(path).ok()?;
    let mut words = text[text.rfind(')')? + 1..].split_ascii_whitespace();
    Some((words.next()?.chars().next()?, words.nth(16)?.parse().ok()?))
}

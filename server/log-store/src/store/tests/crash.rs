//! The machine stops at every operation: what was acknowledged is there, once, and nothing else.

use super::*;

/// Appends, flushes and merges; ends early when the machine stops. Returns what was acknowledged and tried.
fn scenario(bench: &mut Bench) -> (Vec<(Labels, i64)>, usize, u64) {
    let (mut acknowledged, mut tried, mut offset) = (Vec::new(), 0, 0);
    for round in 0..5i64 {
        for i in 0..3i64 {
            let stream = labels(&[("job", "a"), ("id", &i.to_string())]);
            let times: Vec<i64> = (0..4).map(|n| round * 400 + i * 7 + n).collect();
            let entries =
                times.iter().map(|time| entry(*time, &format!("line {time} of stream {i}"))).collect();
            tried += times.len();
            let cursor = TailCursor {
                key: "job:/var/log/x".into(),
                device: 1,
                inode: 2,
                fingerprint: 3,
                fingerprint_len: 4,
                offset: tried as u64,
                gone: false,
            };
            let batch = LogBatch {
                streams: vec![StreamEntries { labels: stream.clone(), entries }],
                cursors: vec![cursor],
            };
            let Some(store) = &bench.store else { return (acknowledged, tried, offset) };
            if store.append(&batch).and_then(|appended| appended.commit.wait()).is_ok() {
                acknowledged.extend(times.iter().map(|time| (stream.clone(), *time)));
                offset = tried as u64;
            }
        }
        if let Some(store) = &bench.store {
            let _ = if round % 2 == 0 { store.flush() } else { store.maintain() };
        }
    }
    (acknowledged, tried, offset)
}

fn check(survives: Survives, step: usize, bound: Option<usize>) {
    let total = {
        let mut bench = Bench::new(bound);
        let before = bench.disk.operations();
        let (acknowledged, tried, _) = scenario(&mut bench);
        assert_eq!(acknowledged.len(), tried, "without a crash all is acknowledged");
        bench.disk.operations() - before
    };
    for skip in (0..total).step_by(step) {
        let mut bench = Bench::new(bound);
        bench.disk.crash_after(skip);
        let (acknowledged, _, offset) = scenario(&mut bench);
        bench.crash(survives);
        let found = read(bench.store(), &everything());
        for (stream, time) in &acknowledged {
            let lines = found.get(stream).map(Vec::as_slice).unwrap_or_default();
            let count = lines.iter().filter(|line| line.0 == *time).count();
            assert_eq!(count, 1, "{stream} at {time} after a crash at {skip} ({survives:?})");
        }
        for (stream, lines) in &found {
            let times: Vec<i64> = lines.iter().map(|line| line.0).collect();
            assert!(times.is_sorted_by(|a, b| a < b), "{stream} has a line twice after a crash at {skip}");
        }
        let cursors = bench.store().cursors().expect("cursors");
        let entries: usize = found.values().map(Vec::len).sum();
        let at = cursors.first().map_or(0, |cursor| cursor.offset);
        assert!(at >= offset, "the cursor went back after a crash at {skip}");
        assert_eq!(entries as u64, at, "lines and cursor do not belong together after a crash at {skip}");
        // And it goes on.
        let (again, tried, _) = scenario(&mut bench);
        assert_eq!(again.len(), tried);
        let entries: usize = read(bench.store(), &everything()).values().map(Vec::len).sum();
        assert_eq!(entries, tried);
    }
}

#[test]
fn a_power_cut_at_any_operation() {
    check(Survives::Synced, 17, None);
}

#[test]
fn a_kill_at_any_operation() {
    check(Survives::Everything, 29, Some(1));
}

#[test]
fn a_power_cut_that_tears_and_reorders() {
    check(Survives::Random(7), 31, None);
    check(Survives::Torn(13), 37, Some(0));
}

/// All operations, one by one; for long runs.
#[test]
#[ignore = "minutes; `cargo test -p log-store -- --ignored`"]
fn every_operation_every_way() {
    for seed in 1..5 {
        check(Survives::Random(seed), 1, Some(1));
    }
    check(Survives::Synced, 1, Some(0));
    check(Survives::Everything, 1, None);
}

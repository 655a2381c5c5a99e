//! Damage, full disks, retention, lost indexes.

use super::*;

fn fill(bench: &Bench, from: i64, count: i64) {
    let entries =
        (from..from + count).map(|t| entry(t, &format!("word{} ERROR number {t}", t % 3))).collect();
    bench.append(&labels(&[("job", "a")]), entries).expect("appends");
}

fn count(bench: &Bench) -> usize {
    read(bench.store(), &everything()).values().map(Vec::len).sum()
}

fn find(bench: &Bench, ending: &str) -> std::path::PathBuf {
    let dir = Path::new(FOLDER).join("default");
    let mut files = bench.disk.list(&dir).expect("lists");
    let folders: Vec<_> = files.iter().filter(|entry| entry.is_dir).map(|entry| entry.path.clone()).collect();
    folders.iter().for_each(|dir| files.extend(bench.disk.list(dir).expect("lists")));
    files
        .into_iter()
        .find(|e| e.path.to_string_lossy().ends_with(ending))
        .expect("a file of that ending")
        .path
}

#[test]
fn a_damaged_block_is_left_out_with_a_warning() {
    let mut bench = Bench::new(None);
    fill(&bench, 0, 50);
    bench.store().flush().expect("flushes");
    let file = find(&bench, ".redb");
    let len = bench.disk.len(&file).expect("a size");
    let bytes = bench.disk.read(&file).expect("reads");
    // Lines are stored as zstd frames: damage the middle of the first one.
    let at = bytes.windows(4).position(|w| w == [0x28, 0xb5, 0x2f, 0xfd]).expect("a zstd frame");
    assert!((at as u64) < len);
    bench.disk.flip(&file, at as u64 + 20).expect("flips");
    bench.reopen();
    let control = Control::default();
    let scan = bench.store().scan(&everything(), &control).expect("scans");
    let found: usize =
        (0..scan.parts().len()).map(|part| scan.read(part, &control).expect("reads").len()).sum();
    assert!(found < 50, "the damaged block's lines are left out");
    let warnings = scan.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("partition default/0-1.redb, block"), "{warnings:?}");
    // Appending, merging and the rest go on.
    fill(&bench, 50, 5);
    bench.store().flush().expect("flushes");
    let _ = bench.store().maintain();
    fill(&bench, 60, 5);
}

#[test]
fn a_lost_or_damaged_index_is_rebuilt() {
    let mut bench = Bench::new(None);
    fill(&bench, 0, 50);
    bench.store().flush().expect("flushes");
    let needle = LogSelect {
        filters: vec![LineFilter { op: LineFilterOp::Contains(vec!["nothing here".into()]) }],
        ..everything()
    };
    let candidates =
        |bench: &Bench| bench.store().scan(&needle, &Control::default()).expect("scans").parts().len();
    assert_eq!(candidates(&bench), 0);
    for way in 0..3 {
        let file = find(&bench, ".term");
        match way {
            0 => bench.disk.remove_dir_all(file.parent().expect("a folder")).expect("removes"),
            1 => bench.disk.remove(&file).expect("removes"),
            _ => bench.disk.flip(&file, 3).expect("flips"),
        }
        bench.reopen();
        assert!(candidates(&bench) > 0, "without an index all blocks are candidates");
        assert_eq!(count(&bench), 50);
        bench.store().maintain().expect("maintains");
        assert_eq!(candidates(&bench), 0);
    }
}

#[test]
fn a_full_disk_refuses_lines_and_answers_queries() {
    let bench = Bench::new(None);
    fill(&bench, 0, 20);
    bench.disk.set_capacity(Some(bench.disk.used() + 10));
    let stream = labels(&[("job", "a")]);
    // More than a busy log has room for, and nothing that shrinks.
    let mut state = 7u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    })
    .take(20_000)
    .collect();
    let refused = bench.append(&stream, vec![entry(1000, &noise)]);
    assert_eq!(refused.expect_err("full").kind(), ErrorKind::Unavailable);
    assert!(bench.store().flush().is_err());
    assert!(count(&bench) >= 20);
    bench.disk.set_capacity(None);
    // The log tries the disk again by itself; until then it answers `Unavailable`.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while bench.append(&stream, vec![entry(1000, "again")]).is_err() {
        assert!(std::time::Instant::now() < deadline, "the store does not recover");
        std::thread::yield_now();
    }
}

#[test]
fn a_line_sent_again_after_a_failed_sync_is_durable() {
    let mut bench = Bench::new(None);
    let stream = labels(&[("job", "a")]);
    fill(&bench, 0, 3);
    bench.disk.fail(Some(Operation::Sync), 0, 1, Fault::Io);
    let refused = bench.append(&stream, vec![entry(100, "twice")]);
    assert_eq!(refused.expect_err("not synced").kind(), ErrorKind::Unavailable);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while bench.append(&stream, vec![entry(100, "twice")]).is_err() {
        assert!(std::time::Instant::now() < deadline, "the store does not recover");
        std::thread::yield_now();
    }
    bench.crash(Survives::Synced);
    assert_eq!(count(&bench), 4);
}

#[test]
fn a_failed_partition_write_changes_nothing() {
    for operation in [Operation::Create, Operation::Rename, Operation::Sync, Operation::SyncDir] {
        let mut bench = Bench::new(None);
        fill(&bench, 0, 20);
        bench.disk.fail(Some(operation), 0, 1, Fault::Io);
        let outcome = bench.store().flush();
        assert_eq!(count(&bench), 20, "{operation:?}: {outcome:?}");
        bench.disk.heal();
        bench.store().flush().expect("the next one works");
        assert_eq!(count(&bench), 20);
        bench.reopen();
        assert_eq!(count(&bench), 20);
    }
}

#[test]
fn retention_unlinks_whole_partitions_of_a_class() {
    let short = RetentionClass {
        name: "short".into(),
        matchers: vec![Matcher::equal("level", "debug")],
        retention_ms: Some(1000),
    };
    let base = Bench::new(None).config;
    let bench =
        Bench::with(Config { classes: vec![short], retention_ms: Some(5000), window_ns: 1 << 40, ..base });
    let ms = 1_000_000;
    for level in ["debug", "info"] {
        bench
            .append(&labels(&[("level", level)]), vec![entry(10 * ms, "old"), entry(20 * ms, "b")])
            .expect("appends");
    }
    bench.store().flush().expect("flushes");
    assert_eq!(bench.partitions().len(), 2);
    for (now_ms, left) in [(1000, 2), (1021, 1), (5020, 1), (5021, 0)] {
        bench.clock.set(now_ms);
        bench.store().maintain().expect("maintains");
        assert_eq!(bench.partitions().len(), left, "at {now_ms} ms");
    }
    assert_eq!(count(&bench), 0);
    let files = |class: &str| bench.disk.list(&Path::new(FOLDER).join(class)).expect("lists").len();
    assert_eq!((files("short"), files("default")), (0, 0));
}

#[test]
fn old_lines_are_flushed_and_small_partitions_merged() {
    let bench = Bench::new(None);
    for round in 0..8 {
        fill(&bench, round * 10, 5);
        bench.clock.advance(bench.config.seal_after_ms);
        bench.store().maintain().expect("maintains");
    }
    assert_eq!(bench.store().state.read().streams.values().map(|s| s.chunks.len()).sum::<usize>(), 0);
    assert_eq!(bench.partitions().len(), 1, "{:?}", bench.partitions());
    assert_eq!(count(&bench), 40);
}

#[test]
fn a_lost_manifest_is_rebuilt() {
    let mut bench = Bench::new(Some(0));
    fill(&bench, 0, 20);
    bench.store().flush().expect("flushes");
    fill(&bench, 20, 20);
    bench.store = None;
    bench.disk.remove(&Path::new(FOLDER).join("meta.redb")).expect("removes");
    bench.open().expect("opens");
    assert!(bench.store().start_warnings()[0].contains("rebuilt"));
    assert_eq!(count(&bench), 40);
}

#[test]
fn a_missing_partition_is_told() {
    let mut bench = Bench::new(None);
    fill(&bench, 0, 20);
    bench.store().flush().expect("flushes");
    fill(&bench, 20, 20);
    bench.store = None;
    bench.disk.remove(&find(&bench, ".redb")).expect("removes");
    bench.open().expect("opens");
    assert_eq!(bench.store().start_warnings(), ["partition default/0-1.redb is missing: 20 lines are lost"]);
    assert_eq!(count(&bench), 20);
}

//! What a metric store makes of power cuts, full disks, failing syncs, damaged and missing files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metric_store::{Config, MetricStore, RetentionClass};
use model::{
    Control, CounterResetHint, ErrorKind, Exemplar, Histogram, Labels, ManualClock, Matcher, Metadata,
    MetricBatch, MetricKind, MetricSink, Sample, Select, Series, SeriesSource,
};
use storage::disk::{Fault, Operation, Survives};
use storage::{Disk, FaultDisk};

const FOLDER: &str = "/data/metrics";
const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_700_000_000_000;
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

fn config() -> Config {
    Config {
        retention: Duration::ZERO,
        max_head_samples: 500,
        min_samples_per_series: 0,
        commit_interval: Duration::from_millis(1),
        ..Config::default()
    }
}

fn try_open(disk: &FaultDisk, now: i64, config: Config) -> metric_store::Result<MetricStore> {
    let clock = Arc::new(ManualClock::new(now));
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    MetricStore::open(Path::new(FOLDER), config, clock, disk)
}

fn open(disk: &FaultDisk, now: i64) -> MetricStore {
    try_open(disk, now, config()).expect("opens")
}

fn labels(series: usize) -> Labels {
    Labels::from_pairs([("__name__", format!("m{}", series % 3)), ("n", series.to_string())])
}

/// One scrape of ten series.
fn scrape(t_ms: i64) -> MetricBatch {
    let mut batch = MetricBatch::default();
    for series in 0..10 {
        batch.push(labels(series), [Sample { t_ms, value: (t_ms / 1000) as f64 + series as f64 }]);
    }
    batch
}

/// Appends and waits until it is durable.
fn append(store: &MetricStore, batch: &MetricBatch) -> model::Result<u64> {
    let appended = store.append(batch)?;
    appended.commit.wait()?;
    Ok(appended.accepted)
}

fn select(store: &MetricStore, matchers: Vec<Matcher>) -> (Vec<Series>, Vec<String>) {
    let control = Control::default();
    let select = Select { matchers, start_ms: ALL.0, end_ms: ALL.1 };
    let set = store.select(&select, &control).expect("selects");
    let mut all = Vec::new();
    for batch in 0..set.batches() {
        all.extend(set.read(batch, &control).expect("reads"));
    }
    (all, set.warnings())
}

/// Times at which all ten series have their sample, each checked against what was written.
fn whole_scrapes(store: &MetricStore) -> BTreeMap<i64, usize> {
    let (series, warnings) = select(store, vec![]);
    assert_eq!(warnings, Vec::<String>::new());
    let mut found = BTreeMap::new();
    for one in series {
        let n: usize = one.labels.value("n").parse().expect("a number");
        for (t, value) in one.timestamps.iter().zip(&one.values) {
            assert_eq!(*value, (*t / 1000) as f64 + n as f64, "{} at {t}", one.labels);
            *found.entry(*t).or_insert(0) += 1;
        }
    }
    found
}

/// Appends over some hours with sealing and merging between; returns the times that were acknowledged.
fn busy_day(disk: &FaultDisk) -> Vec<i64> {
    let mut acknowledged = Vec::new();
    let clock = Arc::new(ManualClock::new(NOW));
    let on: Arc<dyn Disk> = Arc::new(disk.clone());
    let Ok(store) = MetricStore::open(Path::new(FOLDER), config(), clock.clone(), on) else {
        return acknowledged;
    };
    for n in 0..36 {
        let t = NOW + n * HOUR / 4;
        clock.set(t);
        if append(&store, &scrape(t)).is_ok() {
            acknowledged.push(t);
        }
        if n % 9 == 8 {
            // A late one, for an overlay.
            if append(&store, &scrape(t - 3 * HOUR + 7_000)).is_ok() {
                acknowledged.push(t - 3 * HOUR + 7_000);
            }
            while store.maintain().unwrap_or(false) {}
        }
    }
    clock.set(NOW + 40 * HOUR);
    while store.maintain().unwrap_or(false) {}
    acknowledged
}

/// Every operation in a soak, else about `points` of them.
fn stride(operations: u64, points: u64) -> usize {
    let soak = std::env::var_os("PHAROS_SOAK").is_some();
    if soak { 1 } else { (operations / points).max(1) as usize | 1 }
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_acknowledged() {
    let disk = FaultDisk::new();
    let whole = busy_day(&disk);
    assert_eq!(whole.len(), 40);
    let operations = disk.operations();
    let stride = stride(operations, 20);
    for (at, survives) in (0..operations)
        .step_by(stride)
        .flat_map(|at| [(at, Survives::Synced), (at, Survives::Everything), (at, Survives::Random(at))])
    {
        let disk = FaultDisk::new();
        disk.crash_after(at);
        let acknowledged = busy_day(&disk);
        disk.restart(survives);
        disk.heal();
        let store = open(&disk, NOW + 41 * HOUR);
        let found = whole_scrapes(&store);
        for t in &acknowledged {
            assert_eq!(found.get(t), Some(&10), "crash at {at} of {operations}, {survives:?}: {t}");
        }
        assert!(found.values().all(|n| *n == 10), "crash at {at}: a batch is whole or not there");
        append(&store, &scrape(NOW + 41 * HOUR)).expect("goes on");
        while store.maintain().expect("maintains") {}
        assert_eq!(whole_scrapes(&store).len(), found.len() + 1);
    }
}

#[test]
fn a_failing_operation_costs_availability_alone() {
    let disk = FaultDisk::new();
    busy_day(&disk);
    let operations = disk.operations();
    for at in (0..operations).step_by(stride(operations, 10)) {
        for (fault, times) in [(Fault::NoSpace, 1), (Fault::Io, 3)] {
            let disk = FaultDisk::new();
            disk.fail(None, at, times, fault);
            let acknowledged = busy_day(&disk);
            disk.heal();
            disk.restart(Survives::Synced);
            let found = whole_scrapes(&open(&disk, NOW + 41 * HOUR));
            for t in &acknowledged {
                assert_eq!(found.get(t), Some(&10), "{fault:?} at {at} of {operations}: {t}");
            }
        }
    }
}

#[test]
fn a_full_disk_refuses_writes_and_answers_queries() {
    let disk = FaultDisk::new();
    let store = open(&disk, NOW);
    append(&store, &scrape(NOW)).expect("appends");
    disk.set_capacity(Some(disk.used()));
    // More than a busy log has room for, and nothing that shrinks.
    let mut state = 7u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    };
    let mut large = MetricBatch::default();
    for n in 10..210 {
        let text: String = (0..60).map(|_| noise()).collect();
        let t_ms = NOW + 1000;
        let sample = Sample { t_ms, value: (t_ms / 1000 + n) as f64 };
        large.push(labels(n as usize).with("text", &text), [sample]);
    }
    let error = append(&store, &large).expect_err("is full");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(whole_scrapes(&store)[&NOW], 10);
    assert!(store.seal_all().is_err());
    assert_eq!(whole_scrapes(&store)[&NOW], 10);
    disk.set_capacity(None);
    // The log tries the disk again by itself.
    let mut tries = 0;
    while append(&store, &scrape(NOW + 2000)).is_err() {
        tries += 1;
        assert!(tries < 2_000, "still refused");
        std::thread::sleep(Duration::from_millis(5));
    }
    store.seal_all().expect("seals");
    drop(store);
    disk.restart(Survives::Synced);
    let found = whole_scrapes(&open(&disk, NOW + 1000));
    assert_eq!((found[&NOW], found[&(NOW + 2000)]), (10, 10));
}

#[test]
fn a_failed_sync_acknowledges_nothing_and_a_repetition_is_durable() {
    let disk = FaultDisk::new();
    let store = open(&disk, NOW);
    append(&store, &scrape(NOW)).expect("appends");
    disk.fail(Some(Operation::Sync), 0, 1, Fault::Io);
    let error = append(&store, &scrape(NOW + 1000)).expect_err("is not durable");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let mut tries = 0;
    while append(&store, &scrape(NOW + 1000)).is_err() {
        tries += 1;
        assert!(tries < 2_000, "still refused");
        std::thread::sleep(Duration::from_millis(5));
    }
    disk.restart(Survives::Synced);
    drop(store);
    let found = whole_scrapes(&open(&disk, NOW));
    assert_eq!((found[&NOW], found[&(NOW + 1000)]), (10, 10));
}

fn partitions(disk: &FaultDisk) -> Vec<PathBuf> {
    let class = Path::new(FOLDER).join("default");
    let mut found: Vec<PathBuf> = disk.list(&class).expect("lists").into_iter().map(|e| e.path).collect();
    found.retain(|path| path.extension().is_some_and(|e| e == "redb"));
    found
}

/// Two windows, sealed into a partition each.
fn two_partitions(disk: &FaultDisk) {
    let store = open(disk, NOW);
    for n in 0..40 {
        append(&store, &scrape(NOW + n * 1000)).expect("appends");
        append(&store, &scrape(NOW + 3 * HOUR + n * 1000)).expect("appends");
    }
    store.seal_all().expect("seals");
    store.close().expect("closes");
}

#[test]
fn a_flipped_bit_is_never_an_answer() {
    let disk = FaultDisk::new();
    two_partitions(&disk);
    let path = partitions(&disk).remove(0);
    let len = disk.len(&path).expect("is there");
    let mut warned = 0;
    for offset in (0..len).step_by(487) {
        disk.flip(&path, offset).expect("flips");
        match try_open(&disk, NOW, config()) {
            Err(error) => panic!("a damaged partition must not stop the start: {error}"),
            Ok(store) => {
                let (series, warnings) = select(&store, vec![]);
                for one in &series {
                    let n: usize = one.labels.value("n").parse().expect("a number");
                    for (t, value) in one.timestamps.iter().zip(&one.values) {
                        assert_eq!(*value, (*t / 1000) as f64 + n as f64);
                    }
                }
                let samples: usize = series.iter().map(|s| s.values.len()).sum();
                assert!(samples == 800 || !warnings.is_empty(), "{samples} at {offset}");
                assert!(samples >= 400, "the other partition is whole");
                if let Some(warning) = warnings.first() {
                    assert!(warning.contains("default/") || warning.contains("default"), "{warning}");
                    warned += 1;
                }
            }
        }
        disk.flip(&path, offset).expect("flips back");
    }
    assert!(warned > 0);
}

#[test]
fn missing_and_unknown_partitions_are_told() {
    let disk = FaultDisk::new();
    two_partitions(&disk);
    let path = partitions(&disk).remove(0);
    let stray = path.with_file_name("7-99.redb");
    disk.create(&stray).and_then(|f| f.write_at(0, b"x")).expect("writes");
    disk.remove(&path).expect("removes");
    let store = open(&disk, NOW);
    let notes = store.notes().join("\n");
    assert!(notes.contains("is missing: 400 samples"), "{notes}");
    assert!(notes.contains("7-99.redb"), "{notes}");
    assert!(!disk.exists(&stray).expect("asks"));
    assert_eq!(whole_scrapes(&store).len(), 40);
    drop(store);
    assert_eq!(open(&disk, NOW).notes(), Vec::<String>::new().as_slice());
}

#[test]
fn a_lost_manifest_is_made_anew() {
    let disk = FaultDisk::new();
    two_partitions(&disk);
    let meta = Path::new(FOLDER).join("meta.redb");
    disk.remove(&meta).expect("removes");
    let store = open(&disk, NOW);
    assert!(store.notes().iter().any(|n| n.contains("made anew")), "{:?}", store.notes());
    assert_eq!(whole_scrapes(&store).len(), 80);
    append(&store, &scrape(NOW + 9 * HOUR)).expect("appends");
    store.seal_all().expect("seals");
    assert_eq!(whole_scrapes(&store).len(), 81);
}

#[test]
fn a_truncated_log_keeps_what_is_before_the_cut() {
    let disk = FaultDisk::new();
    let store = open(&disk, NOW);
    for n in 0..20 {
        append(&store, &scrape(NOW + n * 1000)).expect("appends");
    }
    drop(store);
    let wal = Path::new(FOLDER).join("wal");
    let segment = disk.list(&wal).expect("lists").pop().expect("a segment").path;
    let len = disk.len(&segment).expect("is there");
    disk.open(&segment).and_then(|f| f.set_len(len - 5)).expect("cuts");
    let store = open(&disk, NOW);
    let found = whole_scrapes(&store);
    assert_eq!(found.len(), 19);
    append(&store, &scrape(NOW + 60_000)).expect("goes on");
    drop(store);
    assert_eq!(whole_scrapes(&open(&disk, NOW)).len(), 20);
}

#[test]
fn retention_unlinks_by_class_and_refuses_what_is_too_old() {
    let disk = FaultDisk::new();
    let short = RetentionClass {
        name: "short".into(),
        matchers: vec![Matcher::equal("__name__", "m1")],
        retention: Duration::from_secs(4 * 3600),
    };
    let config = Config { retention: Duration::from_secs(24 * 3600), classes: vec![short], ..config() };
    let store = try_open(&disk, NOW, config.clone()).expect("opens");
    append(&store, &scrape(NOW)).expect("appends");
    let old = store.append(&scrape(NOW - 5 * HOUR)).expect("appends");
    assert_eq!((old.accepted, old.rejected.len()), (7, 3));
    assert_eq!(old.rejected[0].reason, "older than the retention");
    store.seal_all().expect("seals");
    store.close().expect("closes");
    drop(store);
    let count = |hours: i64| {
        let store = try_open(&disk, NOW + hours * HOUR, config.clone()).expect("opens");
        while store.maintain().expect("maintains") {}
        select(&store, vec![]).0.iter().map(|s| s.values.len()).sum::<usize>()
    };
    assert_eq!(count(1), 17);
    assert_eq!(count(5), 14);
    assert_eq!(count(30), 0);
    assert_eq!(partitions(&disk), Vec::<PathBuf>::new());
}

#[test]
fn the_first_acknowledged_wins_and_a_different_one_is_rejected() {
    let disk = FaultDisk::new();
    let store = open(&disk, NOW);
    let one = |t_ms: i64, value: f64| {
        let mut batch = MetricBatch::default();
        batch.push(labels(0), [Sample { t_ms, value }]);
        let appended = store.append(&batch).expect("appends");
        (appended.accepted, appended.rejected.iter().map(|r| r.count).sum::<u64>())
    };
    for t in 0..100 {
        assert_eq!(one(NOW + t * 10, 1.0), (1, 0));
    }
    for t in [99, 98, 40, 0] {
        assert_eq!(one(NOW + t * 10, 1.0), (1, 0), "equal at {t}");
        assert_eq!(one(NOW + t * 10, 2.0), (0, 1), "different at {t}");
    }
    assert_eq!(one(NOW + 5, 3.0), (1, 0));
    assert_eq!(one(NOW + 5, 4.0), (0, 1));
    assert_eq!(store.conflicts(), 5);
    let values = &select(&store, vec![]).0[0].values;
    assert_eq!(values.iter().sum::<f64>(), 103.0);
}

#[test]
fn histograms_exemplars_starts_and_metadata_survive() {
    let disk = FaultDisk::new();
    let mut store = open(&disk, NOW);
    let histogram = |n: i64| Histogram {
        reset_hint: CounterResetHint::NotReset,
        schema: 2,
        count: n as f64,
        sum: n as f64 * 0.25,
        positive_spans: vec![model::Span { offset: 1, length: 2 }],
        positive_buckets: vec![n as f64, 0.0],
        ..Histogram::default()
    };
    let family = Metadata { family: "m0".into(), kind: MetricKind::Histogram, ..Metadata::default() };
    let exemplar = Exemplar {
        labels: Labels::from_pairs([("trace_id", "abc")]),
        sample: Sample { t_ms: NOW, value: 1.0 },
    };
    for n in 0..70 {
        let mut batch = MetricBatch::default();
        batch.push(labels(0), []);
        batch.series[0].start_ms = if n < 50 { NOW - 5 } else { NOW };
        batch.histograms.push((0, NOW + n * 1000, histogram(n)));
        batch.exemplars.push((0, exemplar.clone()));
        batch.metadata.push(family.clone());
        assert_eq!(append(&store, &batch), Ok(1));
    }
    let check = |store: &MetricStore| {
        let (series, _) = select(store, vec![]);
        assert_eq!(series.len(), 1);
        assert_eq!(series[0].histograms.len(), 70);
        for (i, h) in &series[0].histograms {
            assert_eq!(**h, histogram(i64::from(*i)));
        }
        assert_eq!(series[0].values[4], 1.0);
        assert_eq!(series[0].starts, vec![(0, NOW - 5), (50, NOW)]);
        assert_eq!(store.metadata(Some("m0")), Ok(vec![family.clone()]));
        let all = Select { matchers: vec![], start_ms: ALL.0, end_ms: ALL.1 };
        let found = store.exemplars(&all, &Control::default()).expect("exemplars");
        assert_eq!(found, vec![(labels(0), vec![exemplar.clone()])]);
    };
    check(&store);
    for seal in [false, true, false] {
        if seal {
            store.seal_all().expect("seals");
            check(&store);
        }
        disk.restart(Survives::Synced);
        drop(store);
        store = open(&disk, NOW);
        check(&store);
    }
}

#[test]
fn a_closed_store_refuses_and_keeps_everything() {
    let disk = FaultDisk::new();
    let store = open(&disk, NOW);
    store.append(&scrape(NOW)).expect("appends");
    store.close().expect("closes");
    assert_eq!(store.append(&scrape(NOW + 1)).expect_err("closed").kind(), ErrorKind::Unavailable);
    drop(store);
    disk.restart(Survives::Synced);
    assert_eq!(whole_scrapes(&open(&disk, NOW))[&NOW], 10);
}

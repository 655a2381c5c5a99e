//! The store against a map: random batches between seals, merges, kills and restarts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metric_store::{Config, MetricStore};
use model::{
    Control, Labels, ManualClock, Matcher, MetricBatch, MetricSink, Sample, Select, SeriesSource, stale_nan,
};
use proptest::prelude::*;
use storage::{Disk, FaultDisk};

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_700_000_000_000;

/// What must be there: for each series (by number), time to bits.
type Expected = BTreeMap<u8, BTreeMap<i64, u64>>;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u8, i64, u64)>),
    Advance(i64),
    Maintain,
    SealAll,
    Delete(u8, i64, i64),
    Reopen,
    Kill,
}

fn labels(series: u8) -> Labels {
    Labels::from_pairs([
        ("__name__", format!("metric_{}", series % 5)),
        ("job", format!("job-{}", series % 2)),
        ("instance", format!("host-{}", series % 3)),
        ("n", series.to_string()),
    ])
}

fn config() -> Config {
    Config {
        retention: Duration::ZERO,
        max_head_samples: 400,
        min_samples_per_series: 0,
        commit_interval: Duration::from_millis(1),
        ..Config::default()
    }
}

struct Bench {
    disk: FaultDisk,
    clock: Arc<ManualClock>,
    store: Option<MetricStore>,
    expected: Expected,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Bench {
            disk: FaultDisk::new(),
            clock: Arc::new(ManualClock::new(NOW)),
            store: None,
            expected: Expected::new(),
        };
        bench.open();
        bench
    }

    fn open(&mut self) {
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: Arc<dyn model::Clock> = self.clock.clone();
        let store = MetricStore::open(Path::new("/data/metrics"), config(), clock, disk);
        self.store = Some(store.expect("opens"));
    }

    fn store(&self) -> &MetricStore {
        self.store.as_ref().expect("open")
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(samples) => self.append(samples),
            Step::Advance(by) => self.clock.advance(*by),
            Step::Maintain => while self.store().maintain().expect("maintains") {},
            Step::SealAll => self.store().seal_all().expect("seals"),
            Step::Delete(series, start, end) => {
                let selector = vec![Matcher::equal("n", series.to_string())];
                self.store().delete(&[selector], *start, *end).expect("deletes");
                if let Some(samples) = self.expected.get_mut(series) {
                    samples.retain(|t, _| !(*start..=*end).contains(t));
                }
            }
            Step::Reopen => {
                self.store().close().expect("closes");
                self.store = None;
                self.open();
            }
            Step::Kill => {
                // Power is cut while the program runs; only then its memory goes.
                self.disk.restart(storage::disk::Survives::Synced);
                self.store = None;
                self.open();
            }
        }
    }

    fn append(&mut self, samples: &[(u8, i64, u64)]) {
        let mut batch = MetricBatch::default();
        for of_series in samples.chunk_by(|a, b| a.0 == b.0) {
            let values = of_series.iter().map(|(_, t, v)| Sample { t_ms: *t, value: f64::from_bits(*v) });
            batch.push(labels(of_series[0].0), values);
        }
        let appended = self.store().append(&batch).expect("appends");
        appended.commit.wait().expect("is durable");
        for (series, t, bits) in samples {
            self.expected.entry(*series).or_default().entry(*t).or_insert(*bits);
        }
    }

    fn check(&self, start: i64, end: i64) {
        let matchers = vec![];
        let found = read(self.store(), matchers, start, end);
        let mut expected = BTreeMap::new();
        for (series, samples) in &self.expected {
            if start > end {
                continue;
            }
            let samples: Vec<(i64, u64)> = samples.range(start..=end).map(|(t, v)| (*t, *v)).collect();
            if !samples.is_empty() {
                expected.insert(labels(*series), samples);
            }
        }
        assert_eq!(found, expected, "{start}..={end}");
    }

    fn check_all(&self) {
        self.check(i64::MIN, i64::MAX);
        self.check(NOW - HOUR, NOW + HOUR);
        self.check(NOW + 60_000, NOW + 90_000);
        let store = self.store();
        let control = Control::default();
        let all = (i64::MIN, i64::MAX);
        let series = store.series(&[], all.0, all.1, 0, &control).expect("series");
        let with_samples: Vec<Labels> =
            self.expected.iter().filter(|(_, s)| !s.is_empty()).map(|(n, _)| labels(*n)).collect();
        for one in &with_samples {
            assert!(series.contains(one), "{one}");
        }
        let values = store.label_values("n", &[], all.0, all.1, &control).expect("values");
        let names = store.label_names(&[], all.0, all.1, &control).expect("names");
        for one in &with_samples {
            assert!(values.iter().any(|v| v == one.value("n")));
            assert_eq!(names, ["__name__", "instance", "job", "n"]);
        }
        let one = vec![Matcher::equal("__name__", "metric_1"), Matcher::equal("job", "job-1")];
        for labels in read(store, one, all.0, all.1).keys() {
            assert_eq!((labels.metric_name(), labels.value("job")), ("metric_1", "job-1"));
        }
    }
}

fn read(
    store: &MetricStore,
    matchers: Vec<Matcher>,
    start_ms: i64,
    end_ms: i64,
) -> BTreeMap<Labels, Vec<(i64, u64)>> {
    let control = Control::default();
    let set = store.select(&Select { matchers, start_ms, end_ms }, &control).expect("selects");
    let mut found = BTreeMap::new();
    for batch in 0..set.batches() {
        for series in set.read(batch, &control).expect("reads") {
            assert_eq!(series.timestamps.len(), series.values.len());
            let samples: Vec<_> =
                series.timestamps.iter().copied().zip(series.values.iter().map(|v| v.to_bits())).collect();
            assert!(found.insert(series.labels, samples).is_none(), "a series is in one batch only");
        }
    }
    assert_eq!(set.warnings(), Vec::<String>::new());
    found
}

fn any_value() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0..1000i32).prop_map(|n| (f64::from(n) / 10.0).to_bits()),
        1 => any::<u64>(),
        1 => Just(stale_nan().to_bits()),
        1 => Just((-0.0f64).to_bits()),
        1 => Just(f64::NAN.to_bits()),
    ]
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => (0..40i64).prop_map(|n| NOW + n * 15_000),
        4 => (0..500i64).prop_map(|n| NOW - n * 600_000),
        1 => (0..50i64).prop_map(|n| NOW + n * 7_000_000),
        1 => any::<i64>(),
        1 => Just(0),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        // A scrape: many series, one time.
        6 => (any_time(), prop::collection::vec((0..12u8, any_value()), 1..12))
            .prop_map(|(t, all)| Step::Append(all.into_iter().map(|(s, v)| (s, t, v)).collect())),
        // A run of one series.
        3 => (0..12u8, any_time(), prop::collection::vec(any_value(), 1..120)).prop_map(|(s, t, values)| {
            Step::Append(
                values.into_iter().enumerate().map(|(i, v)| (s, t.saturating_add(i as i64 * 1000), v)).collect(),
            )
        }),
        // Anything.
        2 => prop::collection::vec((0..12u8, any_time(), any_value()), 1..30).prop_map(Step::Append),
        2 => (0..6 * HOUR).prop_map(Step::Advance),
        2 => Just(Step::Advance(30 * HOUR)),
        3 => Just(Step::Maintain),
        2 => Just(Step::SealAll),
        1 => (0..12u8, any_time(), 0..2 * HOUR).prop_map(|(s, t, n)| Step::Delete(s, t, t.saturating_add(n))),
        1 => Just(Step::Reopen),
        2 => Just(Step::Kill),
    ]
}

/// Many in a soak, few otherwise.
fn cases() -> u32 {
    if std::env::var_os("PHAROS_SOAK").is_some() { 2_000 } else { 24 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 1000, ..ProptestConfig::default() })]

    #[test]
    fn holds_what_a_map_holds(steps in prop::collection::vec(any_step(), 1..40)) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.step(step);
            bench.check(i64::MIN, i64::MAX);
        }
        bench.check_all();
        bench.step(&Step::Kill);
        bench.check_all();
    }
}

/// A log that is read back may define a series under two ids; which of them takes a sample must not depend on what
/// stood before it in the batch.
#[test]
fn a_series_with_two_ids_has_one_first_sample() {
    let mut bench = Bench::new();
    let append = |samples: &[(u8, i64, f64)]| {
        Step::Append(samples.iter().map(|(series, t, value)| (*series, *t, value.to_bits())).collect())
    };
    for step in [
        Step::Advance(7_635_001),
        append(&[(5, NOW, 0.0), (4, NOW, 0.0)]),
        Step::Maintain,
        append(&[(4, NOW, 0.0)]),
        Step::Reopen,
        append(&[(4, NOW + 15_000, 0.0), (5, NOW + 15_000, 0.0), (4, NOW + 15_000, 0.1)]),
    ] {
        bench.step(&step);
        bench.check(i64::MIN, i64::MAX);
    }
}

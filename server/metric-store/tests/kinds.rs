//! What a sample is besides a float: native histograms of both kinds, start timestamps, exemplars, metadata. Against a
//! map, between late arrivals, seals, merges, restarts and power cuts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use metric_store::{Config, MetricStore};
use model::{
    CUSTOM_BUCKETS, Control, CounterResetHint, Exemplar, Histogram, Labels, ManualClock, Matcher, Metadata,
    MetricBatch, MetricKind, MetricSink, Sample, Select, SeriesSource, Span, stale_nan,
};
use proptest::prelude::*;
use storage::disk::Survives;
use storage::{Disk, FaultDisk};

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_700_000_000_000;
const SERIES: u8 = 5;

/// A sample as it was written.
#[derive(Debug, Clone, PartialEq)]
enum Written {
    Float(u64),
    Histogram(Histogram),
}

/// By series and time: the sample and when its counter began.
type Expected = BTreeMap<u8, BTreeMap<i64, (Written, i64)>>;

#[derive(Debug, Clone)]
enum Step {
    /// Samples of one series with one start.
    Append {
        series: u8,
        start_ms: i64,
        samples: Vec<(i64, Written)>,
    },
    Exemplar(u8, i64),
    Describe(u8, MetricKind, String),
    Advance(i64),
    Maintain,
    SealAll,
    Delete(u8, i64, i64),
    Reopen,
    Kill,
}

fn labels(series: u8) -> Labels {
    Labels::from_pairs([
        ("__name__", format!("m{}", series % 2)),
        ("job", "j".to_owned()),
        ("n", series.to_string()),
    ])
}

struct Bench {
    disk: FaultDisk,
    clock: Arc<ManualClock>,
    store: Option<MetricStore>,
    expected: Expected,
    exemplars: BTreeMap<u8, Vec<Exemplar>>,
    metadata: BTreeMap<String, Metadata>,
}

impl Bench {
    fn new() -> Self {
        let (disk, clock) = (FaultDisk::new(), Arc::new(ManualClock::new(NOW)));
        let mut bench = Bench {
            disk,
            clock,
            store: None,
            expected: Expected::new(),
            exemplars: BTreeMap::new(),
            metadata: BTreeMap::new(),
        };
        bench.open();
        bench
    }

    fn open(&mut self) {
        let config = Config {
            retention: Duration::ZERO,
            max_head_samples: 300,
            min_samples_per_series: 0,
            commit_interval: Duration::from_millis(1),
            ..Config::default()
        };
        let (disk, clock): (Arc<dyn Disk>, Arc<dyn model::Clock>) =
            (Arc::new(self.disk.clone()), self.clock.clone());
        self.store = Some(MetricStore::open(Path::new("/data/metrics"), config, clock, disk).expect("opens"));
    }

    fn store(&self) -> &MetricStore {
        self.store.as_ref().expect("open")
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append { series, start_ms, samples } => self.append(*series, *start_ms, samples),
            Step::Exemplar(series, t_ms) => self.exemplar(*series, *t_ms),
            Step::Describe(family, kind, help) => {
                let family = Metadata {
                    family: format!("m{family}"),
                    kind: *kind,
                    help: help.clone(),
                    unit: "seconds".into(),
                };
                let batch = MetricBatch { metadata: vec![family.clone()], ..MetricBatch::default() };
                self.write(&batch);
                self.metadata.insert(family.family.clone(), family);
            }
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
                self.disk.restart(Survives::Synced);
                self.store = None;
                self.open();
            }
        }
    }

    fn write(&self, batch: &MetricBatch) {
        self.store().append(batch).expect("appends").commit.wait().expect("is durable");
    }

    fn append(&mut self, series: u8, start_ms: i64, samples: &[(i64, Written)]) {
        let mut batch = MetricBatch::default();
        let floats = samples.iter().filter_map(|(t_ms, written)| match written {
            Written::Float(bits) => Some(Sample { t_ms: *t_ms, value: f64::from_bits(*bits) }),
            Written::Histogram(_) => None,
        });
        batch.push(labels(series), floats);
        batch.series[0].start_ms = start_ms;
        for (t_ms, written) in samples {
            if let Written::Histogram(histogram) = written {
                batch.histograms.push((0, *t_ms, histogram.clone()));
            }
        }
        self.write(&batch);
        // A batch has its floats first: of two samples at one time the float counts.
        let known = self.expected.entry(series).or_default();
        for wanted in [true, false] {
            for (t_ms, written) in samples.iter().filter(|(_, w)| matches!(w, Written::Float(_)) == wanted) {
                known.entry(*t_ms).or_insert_with(|| (written.clone(), start_ms));
            }
        }
    }

    /// Older exemplars than the newest of a series are repetitions of a scrape.
    fn exemplar(&mut self, series: u8, t_ms: i64) {
        let exemplar = Exemplar {
            labels: Labels::from_pairs([("trace_id", t_ms.to_string())]),
            sample: Sample { t_ms, value: 0.5 },
        };
        let mut batch = MetricBatch::default();
        batch.push(labels(series), []);
        batch.exemplars.push((0, exemplar.clone()));
        self.write(&batch);
        let known = self.exemplars.entry(series).or_default();
        if known.last().is_none_or(|last| last.sample.t_ms < t_ms) {
            known.push(exemplar);
        }
    }

    fn read(&self, start_ms: i64, end_ms: i64) -> Expected {
        let control = Control::default();
        let select = Select { matchers: vec![], start_ms, end_ms };
        let set = self.store().select(&select, &control).expect("selects");
        let mut found = Expected::new();
        for batch in 0..set.batches() {
            for series in set.read(batch, &control).expect("reads") {
                let mut histograms = series.histograms.iter().peekable();
                let mut starts = series.starts.iter().peekable();
                let (mut start, mut samples) = (0, BTreeMap::new());
                for (i, (&t_ms, value)) in series.timestamps.iter().zip(&series.values).enumerate() {
                    while let Some((_, begins)) = starts.next_if(|(at, _)| *at as usize <= i) {
                        start = *begins;
                    }
                    let written = match histograms.next_if(|(at, _)| *at as usize == i) {
                        Some((_, histogram)) => Written::Histogram((**histogram).clone()),
                        None => Written::Float(value.to_bits()),
                    };
                    samples.insert(t_ms, (written, start));
                }
                let n = series.labels.value("n").parse().expect("a number");
                assert!(found.insert(n, samples).is_none(), "a series is in one batch only");
            }
        }
        assert_eq!(set.warnings(), Vec::<String>::new());
        found
    }

    fn check(&self) {
        for (start, end) in [(i64::MIN, i64::MAX), (NOW - HOUR, NOW + HOUR), (NOW + 60_000, NOW + 200_000)] {
            let within = |samples: &BTreeMap<i64, (Written, i64)>| -> BTreeMap<i64, (Written, i64)> {
                samples.range(start..=end).map(|(t, written)| (*t, written.clone())).collect()
            };
            let mut expected: Expected = self.expected.iter().map(|(n, all)| (*n, within(all))).collect();
            expected.retain(|_, samples| !samples.is_empty());
            assert_eq!(self.read(start, end), expected, "{start}..={end}");
        }
        let metadata: Vec<Metadata> = self.metadata.values().cloned().collect();
        assert_eq!(self.store().metadata(None), Ok(metadata));
        let all = Select { matchers: vec![], start_ms: i64::MIN, end_ms: i64::MAX };
        let found = self.store().exemplars(&all, &Control::default()).expect("exemplars");
        let found: BTreeMap<Labels, Vec<Exemplar>> = found.into_iter().collect();
        let expected = self.exemplars.iter().map(|(n, all)| (labels(*n), all.clone())).collect();
        assert_eq!(found, expected);
    }
}

fn any_histogram() -> impl Strategy<Value = Histogram> {
    let hints = [
        CounterResetHint::Unknown,
        CounterResetHint::Reset,
        CounterResetHint::NotReset,
        CounterResetHint::Gauge,
    ];
    let hint = prop::sample::select(hints.to_vec());
    (hint, any::<bool>(), 0..3_i32, 0..4_u32, 0..1_000_u32, any::<bool>()).prop_map(
        |(reset_hint, custom, schema, buckets, n, fraction)| {
            let n = f64::from(n) + if fraction { 0.3 } else { 0.0 };
            let counts: Vec<f64> = (0..buckets).map(|b| n * f64::from(b)).collect();
            let spans = if buckets > 0 { vec![Span { offset: 1, length: buckets }] } else { Vec::new() };
            let common = Histogram {
                reset_hint,
                count: counts.iter().sum::<f64>() + n,
                sum: n * 1.7 - 30.0,
                positive_spans: spans.clone(),
                positive_buckets: counts.clone(),
                ..Histogram::default()
            };
            if custom {
                let custom_bounds = (0..5).map(|i| f64::from(i) * 0.25 + f64::from(schema)).collect();
                return Histogram { schema: CUSTOM_BUCKETS, custom_bounds, ..common };
            }
            let (zero_count, zero_threshold) = (n, 0.001);
            Histogram {
                schema,
                zero_count,
                zero_threshold,
                negative_spans: spans,
                negative_buckets: counts,
                ..common
            }
        },
    )
}

fn any_written() -> impl Strategy<Value = Written> {
    prop_oneof![
        4 => any_histogram().prop_map(Written::Histogram),
        2 => (0..100_i32).prop_map(|n| Written::Float(f64::from(n).to_bits())),
        1 => Just(Written::Float(stale_nan().to_bits())),
    ]
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => (0..40_i64).prop_map(|n| NOW + n * 15_000),
        3 => (0..100_i64).prop_map(|n| NOW - n * 900_000),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let start = prop_oneof![2 => Just(0), 3 => (0..4_i64).prop_map(|n| NOW - n * 1_000_000)];
    let kinds = prop::sample::select(vec![MetricKind::Counter, MetricKind::Histogram, MetricKind::Gauge]);
    // Runs of one layout, so that chunks hold columns, and anything at any time.
    let run = (any_time(), any_histogram(), 1..60_usize).prop_map(|(t, first, count)| {
        let grown = |i: usize| {
            let factor = i as f64 + 1.0;
            let times = |all: &[f64]| all.iter().map(|n| n * factor).collect();
            Histogram {
                count: first.count * factor,
                sum: first.sum * factor,
                zero_count: first.zero_count * factor,
                positive_buckets: times(&first.positive_buckets),
                negative_buckets: times(&first.negative_buckets),
                ..first.clone()
            }
        };
        (0..count).map(|i| (t + i as i64 * 15_000, Written::Histogram(grown(i)))).collect::<Vec<_>>()
    });
    let samples = prop_oneof![run, prop::collection::vec((any_time(), any_written()), 1..20)];
    prop_oneof![
        10 => (0..SERIES, start, samples)
            .prop_map(|(series, start_ms, samples)| Step::Append { series, start_ms, samples }),
        2 => (0..SERIES, any_time()).prop_map(|(series, t)| Step::Exemplar(series, t)),
        1 => (0..2_u8, kinds, "[a-z]{0,5}").prop_map(|(f, kind, help)| Step::Describe(f, kind, help)),
        2 => (0..6 * HOUR).prop_map(Step::Advance),
        1 => Just(Step::Advance(30 * HOUR)),
        3 => Just(Step::Maintain),
        3 => Just(Step::SealAll),
        1 => (0..SERIES, any_time(), 0..2 * HOUR).prop_map(|(n, t, by)| Step::Delete(n, t, t + by)),
        1 => Just(Step::Reopen),
        2 => Just(Step::Kill),
    ]
}

/// Many in a soak, few otherwise.
fn cases() -> u32 {
    if std::env::var_os("PHAROS_SOAK").is_some() { 2_000 } else { 32 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 1000, ..ProptestConfig::default() })]

    #[test]
    fn histograms_starts_exemplars_and_metadata_stay_as_they_came(
        steps in prop::collection::vec(any_step(), 1..30)
    ) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.step(step);
            bench.check();
        }
        bench.step(&Step::SealAll);
        bench.step(&Step::Advance(80 * HOUR));
        bench.step(&Step::Maintain);
        bench.check();
        bench.step(&Step::Kill);
        bench.check();
    }
}

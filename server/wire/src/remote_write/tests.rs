//! Requests there and back, and refusals.

use model::{CounterResetHint, Histogram, Span, stale_nan};
use proptest::prelude::*;

use super::*;
use crate::protobuf::Writer;

fn decoder() -> Decoder {
    Decoder::new(1_000, 1 << 20)
}

fn request(series: &[&[(&str, &str)]]) -> Vec<u8> {
    let mut request = Writer::default();
    for labels in series {
        request.message(1, |m| {
            for (name, value) in *labels {
                m.message(1, |m| {
                    m.bytes(1, name.as_bytes());
                    m.bytes(2, value.as_bytes());
                });
            }
            m.message(2, |m| m.double(1, 1.0));
        });
    }
    request.bytes
}

fn check(series: &[&[(&str, &str)]], expect: &str) {
    let decoder = decoder();
    // Twice: the second time from the cache.
    for _ in 0..2 {
        let got = match decoder.decode_message(&request(series)) {
            Ok(batch) => batch.series.iter().map(|s| s.labels.to_string()).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect);
    }
}

#[test]
fn labels_are_sorted_and_checked() {
    check(&[&[("__name__", "up"), ("job", "a")]], r#"{__name__="up", job="a"}"#);
    check(&[&[("job", "a"), ("__name__", "up"), ("x", "")]], r#"{__name__="up", job="a"}"#);
    check(
        &[&[("__name__", "up")], &[("job", "a")]],
        r#"series 2 {job="a"}: the label __name__ is missing: a series needs a metric name"#,
    );
    check(
        &[&[("__name__", "up"), ("job", "a"), ("job", "b")]],
        r#"series 1 {__name__="up", job="a", job="b"}: label "job" appears twice"#,
    );
    check(&[&[("__name__", "up"), ("", "b")]], r#"series 1 {__name__="up", ="b"}: a label has no name"#);
    check(&[&[]], "series 1 {}: the label __name__ is missing: a series needs a metric name");
}

#[test]
fn all_kinds_of_samples_come_back() {
    let mut batch = MetricBatch::default();
    let samples = [
        Sample { t_ms: -5, value: 1.5 },
        Sample { t_ms: i64::MAX, value: stale_nan() },
        Sample { t_ms: 0, value: -0.0 },
    ];
    batch.push(Labels::of_metric("a"), samples);
    batch.push(Labels::of_metric("h"), []);
    let histogram = Histogram {
        reset_hint: CounterResetHint::Gauge,
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 2.0,
        count: 8.0,
        sum: 12.5,
        positive_spans: vec![Span { offset: -2, length: 2 }, Span { offset: 3, length: 1 }],
        positive_buckets: vec![1.0, 2.0, 3.0],
        ..Histogram::default()
    };
    batch.histograms.push((1, 7, histogram.clone()));
    let exemplar =
        Exemplar { labels: Labels::from_pairs([("trace_id", "x")]), sample: Sample { t_ms: 3, value: 0.5 } };
    batch.exemplars.push((1, exemplar.clone()));
    batch.metadata.push(Metadata {
        family: "h".into(),
        kind: MetricKind::StateSet,
        help: "Help.".into(),
        unit: "s".into(),
    });
    let got = decoder().decode(&encode(&batch)).unwrap();
    let bits = |b: &MetricBatch| b.samples.iter().map(|s| (s.t_ms, s.value.to_bits())).collect::<Vec<_>>();
    assert_eq!(bits(&got), bits(&batch));
    assert_eq!(got.histograms, [(1, 7, histogram)]);
    assert_eq!(got.exemplars, [(1, exemplar)]);
    assert_eq!(got.metadata, batch.metadata);
    assert_eq!(got.samples_of(&got.series[0]).len(), 3);
}

#[test]
fn integer_histograms_are_running_sums() {
    let mut m = Writer::default();
    m.varint(1, 9);
    m.sint(4, -4);
    m.message(11, |m| m.varint(2, 3));
    for delta in [2, -1, 5] {
        m.sint(12, delta);
    }
    m.varint(15, 42);
    let (t_ms, h) = histogram::decode(&m.bytes).unwrap();
    assert_eq!((t_ms, h.count, h.schema, h.positive_buckets), (42, 9.0, -4, vec![2.0, 1.0, 6.0]));
    m.sint(12, 1);
    assert_eq!(histogram::decode(&m.bytes), Err("a histogram's spans do not fit its buckets"));
}

#[test]
fn labels_behind_samples_count_too() {
    let mut m = Writer::default();
    m.message(1, |m| {
        m.message(2, |m| m.double(1, 1.0));
        m.message(1, |m| {
            m.bytes(1, b"__name__");
            m.bytes(2, b"late");
        });
    });
    let batch = decoder().decode_message(&m.bytes).unwrap();
    assert_eq!(batch.series[0].labels, Labels::of_metric("late"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decoder().decode(&bytes);
        let _ = decoder().decode_message(&bytes);
        let _ = histogram::decode(&bytes);
    }

    #[test]
    fn damaged_requests_never_panic(at in 0usize..1_000, byte in any::<u8>()) {
        let mut message = request(&[&[("__name__", "up"), ("job", "a")], &[("__name__", "down")]]);
        let at = at % message.len();
        message[at] = byte;
        let _ = decoder().decode_message(&message);
    }
}

fn of_v2(message: &[u8]) -> Result<MetricBatch> {
    v2::decode(message, &LabelCache::new(100))
}

#[test]
fn version_2_comes_back() {
    let mut batch = MetricBatch::default();
    batch.push(
        Labels::from_pairs([("__name__", "hits_total"), ("job", "a")]),
        [Sample { t_ms: 10, value: 1.0 }, Sample { t_ms: 20, value: stale_nan() }],
    );
    batch.series[0].start_ms = 5;
    batch.push(Labels::from_pairs([("__name__", "took_seconds"), ("job", "a")]), []);
    let histogram = Histogram {
        schema: -53,
        count: 3.0,
        sum: 4.5,
        positive_spans: vec![Span { offset: 0, length: 2 }],
        positive_buckets: vec![1.0, 2.0],
        custom_bounds: vec![0.5],
        ..Histogram::default()
    };
    batch.histograms.push((1, 7, histogram.clone()));
    batch.series[1].start_ms = 3;
    let exemplar =
        Exemplar { labels: Labels::from_pairs([("trace_id", "x")]), sample: Sample { t_ms: 7, value: 0.5 } };
    batch.exemplars.push((1, exemplar.clone()));
    for (family, kind, unit) in
        [("hits_total", MetricKind::Counter, ""), ("took_seconds", MetricKind::Histogram, "seconds")]
    {
        batch.metadata.push(Metadata {
            family: family.into(),
            kind,
            help: "Help.".into(),
            unit: unit.into(),
        });
    }
    let decoder = decoder();
    // Twice: the second time from the cache.
    for _ in 0..2 {
        let got = decoder.decode_v2(&encode_v2(&batch)).unwrap();
        let labels =
            |b: &MetricBatch| b.series.iter().map(|s| (s.labels.to_string(), s.start_ms)).collect::<Vec<_>>();
        assert_eq!(labels(&got), labels(&batch));
        assert_eq!(got.samples_of(&got.series[0])[1].value.to_bits(), stale_nan().to_bits());
        assert_eq!(got.histograms, [(1, 7, histogram.clone())]);
        assert_eq!(got.exemplars, [(1, exemplar.clone())]);
        assert_eq!(got.metadata, batch.metadata);
    }
}

#[test]
fn version_2_start_times_that_change_make_entries_of_their_own() {
    let mut m = Writer::default();
    for text in ["", "__name__", "c_total"] {
        m.bytes(4, text.as_bytes());
    }
    m.message(5, |m| {
        m.bytes(1, &[1, 2]);
        for (t_ms, start_ms) in [(10, 1), (20, 1), (30, 25), (40, 0)] {
            m.message(2, |m| {
                m.double(1, t_ms as f64);
                m.varint(2, t_ms);
                m.varint(3, start_ms);
            });
        }
        m.varint(6, 7);
    });
    let batch = of_v2(&m.bytes).unwrap();
    let entries: Vec<_> =
        batch.series.iter().map(|s| (s.start_ms, s.count, batch.samples_of(s)[0].t_ms)).collect();
    assert_eq!(entries, [(1, 2, 10), (25, 1, 30), (7, 1, 40)]);
}

#[test]
fn version_2_requests_that_are_wrong_say_why() {
    let check = |symbols: &[&str], refs: &[u8], expect: &str| {
        let mut m = Writer::default();
        symbols.iter().for_each(|text| m.bytes(4, text.as_bytes()));
        m.message(5, |m| m.bytes(1, refs));
        assert_eq!(of_v2(&m.bytes).unwrap_err().to_string(), expect);
    };
    check(&["x"], &[], "remote write 2.0 request cannot be decoded: the first symbol is not the empty text");
    check(&["", "__name__"], &[1, 9], r#"series 1 {__name__="?"}: it refers to symbol 9, the request has 2"#);
    check(&["", "__name__"], &[1], r#"series 1 {__name__="?"}: it has an odd number of label references"#);
    check(&["", "job", "a"], &[1, 2], {
        r#"series 1 {job="a"}: the label __name__ is missing: a series needs a metric name"#
    });
}

proptest! {
    #[test]
    fn version_2_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = of_v2(&bytes);
    }
}

//! Requests in both encodings, and what becomes of them.

use super::*;
use crate::protobuf::Writer;

fn show(decoded: &Decoded) -> String {
    let batch = &decoded.batch;
    let mut lines = Vec::new();
    for (index, series) in batch.series.iter().enumerate() {
        let start = series.start_ms;
        for sample in batch.samples_of(series) {
            let value = if model::is_stale(sample.value) { "stale".into() } else { sample.value.to_string() };
            lines.push(format!("{} {value} @{} from {start}", series.labels, sample.t_ms));
        }
        for (_, t_ms, h) in batch.histograms.iter().filter(|(of, ..)| *of == index as u32) {
            lines.push(format!(
                "{} schema {} n={} sum={} zero={} {:?} {:?} {:?} @{t_ms} from {start}",
                series.labels,
                h.schema,
                h.count,
                h.sum,
                h.zero_count,
                h.positive_spans,
                h.positive_buckets,
                h.custom_bounds
            ));
        }
        for (_, e) in batch.exemplars.iter().filter(|(of, _)| *of == index as u32) {
            lines.push(format!("  exemplar {} {} @{}", e.labels, e.sample.value, e.sample.t_ms));
        }
    }
    if decoded.rejected > 0 {
        lines.push(format!("rejected {}: {}", decoded.rejected, decoded.reason));
    }
    lines.join("\n")
}

fn json_of(metrics: &str, options: &Options, accumulator: &Accumulator) -> String {
    let request = format!(
        r#"{{"resourceMetrics": [{{"resource": {{"attributes": [
            {{"key": "service.name", "value": {{"stringValue": "shop"}}}},
            {{"key": "service.namespace", "value": {{"stringValue": "eu"}}}},
            {{"key": "service.instance.id", "value": {{"stringValue": "i1"}}}},
            {{"key": "host.name", "value": {{"stringValue": "h"}}}}]}},
            "scopeMetrics": [{{"scope": {{"name": "lib"}}, "metrics": [{metrics}]}}]}}]}}"#
    );
    match decode(Encoding::Json, request.as_bytes(), options, accumulator, 99_000) {
        Ok(decoded) => show(&decoded),
        Err(error) => format!("error: {error}"),
    }
}

fn plain(metrics: &str) -> String {
    json_of(metrics, &Options::default(), &Accumulator::default())
}

#[test]
fn numbers_with_their_resource() {
    let metrics = r#"
        {"name": "http.requests", "unit": "1", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
            {"startTimeUnixNano": "1000000000", "timeUnixNano": "5000000000", "asInt": "7",
             "attributes": [{"key": "http.method", "value": {"stringValue": "GET"}}],
             "exemplars": [{"timeUnixNano": "4000000000", "asDouble": 1.5, "traceId": "0af7651916cd43dd8448eb211c80319c"}]}]}},
        {"name": "temp", "unit": "Cel", "gauge": {"dataPoints": [{"timeUnixNano": "5000000000", "asDouble": 20.5},
            {"timeUnixNano": "6000000000", "flags": 1}]}}"#;
    insta::assert_snapshot!(plain(metrics), @r#"
    {__name__="http_requests_total", http_method="GET", instance="i1", job="eu/shop"} 7 @5000 from 1000
      exemplar {trace_id="0af7651916cd43dd8448eb211c80319c"} 1.5 @4000
    {__name__="temp_celsius", instance="i1", job="eu/shop"} 20.5 @5000 from 0
    {__name__="temp_celsius", instance="i1", job="eu/shop"} stale @6000 from 0
    {__name__="target_info", host_name="h", instance="i1", job="eu/shop"} 1 @6000 from 0
    "#);
    let options = Options {
        promote: vec!["host.name".into()],
        promote_scope: true,
        keep_identifying: true,
        strategy: Strategy::NoTranslation,
        ..Options::default()
    };
    insta::assert_snapshot!(
        json_of(r#"{"name": "a.b", "unit": "s", "gauge": {"dataPoints": [{"timeUnixNano": 1000000, "asInt": 1}]}}"#,
            &options, &Accumulator::default()),
        @r#"
    {__name__="a.b", "host.name"="h", instance="i1", job="eu/shop", otel_scope_name="lib"} 1 @1 from 0
    {__name__="target_info", "host.name"="h", instance="i1", job="eu/shop", "service.instance.id"="i1", "service.name"="shop", "service.namespace"="eu"} 1 @1 from 0
    "#);
}

#[test]
fn histograms_of_all_kinds() {
    let explicit = r#"{"name": "took", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
        {"timeUnixNano": "5000000000", "count": "6", "sum": 9.5, "bucketCounts": ["1", "2", "3"],
         "explicitBounds": [0.5, 1]}]}}"#;
    insta::assert_snapshot!(plain(explicit), @r#"
    {__name__="took_seconds_bucket", instance="i1", job="eu/shop", le="0.5"} 1 @5000 from 0
    {__name__="took_seconds_bucket", instance="i1", job="eu/shop", le="1"} 3 @5000 from 0
    {__name__="took_seconds_bucket", instance="i1", job="eu/shop", le="+Inf"} 6 @5000 from 0
    {__name__="took_seconds_count", instance="i1", job="eu/shop"} 6 @5000 from 0
    {__name__="took_seconds_sum", instance="i1", job="eu/shop"} 9.5 @5000 from 0
    {__name__="target_info", host_name="h", instance="i1", job="eu/shop"} 1 @5000 from 0
    "#);
    let native = Options { convert_histograms: true, ..Options::default() };
    let converted = json_of(explicit, &native, &Accumulator::default());
    assert!(
        converted.contains("schema -53 n=6 sum=9.5") && converted.contains("[1.0, 2.0, 3.0] [0.5, 1.0]"),
        "{converted}"
    );
    let exponential = r#"{"name": "e", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [
        {"timeUnixNano": "5000000000", "count": "6", "sum": 9.5, "scale": 9, "zeroCount": "1",
         "positive": {"offset": -1, "bucketCounts": ["1", "0", "4"]}}]}}"#;
    let shown = plain(exponential);
    // Offsets -1 and 1 of scale 9 are -1 and 0 of scale 8: buckets 0 and 1 of Prometheus.
    assert!(shown.starts_with(
        r#"{__name__="e", instance="i1", job="eu/shop"} schema 8 n=6 sum=9.5 zero=1 [Span { offset: 0, length: 2 }] [1.0, 4.0] [] @5000"#
    ), "{shown}");
    let summary = r#"{"name": "s", "summary": {"dataPoints": [{"timeUnixNano": "5000000000", "count": 3, "sum": 4,
        "quantileValues": [{"quantile": 0.5, "value": 1.5}]}]}}"#;
    assert!(
        plain(summary).contains(r#"{__name__="s", instance="i1", job="eu/shop", quantile="0.5"} 1.5 @5000"#)
    );
    let misfit = explicit.replace("[0.5, 1]", "[0.5]");
    assert!(plain(&misfit).contains("rejected 1: took_seconds: a histogram's counts do not fit its bounds"));
}

#[test]
fn deltas_become_totals() {
    let accumulator = Accumulator::default();
    let sum = |start: u64, end: u64, value: u64| {
        let metric = format!(
            r#"{{"name": "d", "sum": {{"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [
            {{"startTimeUnixNano": "{start}000000000", "timeUnixNano": "{end}000000000", "asInt": {value}}}]}}}}"#
        );
        json_of(&metric, &Options::default(), &accumulator).lines().next().unwrap_or_default().to_owned()
    };
    let labels = r#"{__name__="d_total", instance="i1", job="eu/shop"}"#;
    assert_eq!(sum(1, 2, 5), format!("{labels} 5 @2000 from 1000"));
    assert_eq!(sum(2, 3, 4), format!("{labels} 9 @3000 from 1000"));
    assert!(sum(2, 3, 4).starts_with("rejected") || sum(2, 3, 4).contains("target_info"));
    let exponential = |start: u64, end: u64, offset: i32| {
        let metric = format!(
            r#"{{"name": "x", "exponentialHistogram": {{"aggregationTemporality": 1, "dataPoints": [
            {{"startTimeUnixNano": "{start}000000000", "timeUnixNano": "{end}000000000", "count": 1, "sum": 2,
              "positive": {{"offset": {offset}, "bucketCounts": [1]}}}}]}}}}"#
        );
        json_of(&metric, &Options::default(), &accumulator).lines().next().unwrap_or_default().to_owned()
    };
    exponential(1, 2, 0);
    let second = exponential(2, 3, 4);
    assert!(second.contains("n=2 sum=4") && second.contains("[1.0, 1.0]"), "{second}");
}

#[test]
fn protobuf_says_the_same() {
    let mut request = Writer::default();
    request.message(1, |m| {
        m.message(1, |m| {
            m.message(1, |m| {
                m.bytes(1, b"service.name");
                m.message(2, |m| m.bytes(1, b"shop"));
            });
        });
        m.message(2, |m| {
            m.message(2, |m| {
                m.bytes(1, b"g");
                m.message(5, |m| {
                    m.message(1, |m| {
                        m.fixed64(3, 5_000_000_000);
                        m.double(4, 2.5);
                    });
                });
            });
            m.message(2, |m| {
                m.bytes(1, b"h");
                m.message(9, |m| {
                    m.message(1, |m| {
                        m.fixed64(3, 5_000_000_000);
                        m.fixed64(4, 3);
                        m.double(5, 4.0);
                        m.bytes(6, &[1u64.to_le_bytes(), 2u64.to_le_bytes()].concat());
                        m.packed_doubles(7, &[1.0]);
                    });
                    m.varint(2, 2);
                });
            });
        });
    });
    let options = Options::default();
    let decode = |bytes: &[u8]| decode(Encoding::Protobuf, bytes, &options, &Accumulator::default(), 1);
    insta::assert_snapshot!(show(&decode(&request.bytes).unwrap()), @r#"
    {__name__="g", job="shop"} 2.5 @5000 from 0
    {__name__="h_bucket", job="shop", le="1"} 1 @5000 from 0
    {__name__="h_bucket", job="shop", le="+Inf"} 3 @5000 from 0
    {__name__="h_count", job="shop"} 3 @5000 from 0
    {__name__="h_sum", job="shop"} 4 @5000 from 0
    "#);
    for end in 0..request.bytes.len() {
        // Cut anywhere it is an error or a shorter request, never a panic.
        let _ = decode(&request.bytes[..end]);
    }
    for at in 0..request.bytes.len() {
        let mut damaged = request.bytes.clone();
        damaged[at] ^= 0xff;
        let _ = decode(&damaged);
    }
}

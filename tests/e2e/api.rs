//! The endpoints that Grafana, promtool and scripts call, over data of known values.

use model::{Entry, Labels, LogBatch, MetricBatch, Sample, StreamEntries};
use serde_json::{Value, json};

use crate::server::{Server, encode};

/// Ten samples a minute apart of two series, from minute 0 of a known hour.
const START_S: i64 = 1_700_000_000;

fn filled(folder: &std::path::Path) -> Server {
    let server = Server::start(folder, &["--no-collect", "--retention", "0"]);
    let mut batch = MetricBatch::default();
    for (instance, factor) in [("a", 1.0), ("b", 2.0)] {
        let labels = Labels::from_pairs([("__name__", "requests_total"), ("instance", instance)]);
        let at = |n: i64| Sample { t_ms: (START_S + n * 60) * 1000, value: n as f64 * 60.0 * factor };
        batch.push(labels, (0..10).map(at));
    }
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    assert_eq!(server.post("/api/v1/write", &headers, wire::remote_write::encode(&batch)).0, 204);
    let stream = |level: &str| {
        let line = |n: i64| Entry {
            t_ns: (START_S + n) * 1_000_000_000,
            line: format!("{{\"level\":\"{level}\",\"n\":{n}}}").into(),
            metadata: Labels::empty(),
        };
        StreamEntries {
            labels: Labels::from_pairs([("job", "app"), ("level", level)]),
            entries: (0..60).map(line).collect(),
        }
    };
    let logs = LogBatch { streams: vec![stream("info"), stream("error")], cursors: Vec::new() };
    let headers = [("content-type", "application/x-protobuf")];
    assert_eq!(server.post("/loki/api/v1/push", &headers, wire::loki_push::encode(&logs)).0, 204);
    server
}

fn data(server: &Server, path: &str) -> Value {
    let answer = server.json(path);
    assert_eq!(answer["status"], "success", "{path}: {answer}");
    answer["data"].clone()
}

#[test]
fn prometheus_clients_get_what_they_know() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let (start, end) = (START_S, START_S + 540);
    let range = |query: &str| {
        data(&server, &format!("/api/v1/query_range?start={start}&end={end}&step=60&query={}", encode(query)))
    };
    let sum = range("sum(rate(requests_total[5m]))");
    assert_eq!(sum["resultType"], "matrix");
    let values = sum["result"][0]["values"].as_array().expect("values");
    assert_eq!(values.last().expect("a value"), &json!([end, "3"]));
    assert_eq!(range("requests_total{instance=\"b\"}")["result"][0]["values"][1], json!([start + 60, "120"]));
    let prefixed = data(&server, &format!("/prometheus/api/v1/query?time={end}&query=requests_total"));
    assert_eq!(prefixed["result"].as_array().map(Vec::len), Some(2));
    let form = server.post(
        "/api/v1/query",
        &[("content-type", "application/x-www-form-urlencoded")],
        format!("query=count(requests_total)&time={end}").into_bytes(),
    );
    assert!(form.1.contains("\"2\"]"), "{form:?}");
    let times = format!("start={start}&end={end}");
    assert_eq!(
        data(&server, &format!("/api/v1/series?match[]=requests_total&{times}")),
        json!([{"__name__": "requests_total", "instance": "a"}, {"__name__": "requests_total", "instance": "b"}])
    );
    assert_eq!(data(&server, &format!("/api/v1/labels?{times}")), json!(["__name__", "instance"]));
    assert_eq!(data(&server, &format!("/api/v1/label/instance/values?{times}")), json!(["a", "b"]));
    assert_eq!(data(&server, "/api/v1/format_query?query=sum(a)+by(b)"), "sum by (b) (a)");
    assert!(
        data(&server, "/api/v1/status/buildinfo")["version"].as_str().is_some_and(|v| v.starts_with("3."))
    );
    assert_eq!(data(&server, "/api/v1/metadata"), json!({}));
}

#[test]
fn mistakes_are_answered_as_prometheus_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let check = |path: &str, status: u16, kind: &str, part: &str| {
        let (got, text) = server.get(path);
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"));
        assert_eq!((got, body["errorType"].as_str()), (status, Some(kind)), "{path}: {text}");
        assert!(body["error"].as_str().is_some_and(|error| error.contains(part)), "{path}: {text}");
    };
    check("/api/v1/query?query=sum(", 400, "bad_data", "invalid parameter \"query\": 1:5: parse error");
    let range = "/api/v1/query_range?query=up[1m]&start=0&end=1&step=1";
    check(range, 400, "bad_data", "invalid parameter \"query\": invalid expression type \"range vector\"");
    check("/api/v1/query?query=up&time=x", 400, "bad_data", "cannot parse \"x\" to a valid timestamp");
    check("/api/v1/query_range?query=up&start=0&end=100000000&step=1", 400, "bad_data", "11,000 points");
    check("/api/v1/query_range?query=up&start=1&end=0&step=1", 400, "bad_data", "end timestamp");
    check("/api/v1/query_range?query=up&start=0&end=1&step=0", 400, "bad_data", "zero or negative");
    check("/api/v1/series", 400, "bad_data", "no match[]");
    check("/api/v1/nothing", 404, "not_found", "/api/v1/nothing");
    let many =
        format!("/api/v1/query?time={START_S}&query={}", encode("requests_total * on() requests_total"));
    check(&many, 422, "execution", "many-to-many");
}

#[test]
fn loki_clients_get_what_they_know() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let times = format!("start={START_S}&end={}", START_S + 60);
    let range = |query: &str, more: &str| {
        data(&server, &format!("/loki/api/v1/query_range?{times}{more}&query={}", encode(query)))
    };
    let lines = range("{job=\"app\"} |= \"error\"", "&limit=5");
    assert_eq!(lines["resultType"], "streams");
    assert_eq!(lines["result"][0]["stream"], json!({"job": "app", "level": "error"}));
    let newest = &lines["result"][0]["values"][0];
    assert_eq!(
        newest,
        &json!([format!("{}", (START_S + 59) * 1_000_000_000), "{\"level\":\"error\",\"n\":59}"])
    );
    let forward = range("{job=\"app\"} | json | n < 3", "&direction=forward&limit=100");
    let count: usize = forward["result"]
        .as_array()
        .expect("streams")
        .iter()
        .map(|s| s["values"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(count, 6);
    let counts = range("sum by (level) (count_over_time({job=\"app\"}[1m]))", "&step=60");
    assert_eq!(counts["resultType"], "matrix");
    assert_eq!(counts["result"].as_array().map(Vec::len), Some(2));
    let instant = format!(
        "/loki/api/v1/query?time={}&query={}",
        START_S + 59,
        encode("sum(count_over_time({job=\"app\"}[1m]))")
    );
    assert_eq!(data(&server, &instant)["result"][0]["value"][1], "120");
    assert_eq!(data(&server, &format!("/loki/api/v1/labels?{times}")), json!(["job", "level"]));
    assert_eq!(data(&server, &format!("/loki/api/v1/label/level/values?{times}")), json!(["error", "info"]));
    let series =
        data(&server, &format!("/loki/api/v1/series?{times}&match[]={}", encode("{level=\"info\"}")));
    assert_eq!(series, json!([{"job": "app", "level": "info"}]));
    let (status, text) = server.get(&format!("/loki/api/v1/query_range?{times}&query={}", encode("{job=}")));
    assert!(status == 400 && text.starts_with("parse error at line 1"), "{status} {text}");
}

#[test]
fn frames_answer_a_batch_by_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let (start, end) = (START_S * 1000, (START_S + 540) * 1000);
    let body = json!({"queries": [
        {"id": "A", "kind": "promql", "expr": "requests_total", "start_ms": start, "end_ms": end, "step_ms": 60000},
        {"id": "B", "kind": "promql", "expr": "sum(", "start_ms": start, "end_ms": end},
        {"id": "C", "kind": "logql", "expr": "{job=\"app\"}", "start_ms": start, "end_ms": end, "limit": 7},
    ]});
    let frames = server.frames(&body);
    let of = |id: &str| frames.iter().find(|(header, _)| header["id"] == id).expect("answered");
    let (header, numbers) = of("A");
    assert_eq!((&header["kind"], &header["points"]), (&json!("matrix"), &json!(10)));
    assert_eq!(numbers[..2], [start as f64, (start + 60_000) as f64]);
    assert_eq!(numbers[10..13], [0.0, 60.0, 120.0]);
    assert_eq!(of("B").0["error"]["kind"], "bad_input");
    assert_eq!(of("C").0["entries"]["line"].as_array().map(Vec::len), Some(7));
}

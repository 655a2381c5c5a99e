//! Metrics over OTLP: by every way, in both encodings, named as the configuration says.

use serde_json::{Value, json};

use crate::loki::runtime;
use crate::server::{Server, write};

/// A unary call: its status, and the answer's bytes.
pub(crate) fn grpc(url: &str, path: &str, message: &[u8]) -> (String, Vec<u8>) {
    let address = url.trim_start_matches("http://").to_owned();
    let message = wire::otlp::grpc::frame(message);
    runtime().block_on(async {
        let socket = tokio::net::TcpStream::connect(&address).await.expect("connected");
        let (mut send, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
        tokio::spawn(connection);
        let call = http::Request::post(format!("{url}{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let (answer, mut body) = send.send_request(call, false).expect("sent");
        body.send_data(message.into(), true).expect("sent");
        let answer = answer.await.expect("answered");
        assert_eq!(answer.headers()["content-type"], "application/grpc");
        let early = answer.headers().get("grpc-status").cloned();
        let mut body = answer.into_body();
        let mut bytes = Vec::new();
        while let Some(part) = body.data().await {
            bytes.extend_from_slice(&part.expect("read"));
        }
        let late = body.trailers().await.expect("read").and_then(|t| t.get("grpc-status").cloned());
        let status = early.or(late).expect("a status");
        (status.to_str().expect("text").to_owned(), bytes)
    })
}

const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const PROTO: [(&str, &str); 1] = [("content-type", "application/x-protobuf")];

fn now_ns() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    now.as_nanos() as u64
}

/// A protobuf field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).expect("short");
    assert!(len < 128);
    [&[number << 3 | 2, len], bytes].concat()
}

/// An `ExportMetricsServiceRequest` with one gauge of the service `shop`.
fn gauge(name: &str, value: f64) -> Vec<u8> {
    let service = [field(1, b"service.name"), field(2, &field(1, b"shop"))].concat();
    let resource = field(1, &field(1, &service));
    let point =
        [&[3 << 3 | 1][..], &now_ns().to_le_bytes(), &[4 << 3 | 1], &value.to_bits().to_le_bytes()].concat();
    let metric = [field(1, name.as_bytes()), field(5, &field(1, &point))].concat();
    field(1, &[resource, field(2, &field(2, &metric))].concat())
}

fn request(metrics: Value) -> Vec<u8> {
    let resource = json!({"attributes": [
        {"key": "service.name", "value": {"stringValue": "shop"}},
        {"key": "service.instance.id", "value": {"stringValue": "i1"}},
        {"key": "host.name", "value": {"stringValue": "h"}}]});
    let scopes = json!([{"scope": {"name": "lib"}, "metrics": metrics}]);
    json!({"resourceMetrics": [{"resource": resource, "scopeMetrics": scopes}]}).to_string().into_bytes()
}

/// A counter that tells what happened in the last second.
fn delta(second: u64, value: u64) -> Value {
    let start = now_ns() / 1_000_000_000 - 60 + second;
    json!({"name": "hits", "unit": "By", "sum": {"aggregationTemporality": 1, "isMonotonic": true, "dataPoints": [{
        "startTimeUnixNano": format!("{start}000000000"), "timeUnixNano": format!("{}000000000", start + 1),
        "asInt": value.to_string()}]}})
}

fn value(server: &Server, expr: &str) -> Value {
    server.query(expr).first().map(|row| row["value"][1].clone()).unwrap_or_default()
}

#[test]
fn metrics_come_by_every_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &["--no-collect"]);
    let now = now_ns().to_string();
    let metrics = json!([
        {"name": "http.server.duration", "unit": "s", "description": "How long.", "histogram": {
            "aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": now, "count": "6", "sum": 9.5,
            "bucketCounts": ["1", "2", "3"], "explicitBounds": [0.5, 1]}]}},
        {"name": "sizes", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [{
            "timeUnixNano": now, "count": "3", "sum": 7, "scale": 0, "positive": {"offset": 0, "bucketCounts": ["1", "2"]}}]}},
        {"name": "bad", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": now, "count": 1,
            "bucketCounts": ["1", "2"], "explicitBounds": [3, 2]}]}}
    ]);
    let (status, text) = server.post("/api/v1/otlp/v1/metrics", &JSON, request(metrics));
    assert!(
        status == 200 && text.contains("\"rejectedDataPoints\":\"1\"") && text.contains("bad: "),
        "{status} {text}"
    );
    let of_bucket = r#"http_server_duration_seconds_bucket{job="shop", instance="i1", le="1"}"#;
    assert_eq!(value(&server, of_bucket), "3");
    assert_eq!(value(&server, "histogram_count(sizes)"), "3");
    assert_eq!(value(&server, "histogram_sum(sizes)"), "7");
    assert_eq!(value(&server, r#"target_info{job="shop", host_name="h"}"#), "1");
    let about = server.json("/api/v1/metadata?metric=http_server_duration_seconds");
    assert_eq!(about["data"]["http_server_duration_seconds"][0]["help"], "How long.");
    for (path, name) in [("/v1/metrics", "a.one"), ("/otlp/v1/metrics", "a.two")] {
        assert_eq!(server.post(path, &PROTO, gauge(name, 1.5)), (200, String::new()));
    }
    assert_eq!(grpc(&server.url, METRICS, &gauge("a.three", 2.5)), ("0".to_owned(), vec![0; 5]));
    assert_eq!(grpc(&server.url, METRICS, b"\xff").0, "3", "what is no message is an invalid argument");
    assert_eq!(value(&server, r#"sum({__name__=~"a_.*", job="shop"})"#), "5.5");
    assert_eq!(server.post("/v1/metrics", &JSON, b"{".to_vec()).0, 400);
    assert_eq!(server.post("/v1/metrics", &[("content-type", "text/html")], Vec::new()).0, 415);
    // What was answered for is there after a kill.
    server.kill();
    let server = Server::start(&folder.path().join("data"), &["--no-collect"]);
    assert_eq!(value(&server, r#"sum({__name__=~"a_.*", job="shop"})"#), "5.5");
}

#[test]
fn deltas_become_totals_and_options_are_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    write(
        &config,
        "otlp: {promote_resource_attributes: [host.name], keep_identifying_resource_attributes: true}\n",
    );
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let push = |metric: Value| server.post("/api/v1/otlp/v1/metrics", &JSON, request(json!([metric])));
    for (second, hits) in [(0, 5), (1, 4), (2, 0), (3, 7)] {
        assert_eq!(push(delta(second, hits)).0, 200);
    }
    assert_eq!(value(&server, r#"hits_bytes_total{host_name="h"}"#), "16");
    assert_eq!(value(&server, r#"target_info{service_name="shop"}"#), "1");
    let (_, text) = push(delta(1, 4));
    assert!(text.contains("older than what was summed up"), "{text}");
    write(
        &config,
        "otlp: {translation_strategy: NoTranslation, promote_all_resource_attributes: true, convert_histograms_to_nhcb: true}\n",
    );
    assert_eq!(server.post("/-/reload", &[], Vec::new()).0, 200);
    let now = now_ns().to_string();
    let metric = json!({"name": "took.time", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{
        "timeUnixNano": now, "count": "3", "sum": 4, "bucketCounts": ["1", "2"], "explicitBounds": [1]}]}});
    assert_eq!(push(metric).0, 200);
    assert_eq!(
        value(&server, r#"histogram_count({"took.time", "host.name"="h", "service.name"="shop"})"#),
        "3"
    );
    write(&config, "otlp: {translation_strategy: Other}\n");
    let (status, text) = server.post("/-/reload", &[], Vec::new());
    assert!(status >= 400 && text.contains("otlp.translation_strategy"), "{status} {text}");
}

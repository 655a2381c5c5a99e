//! The rest of Prometheus' API: exemplars, trees, deletions, snapshots, federation, remote read, budgets.

use std::io::Write;
use std::net::TcpStream;

use model::{Exemplar, Histogram, Labels, Metadata, MetricBatch, MetricKind, Sample, Span};
use serde_json::{Value, json};

use crate::server::{Server, encode, eventually};

const START_S: i64 = 1_700_000_000;
const PROTOBUF: [(&str, &str); 2] =
    [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];

fn labels(instance: &str) -> Labels {
    Labels::from_pairs([("__name__", "requests_total"), ("instance", instance)])
}

/// Two counters with an exemplar, and a native histogram.
fn batch() -> MetricBatch {
    let mut batch = MetricBatch::default();
    for instance in ["a", "b"] {
        let at = |n: i64| Sample { t_ms: (START_S + n * 60) * 1000, value: n as f64 };
        batch.push(labels(instance), (0..10).map(at));
    }
    let exemplar = Exemplar {
        labels: Labels::from_pairs([("trace_id", "abc")]),
        sample: Sample { t_ms: START_S * 1000 + 500, value: 0.25 },
    };
    batch.exemplars.push((0, exemplar));
    batch.push(Labels::of_metric("latency"), []);
    let histogram = Histogram {
        count: 3.0,
        sum: 4.5,
        positive_spans: vec![Span { offset: 0, length: 2 }],
        positive_buckets: vec![1.0, 2.0],
        ..Histogram::default()
    };
    batch.histograms.push((2, START_S * 1000, histogram));
    let family = |help: &str| Metadata {
        family: "requests_total".into(),
        kind: MetricKind::Counter,
        help: help.into(),
        unit: String::new(),
    };
    batch.metadata = vec![family("All requests.")];
    batch
}

fn filled(folder: &std::path::Path, env: &[(&str, &str)]) -> Server {
    let server = Server::start_with(folder, &["--no-collect", "--retention", "0"], env);
    assert_eq!(server.post("/api/v1/write", &PROTOBUF, wire::remote_write::encode(&batch())).0, 204);
    server
}

fn data(server: &Server, path: &str) -> Value {
    server.json(path)["data"].clone()
}

#[test]
fn what_is_known_besides_samples() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path(), &[]);
    let times = format!("start={START_S}&end={}", START_S + 600);
    let query = encode("rate(requests_total[5m]) / 2");
    assert_eq!(
        data(&server, &format!("/api/v1/query_exemplars?query={query}&{times}")),
        json!([{
            "seriesLabels": {"__name__": "requests_total", "instance": "a"},
            "exemplars": [{"labels": {"trace_id": "abc"}, "value": "0.25", "timestamp": 1_700_000_000.5}],
        }])
    );
    let tree = data(&server, &format!("/api/v1/parse_query?query={query}"));
    assert_eq!((&tree["type"], &tree["lhs"]["func"]["name"]), (&json!("binaryExpr"), &json!("rate")));
    assert_eq!(tree["lhs"]["args"][0]["range"], json!(300_000));
    let features = data(&server, "/api/v1/features");
    assert_eq!(features["promql_functions"]["histogram_quantiles"], json!(true));
    assert_eq!(data(&server, "/api/v1/notifications"), json!([]));
    let metadata = data(&server, "/api/v1/metadata?limit_per_metric=1&metric=requests_total");
    assert_eq!(metadata["requests_total"][0]["type"], "counter");
    assert_eq!(data(&server, "/api/v1/metadata?limit=0"), json!({}));
    let tsdb = data(&server, "/api/v1/status/tsdb?limit=1");
    assert_eq!(tsdb["seriesCountByMetricName"], json!([{"name": "requests_total", "value": 2}]));
    assert_eq!(tsdb["labelValueCountByLabelName"][0], json!({"name": "__name__", "value": 2}));
    let stats = data(&server, &format!("/api/v1/query?query=requests_total&time={START_S}&stats=all"));
    assert_eq!(stats["stats"]["samples"]["totalQueryableSamples"], json!(2));
    assert_eq!(stats["stats"]["samples"]["totalQueryableSamplesPerStep"], json!([[START_S, 2]]));
    assert!(stats["stats"]["timings"]["evalTotalTime"].is_number());
    let stats = data(&server, &format!("/api/v1/query_range?query={query}&{times}&step=300&stats=all"));
    let each = json!([[START_S, 2], [START_S + 300, 10], [START_S + 600, 8]]);
    assert_eq!(stats["stats"]["samples"]["totalQueryableSamplesPerStep"], each);
    assert_eq!(stats["stats"]["samples"]["totalQueryableSamples"], json!(20));
    let long = "a".repeat(60);
    let format = data(&server, &format!("/api/v1/format_query?query=sum({long})%2Bsum({long})"));
    assert_eq!(format, format!("  sum({long})\n+\n  sum({long})"));
    assert_eq!(server.get("/api/v1/targets/metadata").0, 404);
}

#[test]
fn notifications_stay_open_and_the_server_can_be_asked_to_stop() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect"]);
    let mut live = send(&server, "/api/v1/notifications/live", "");
    let mut head = [0; 1024];
    let read = std::io::Read::read(&mut live, &mut head).expect("a head");
    let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
    assert!(head.starts_with("http/1.1 200") && head.contains("text/event-stream"), "{head}");
    live.set_read_timeout(Some(std::time::Duration::from_millis(200))).expect("set");
    let mut rest = Vec::new();
    let open = std::io::Read::read_to_end(&mut live, &mut rest).expect_err("it stays open").kind();
    assert_eq!(open, std::io::ErrorKind::WouldBlock);
    assert_eq!(server.get("/-/quit").0, 405);
    assert_eq!(server.post("/-/quit", &[], Vec::new()).0, 200);
    // The open stream ends with the server, and does not hold it up.
    live.set_read_timeout(None).expect("set");
    std::io::Read::read_to_end(&mut live, &mut rest).expect("an end");
    let (status, took) = server.wait();
    assert!(status.success() && took < std::time::Duration::from_secs(4), "{status} after {took:?}");
}

#[test]
fn relabelling_is_shown_rule_by_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    crate::server::write(
        &config,
        "scrape_configs:\n- job_name: a\n  relabel_configs:\n  - {source_labels: [env], target_label: stage}\n  \
         - {action: drop, source_labels: [stage], regex: old}\n- job_name: empty\n",
    );
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    assert_eq!(data(&server, "/api/v1/scrape_pools"), json!({"scrapePools": ["a", "empty"]}));
    let steps = |env: &str| {
        let labels = encode(&json!({"env": env}).to_string());
        data(&server, &format!("/api/v1/targets/relabel_steps?scrapePool=a&labels={labels}"))["steps"].clone()
    };
    assert_eq!(steps("new")[0]["output"], json!({"env": "new", "stage": "new"}));
    assert_eq!(steps("new")[1]["keep"], json!(true));
    let dropped = steps("old");
    assert_eq!((&dropped[1]["keep"], &dropped[1]["output"]), (&json!(false), &json!({})));
    assert_eq!(dropped[1]["rule"]["action"], "drop");
    assert_eq!(server.get("/api/v1/targets/relabel_steps?scrapePool=b&labels={}").0, 404);
    assert_eq!(server.get("/api/v1/targets/relabel_steps?scrapePool=a&labels=x").0, 400);
}

#[test]
fn answers_are_compressed_as_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path(), &[]);
    let (start, end) = (START_S, START_S + 540);
    let path = format!("/api/v1/query_range?query=requests_total&start={start}&end={end}&step=1");
    let (_, plain) = server.get(&path);
    for (encoding, magic) in [("zstd", [0x28, 0xb5, 0x2f, 0xfd]), ("gzip", [0x1f, 0x8b, 0x08, 0x00])] {
        let bytes = raw(&server, &path, &format!("accept-encoding: {encoding}\r\n"));
        let body = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&bytes[..body]).to_lowercase();
        assert!(head.contains(&format!("content-encoding: {encoding}")), "{head}");
        assert!(bytes[body..].windows(4).take(16).any(|window| window == magic), "{encoding}");
        assert!(bytes.len() < plain.len());
    }
}

/// A GET whose answer is left as it came.
fn raw(server: &Server, path: &str, headers: &str) -> Vec<u8> {
    let mut stream = send(server, path, headers);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut bytes).expect("an answer");
    bytes
}

fn send(server: &Server, path: &str, headers: &str) -> TcpStream {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    stream
}

#[test]
fn series_are_deleted_and_snapshots_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path(), &[]);
    let at = START_S + 540;
    let count = |server: &Server| {
        let answer = data(server, &format!("/api/v1/query?query=count(requests_total)&time={at}"));
        answer["result"][0]["value"][1].as_str().map(str::to_owned)
    };
    let (status, text) = server.post("/api/v1/admin/tsdb/snapshot", &[], Vec::new());
    assert_eq!(status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let name = answer["data"]["name"].as_str().expect("a name").to_owned();
    assert_eq!(server.post("/api/v1/admin/tsdb/delete_series", &[], Vec::new()).0, 400);
    let path = format!("/api/v1/admin/tsdb/delete_series?match[]={}", encode("{instance=\"a\"}"));
    assert_eq!(server.post(&path, &[], Vec::new()), (204, String::new()));
    assert_eq!(count(&server).as_deref(), Some("1"));
    assert_eq!(server.post("/api/v1/admin/tsdb/clean_tombstones", &[], Vec::new()), (204, String::new()));
    assert_eq!(count(&server).as_deref(), Some("1"));
    assert!(server.terminate().0.success());
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    assert_eq!(count(&server).as_deref(), Some("1"));
    let copy = folder.path().join("snapshots").join(name);
    drop(server);
    let server = Server::start(&copy, &["--no-collect", "--retention", "0"]);
    assert_eq!(count(&server).as_deref(), Some("2"));
    let blocks = data(&server, "/api/v1/status/tsdb/blocks")["blocks"].clone();
    assert_eq!(
        (&blocks[0]["stats"]["numSeries"], &blocks[0]["minTime"]),
        (&json!(3), &json!(START_S * 1000))
    );
}

#[test]
fn another_prometheus_federates() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let now_ms = i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis(),
    )
    .expect("in range");
    let mut batch = MetricBatch::default();
    batch.push(labels("a"), [Sample { t_ms: now_ms - 1_000, value: 1.5 }]);
    batch.push(
        Labels::from_pairs([("__name__", "up"), ("job", "x\"y")]),
        [Sample { t_ms: now_ms, value: 1.0 }],
    );
    assert_eq!(server.post("/api/v1/write", &PROTOBUF, wire::remote_write::encode(&batch)).0, 204);
    let (status, text) = server.get("/federate?match[]=requests_total&match[]=up");
    assert_eq!(status, 200);
    assert_eq!(
        text,
        format!(
            "# TYPE requests_total untyped\nrequests_total{{instance=\"a\"}} 1.5 {}\n# TYPE up untyped\n\
             up{{job=\"x\\\"y\",instance=\"\"}} 1 {now_ms}\n",
            now_ms - 1_000
        )
    );
    assert_eq!(server.get("/federate?match[]=(").0, 400);
    // Another Pharos scrapes it as Prometheus does: native histograms come along, names and instances stay.
    let mut batch = MetricBatch::default();
    batch.push(Labels::from_pairs([("__name__", "latency"), ("instance", "a"), ("job", "j")]), []);
    let histogram = Histogram {
        schema: 2,
        count: 3.5,
        sum: 4.5,
        zero_threshold: 0.001,
        positive_spans: vec![Span { offset: 0, length: 2 }],
        positive_buckets: vec![1.5, 2.0],
        ..Histogram::default()
    };
    batch.histograms.push((0, now_ms, histogram));
    assert_eq!(server.post("/api/v1/write", &PROTOBUF, wire::remote_write::encode(&batch)).0, 204);
    let config = folder.path().join("prometheus.yml");
    let address = server.url.trim_start_matches("http://");
    crate::server::write(
        &config,
        &format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: federate\n  honor_labels: true\n  \
             metrics_path: /federate\n  params: {{'match[]': ['{{__name__!=\"\"}}']}}\n  \
             scrape_native_histograms: true\n  static_configs: [{{targets: ['{address}']}}]\n"
        ),
    );
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let above = Server::start(&folder.path().join("above"), &args);
    let found = eventually("what is below", || above.query("histogram_count(latency)").pop());
    assert_eq!(found["value"][1], "3.5", "{found}");
    let found = above.query("last_over_time(latency[1h])");
    assert_eq!(found[0]["metric"], json!({"__name__": "latency", "instance": "a", "job": "j"}));
    assert_eq!(found[0]["histogram"][1]["buckets"].as_array().map(Vec::len), Some(2), "{found:?}");
    assert_eq!(above.query("up{job=\"x\\\"y\"}")[0]["metric"]["instance"], Value::Null);
}

/// `ReadRequest` of one query, hand-made: the client's side of the protocol.
fn read_request(metric: &str, streamed: bool) -> Vec<u8> {
    fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
        out.extend([number << 3 | 2, u8::try_from(bytes.len()).expect("short")]);
        out.extend(bytes);
    }
    fn number(out: &mut Vec<u8>, field: u8, mut n: u64) {
        out.push(field << 3);
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    }
    let mut matcher = Vec::new();
    field(&mut matcher, 2, b"__name__");
    field(&mut matcher, 3, metric.as_bytes());
    let mut query = Vec::new();
    number(&mut query, 1, START_S as u64 * 1000);
    number(&mut query, 2, (START_S as u64 + 600) * 1000);
    field(&mut query, 3, &matcher);
    let mut request = Vec::new();
    field(&mut request, 1, &query);
    if streamed {
        field(&mut request, 2, &[1, 0]);
    }
    wire::compression::to_snappy(&request)
}

#[test]
fn another_prometheus_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path(), &[]);
    let read = |metric: &str, streamed: bool| {
        let url = format!("{}/api/v1/read", server.url);
        crate::server::request_bytes(reqwest::Method::POST, &url, &PROTOBUF, read_request(metric, streamed))
    };
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for metric in ["requests_total", "latency"] {
        let (status, body) = read(metric, false);
        let message = wire::compression::snappy(&body, 1 << 20).expect("a snappy block");
        assert_eq!(status, 200);
        assert!(
            contains(&message, metric.as_bytes())
                && contains(&message, &4.5_f64.to_le_bytes()) == (metric == "latency")
        );
    }
    let (status, frames) = read("requests_total", true);
    assert_eq!(status, 200);
    assert_eq!(frames.windows(8).filter(|window| *window == b"instance").count(), 2);
    // One chunk of float histograms: kind 3.
    let (_, frames) = read("latency", true);
    assert!(contains(&frames, b"latency") && contains(&frames, &[0x18, 3, 0x22]), "{frames:?}");
    assert_eq!(server.post("/api/v1/read", &PROTOBUF, b"no snappy".to_vec()).0, 400);
}

#[test]
fn a_query_beyond_its_budget_says_how_to_narrow_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let server =
        filled(folder.path(), &[("PHAROS_QUERY_MAX_SAMPLES", "15"), ("PHAROS_QUERY_MAX_MEMORY_MIB", "1")]);
    let ask = |query: &str| {
        let end = START_S + 540;
        let path = format!("/api/v1/query_range?query={}&start={START_S}&end={end}&step=1", encode(query));
        let (status, text) = server.get(&path);
        (status, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let (status, answer) = ask("requests_total");
    assert_eq!((status, answer["errorType"].as_str()), (422, Some("execution")), "{answer}");
    let message = answer["error"].as_str().expect("a message");
    for part in ["budget of 15 samples", "read 20", "narrow the time range"] {
        assert!(message.contains(part), "{message}");
    }
    let (status, answer) = ask("sum_over_time(vector(1)[1h:1ms])");
    let message = answer["error"].as_str().unwrap_or_default();
    assert_eq!(status, 422, "{answer}");
    assert!(message.contains("its budget is 1 MiB") && message.contains("longer step"), "{message}");
    // Its memory is free again, and so is the budget of others.
    let (status, answer) = ask("requests_total{instance=\"a\"}");
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn a_client_that_goes_away_stops_its_query() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path(), &[("PHAROS_QUERY_TIMEOUT", "24h")]);
    // Hours of work each, and more of them than there are threads.
    let endless = encode("max_over_time(sum_over_time(vector(time())[8d:1s])[8d:1s])");
    let places = std::thread::available_parallelism().map_or(2, usize::from) + 4;
    let path = format!("/api/v1/query?query={endless}&time={START_S}");
    let clients: Vec<TcpStream> = (0..places).map(|_| send(&server, &path, "")).collect();
    let quick = |timeout: &str| server.get(&format!("/api/v1/query?query=1&timeout={timeout}"));
    eventually("all threads are taken", || (quick("100ms").0 == 503).then_some(()));
    drop(clients);
    eventually("the threads are free", || (quick("5s").0 == 200).then_some(()));
}

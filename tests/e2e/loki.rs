//! What Loki's clients call besides queries: OTLP, live tail, volumes, patterns, fields, deletes.

use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use model::{Entry, Labels, LogBatch, StreamEntries};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::otlp::grpc;
use crate::server::{Server, encode, eventually, request};

fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_nanos()).expect("before 2262")
}

fn push(url: &str, labels: &[(&str, &str)], lines: impl IntoIterator<Item = (i64, Vec<u8>)>) {
    let entry = |(t_ns, line): (i64, Vec<u8>)| Entry { t_ns, line: line.into(), metadata: Labels::empty() };
    let labels = Labels::from_pairs(labels.iter().copied());
    let streams = vec![StreamEntries { labels, entries: lines.into_iter().map(entry).collect() }];
    let body = wire::loki_push::encode(&LogBatch { streams, cursors: Vec::new() });
    let headers = [("content-type", "application/x-protobuf")];
    let (status, text) = request(reqwest::Method::POST, &format!("{url}/loki/api/v1/push"), &headers, body);
    assert_eq!(status, 204, "{text}");
}

/// A protobuf field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let len = u8::try_from(bytes.len()).expect("short");
    assert!(len < 128);
    [&[number << 3 | 2, len], bytes].concat()
}

/// An `ExportLogsServiceRequest` with one record.
fn otlp(line: &str) -> Vec<u8> {
    let service = [field(1, b"service.name"), field(2, &field(1, b"shop"))].concat();
    let resource = field(1, &field(1, &service));
    let time = [&[1 << 3 | 1][..], &(now_ns() as u64).to_le_bytes()].concat();
    let record = [time, field(5, &field(1, line.as_bytes()))].concat();
    field(1, &[resource, field(2, &field(2, &record))].concat())
}

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

#[test]
fn otlp_logs_come_by_every_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect"]);
    let json_body = json!({"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [{"timeUnixNano": now_ns().to_string(),
            "severityText": "WARN", "body": {"stringValue": "by json"},
            "traceId": "0af7651916cd43dd8448eb211c80319c"}]}],
    }]});
    let json_type = [("content-type", "application/json")];
    let (status, text) = server.post("/otlp/v1/logs", &json_type, json_body.to_string().into_bytes());
    assert_eq!((status, text.as_str()), (200, "{\"partialSuccess\":{}}"));
    let proto = [("content-type", "application/x-protobuf")];
    assert_eq!(server.post("/v1/logs", &proto, otlp("by protobuf")), (200, String::new()));
    assert_eq!(grpc(&server.url, LOGS, &otlp("by grpc")), ("0".to_owned(), vec![0; 5]));
    assert_eq!(grpc(&server.url, LOGS, b"\xff").0, "3", "what is no message is an invalid argument");
    let mut lines = server.lines("{service_name=\"shop\"}");
    lines.sort();
    assert_eq!(lines, ["by grpc", "by json", "by protobuf"]);
    assert_eq!(
        server.lines("{service_name=\"shop\"} | trace_id=\"0af7651916cd43dd8448eb211c80319c\""),
        ["by json"]
    );
    assert_eq!(
        server.lines("{service_name=\"shop\"} | severity_text=\"WARN\" | scope_name=\"lib\"").len(),
        1
    );
    let (status, text) = server.post("/otlp/v1/logs", &json_type, b"{".to_vec());
    assert!(status == 400 && text.contains("\"code\":3"), "{status} {text}");
    assert_eq!(server.post("/v1/logs", &[("content-type", "text/html")], Vec::new()).0, 415);
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Reads a live tail until it has shown `count` lines; gives them in the order they came, with the sizes of messages.
/// Says so when the first ones are there.
async fn tail(url: String, query: &str, count: usize, begun: mpsc::Sender<()>) -> (Vec<String>, Vec<usize>) {
    let url = format!("{}/loki/api/v1/tail?{query}", url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("connected");
    let (mut lines, mut sizes) = (Vec::new(), Vec::new());
    while lines.len() < count {
        let message = socket.next().await.expect("goes on").expect("a message");
        let Ok(text) = message.to_text() else { continue };
        let Ok(body) = serde_json::from_str::<Value>(text) else { continue };
        let before = lines.len();
        for stream in body["streams"].as_array().expect("streams") {
            for value in stream["values"].as_array().expect("values") {
                lines.push(value[1].as_str().expect("a line").to_owned());
            }
        }
        sizes.push(lines.len() - before);
        if before == 0 {
            begun.send(()).await.expect("awaited");
        }
    }
    (lines, sizes)
}

#[test]
fn live_tails_beside_a_push_at_full_speed_lose_nothing() {
    const TAILS: usize = 10;
    const PUSHES: i64 = 60;
    const LINES: i64 = 500;
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect"]);
    let start = now_ns();
    push(
        &server.url,
        &[("job", "live")],
        [(start - 2, b"before 1".to_vec()), (start - 1, b"before 2".to_vec())],
    );
    let (url, all) = (server.url.clone(), (2 + PUSHES * LINES) as usize);
    let (tails, delayed) = runtime().block_on(async {
        let query = |more: &str| format!("query={}&{more}", encode("{job=\"live\"}"));
        let (begun, mut begins) = mpsc::channel(TAILS + 1);
        let follow = |more: &str, count: usize| {
            let (url, query, begun) = (url.clone(), query(more), begun.clone());
            tokio::spawn(async move { tail(url, &query, count, begun).await })
        };
        let tails: Vec<_> = (0..TAILS).map(|_| follow("limit=100", all)).collect();
        let delayed = follow("limit=7&delay_for=1", 2 + LINES as usize);
        for _ in 0..=TAILS {
            begins.recv().await.expect("begins");
        }
        let pusher = tokio::task::spawn_blocking(move || {
            for push_number in 0..PUSHES {
                // Backwards within a push: late lines are shown, too.
                let line = |n: i64| {
                    let t_ns = start + push_number * LINES + (LINES - n);
                    (t_ns, format!("line {push_number} {n} {}", "x".repeat(200)).into_bytes())
                };
                push(&url, &[("job", "live")], (0..LINES).map(line));
            }
        });
        pusher.await.expect("pushed");
        let mut got = Vec::new();
        for tail in tails {
            got.push(tail.await.expect("a tail"));
        }
        (got, delayed.await.expect("a tail"))
    });
    for (lines, sizes) in tails {
        assert_eq!(lines.len(), all);
        assert_eq!(&lines[..2], ["before 1", "before 2"], "what was there comes first, the oldest in front");
        assert!(sizes.iter().all(|size| (1..=100).contains(size)), "{sizes:?}");
        let distinct: std::collections::BTreeSet<&String> = lines.iter().collect();
        assert_eq!(distinct.len(), all, "no line twice");
    }
    assert!(delayed.1.iter().all(|size| (1..=7).contains(size)));
    let (status, text) = server.get("/loki/api/v1/tail?query=rate(%7Ba%3D%22b%22%7D%5B1m%5D)");
    assert!(status == 400 && text.contains("log query"), "{status} {text}");
    assert_eq!(server.get("/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D&delay_for=9").0, 400);
}

const BASE_S: i64 = 1_700_000_000;

/// Two streams of known sizes and shapes, a line a second.
fn filled(folder: &std::path::Path) -> Server {
    let server = Server::start(folder, &["--no-collect", "--retention", "0"]);
    let at = |n: i64| (BASE_S + n) * 1_000_000_000;
    let json = |n: i64| {
        let took = n * 10;
        format!(
            "{{\"msg\":\"user u{n} logged in\",\"took\":\"{took}ms\",\"http\":{{\"status\":{}}}}}",
            200 + n % 2
        )
    };
    push(&server.url, &[("app", "web"), ("pod", "1")], (0..60).map(|n| (at(n), json(n).into_bytes())));
    let logfmt = |n: i64| format!("level=info n={n} ok={}", n % 2 == 0);
    push(
        &server.url,
        &[("app", "db"), ("pod", "2"), ("id", "7")],
        (0..20).map(|n| (at(n), logfmt(n).into_bytes())),
    );
    server
}

const RANGE: &str = "start=1700000000&end=1700000060";

#[test]
fn volumes_and_statistics_say_how_much_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let web: usize = (0..60i64)
        .map(|n| {
            format!(
                "{{\"msg\":\"user u{n} logged in\",\"took\":\"{}ms\",\"http\":{{\"status\":200}}}}",
                n * 10
            )
            .len()
        })
        .sum();
    let db: usize = (0..20i64).map(|n| format!("level=info n={n} ok={}", n % 2 == 0).len()).sum();
    let stats = |query: &str, range: &str| {
        let stats = server.json(&format!("/loki/api/v1/index/stats?{range}&query={}", encode(query)));
        let number = |name: &str| stats[name].as_u64().unwrap_or_else(|| panic!("{name}: {stats}"));
        (number("streams"), number("entries"), number("bytes"))
    };
    assert_eq!(stats("{app=~\".+\"}", RANGE), (2, 80, (web + db) as u64));
    assert_eq!(stats("{app=\"web\"}", RANGE), (1, 60, web as u64));
    assert_eq!(
        stats("{app=\"web\"}", "start=1700000010&end=1700000020").1,
        10,
        "start inclusive, end exclusive"
    );
    assert_eq!(stats("{app=\"none\"}", RANGE), (0, 0, 0));

    let volume = |more: &str| {
        let answer = server.json(&format!("/loki/api/v1/index/volume?{RANGE}{more}"));
        assert_eq!((&answer["status"], &answer["data"]["resultType"]), (&json!("success"), &json!("vector")));
        let rows = answer["data"]["result"].as_array().expect("rows").clone();
        rows.into_iter().map(|row| (row["metric"].clone(), row["value"][1].clone())).collect::<Vec<_>>()
    };
    let text = |n: usize| json!(n.to_string());
    let query = format!("&query={}", encode("{app=~\".+\"}"));
    let both = [(json!({"app": "web"}), text(web)), (json!({"app": "db"}), text(db))];
    assert_eq!(volume(&query), both);
    assert_eq!(volume(&format!("{query}&limit=1")), both[..1]);
    let by_pod = [(json!({"pod": "1"}), text(web)), (json!({"pod": "2"}), text(db))];
    assert_eq!(volume(&format!("{query}&targetLabels=pod")), by_pod);
    let names = volume("&query=%7B%7D&aggregateBy=labels");
    let names: Vec<(Option<&String>, &Value)> =
        names.iter().map(|(labels, n)| (labels.as_object().and_then(|o| o.keys().next()), n)).collect();
    let name =
        |name: &str| names.iter().find(|(n, _)| n.is_some_and(|n| n == name)).map(|(_, n)| (*n).clone());
    assert_eq!((name("app"), name("id")), (Some(text(web + db)), Some(text(db))));

    let range = server.json(&format!("/loki/api/v1/index/volume_range?{RANGE}{query}&step=20"));
    let matrix = range["data"]["result"].as_array().expect("series");
    assert_eq!(matrix.len(), 2);
    let db_values = matrix.iter().find(|s| s["metric"]["app"] == "db").expect("db")["values"].clone();
    assert_eq!(db_values, json!([[BASE_S + 20, db.to_string()]]));
    assert_eq!(server.get(&format!("/loki/api/v1/index/volume?{RANGE}&query=%7B%7D&aggregateBy=x")).0, 400);
}

#[test]
fn drilldown_finds_patterns_fields_and_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let get = |path: &str, query: &str| {
        server.json(&format!("/loki/api/v1/{path}?{RANGE}&query={}", encode(query)))
    };
    let patterns = get("patterns", "{app=\"web\"}");
    assert_eq!(patterns["status"], "success");
    let first = &patterns["data"][0];
    assert_eq!(
        first["pattern"],
        "{\"msg\":\"user <_> logged in\",\"took\":\"<_>\",\"http\":{\"status\":<_>}}"
    );
    let total: u64 = first["samples"].as_array().expect("samples").iter().filter_map(|s| s[1].as_u64()).sum();
    assert_eq!(total, 60);
    let found = first["pattern"].as_str().expect("a pattern");
    let again = format!("{{app=\"web\"}} |> {}", serde_json::to_string(found).expect("text"));
    let path = format!("/loki/api/v1/query_range?{RANGE}&limit=100&query={}", encode(&again));
    assert_eq!(
        server.json(&path)["data"]["result"][0]["values"].as_array().map(Vec::len),
        Some(60),
        "{again}"
    );

    let fields = get("detected_fields", "{app=~\".+\"}");
    let field = |label: &str| {
        let all = fields["fields"].as_array().expect("fields");
        all.iter().find(|f| f["label"] == label).unwrap_or_else(|| panic!("{label}: {fields}")).clone()
    };
    assert_eq!(
        field("took"),
        json!({"label": "took", "type": "duration", "cardinality": 60, "parsers": ["json"], "jsonPath": ["took"]})
    );
    assert_eq!(field("http_status")["jsonPath"], json!(["http", "status"]));
    assert_eq!(
        (&field("http_status")["type"], &field("http_status")["cardinality"]),
        (&json!("int"), &json!(2))
    );
    assert_eq!(
        field("ok"),
        json!({"label": "ok", "type": "boolean", "cardinality": 2, "parsers": ["logfmt"]})
    );
    assert_eq!(fields["limit"], 1000);
    let values = get("detected_field/http_status/values", "{app=\"web\"}");
    assert_eq!(values["values"], json!(["200", "201"]));
    assert_eq!(get("detected_field/nothing/values", "{app=\"web\"}")["values"], json!([]));

    let labels = get("detected_labels", "{app=~\".+\"}");
    assert_eq!(
        labels,
        json!({"detectedLabels": [{"label": "app", "cardinality": 2}, {"label": "pod", "cardinality": 2}]})
    );
    let limits = server.json("/loki/api/v1/drilldown-limits");
    assert_eq!(
        (&limits["limits"]["volume_enabled"], &limits["pattern_ingester_enabled"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn deleted_lines_are_gone_at_once_and_for_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let lines = |server: &Server, query: &str| {
        let path = format!("/loki/api/v1/query_range?{RANGE}&limit=1000&query={}", encode(query));
        let answer = server.json(&path);
        let streams = answer["data"]["result"].as_array().expect("streams");
        streams.iter().map(|s| s["values"].as_array().map_or(0, Vec::len)).sum::<usize>()
    };
    let delete = |more: &str| server.post(&format!("/loki/api/v1/delete?{more}"), &[], Vec::new());
    let query = encode("{app=\"web\"} |= \"u1\"");
    assert_eq!(delete(&format!("query={query}&start=1700000000&end=1700000015")).0, 204);
    // u1, u10 … u15 were sent within that time, u16 … u19 later.
    assert_eq!(lines(&server, "{app=\"web\"}"), 60 - 7);
    assert_eq!(lines(&server, "{app=\"db\"}"), 20);
    let path = format!(
        "/loki/api/v1/query?time=1700000060&query={}",
        encode("sum(count_over_time({app=\"web\"}[2m]))")
    );
    assert_eq!(server.json(&path)["data"]["result"][0]["value"][1], "53");
    for (wrong, part) in [
        ("start=1", "query not set"),
        ("query=%7Bapp%3D%22web%22%7D", "start time not set"),
        ("query=%7Bapp%3D%22web%22%7D&start=1&end=4102444800", "future"),
        ("query=%7Bapp%3D%22web%22%7D%20%7C%20json&start=1", "line filters"),
    ] {
        let (status, text) = delete(wrong);
        assert!(status == 400 && text.contains(part), "{wrong}: {status} {text}");
    }
    let all = eventually("it is done", || {
        let all = server.json("/loki/api/v1/delete");
        (all[0]["status"] == "processed").then_some(all)
    });
    assert_eq!(all[0]["query"], "{app=\"web\"} |= \"u1\"");
    assert_eq!(
        (&all[0]["start_time"], &all[0]["end_time"]),
        (&json!(1_700_000_000.0), &json!(1_700_000_015.0))
    );
    assert_eq!(lines(&server, "{app=\"web\"}"), 53);
    let id = all[0]["request_id"].as_str().expect("an id");
    let cancel = request(
        reqwest::Method::DELETE,
        &format!("{}/loki/api/v1/delete?request_id={id}", server.url),
        &[],
        Vec::new(),
    );
    assert_eq!(cancel.0, 404, "what is done cannot be taken back");
    // Sent again it is there again.
    push(&server.url, &[("app", "web"), ("pod", "1")], [(BASE_S * 1_000_000_000 + 1, b"u1 again".to_vec())]);
    assert_eq!(lines(&server, "{app=\"web\"}"), 54);
    server.kill();
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    assert_eq!((lines(&server, "{app=\"web\"}"), lines(&server, "{app=\"db\"}")), (54, 20));
    assert_eq!(server.json("/loki/api/v1/delete")[0]["status"], "processed");
}

#[test]
fn small_things_that_clients_ask() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = filled(folder.path());
    let path = format!(
        "/loki/api/v1/query_range?{RANGE}&limit=100&query={}",
        encode("{app=\"web\"} | json | took=\"10ms\"")
    );
    let url = format!("{}{path}", server.url);
    let headers = [("x-loki-response-encoding-flags", "categorize-labels")];
    let (status, text) = request(reqwest::Method::GET, &url, &headers, Vec::new());
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{status} {e}: {text}"));
    assert_eq!(answer["data"]["encodingFlags"], json!(["categorize-labels"]));
    let stream = &answer["data"]["result"][0];
    assert_eq!(stream["stream"], json!({"app": "web", "pod": "1"}));
    let parsed = json!({"parsed": {"http_status": "201", "msg": "user u1 logged in", "took": "10ms"}});
    assert_eq!(stream["values"][0][2], parsed);
    let stats = &answer["data"]["stats"];
    assert_eq!(stats["summary"]["totalEntriesReturned"], 1);
    assert!(stats["querier"]["store"]["chunk"]["decompressedLines"].as_u64().is_some(), "{stats}");
    assert!(stats["ingester"]["store"]["chunk"].is_object() && stats["cache"]["chunk"].is_object());

    let path = format!(
        "/loki/api/v1/query_range?{RANGE}&limit=4&direction=forward&interval=20s&query={}",
        encode("{app=\"web\"}")
    );
    let thinned = server.json(&path);
    let times: Vec<i64> = thinned["data"]["result"][0]["values"]
        .as_array()
        .expect("values")
        .iter()
        .map(|v| v[0].as_str().and_then(|t| t.parse::<i64>().ok()).expect("a time") / 1_000_000_000 - BASE_S)
        .collect();
    assert_eq!(times, [0, 20, 40]);

    assert_eq!(server.get("/loki/api/v1/rules"), (404, "no rule groups found\n".to_owned()));
    assert_eq!(server.get("/prometheus/api/v1/rules").0, 200);
    assert!(server.get("/services").1.contains("querier => Running"));
    assert!(server.get("/config").1.contains("retention"));
    assert_eq!(server.json("/log_level")["message"], "Current log level is info");
    assert_eq!(server.post("/flush", &[], Vec::new()).0, 204);
    let bad = json!({"streams": [{"stream": {"1bad": "x"}, "values": [["1", "y"]]}]}).to_string();
    let (status, text) =
        server.post("/loki/api/v1/push", &[("content-type", "application/json")], bad.into_bytes());
    assert!(status == 400 && text.contains("1bad"), "{status} {text}");
}

#[test]
fn anything_goes_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let long = vec![b'y'; 4 << 20];
    push(&server.url, &[("job", "odd")], [(now_ns(), long.clone()), (now_ns(), b"not \xff UTF-8".to_vec())]);
    assert!(server.lines("{job=\"odd\"} |= \"yyyy\"").first().is_some_and(|line| line.len() == long.len()));
    assert_eq!(server.lines("{job=\"odd\"} |= \"UTF-8\""), ["not \u{fffd} UTF-8"]);
    // As a Promtail that makes a label of a request's id.
    const IDS: usize = 100_000;
    for first in (0..IDS).step_by(10_000) {
        let stream = |n: usize| StreamEntries {
            labels: Labels::from_pairs([
                ("job".to_owned(), "ids".to_owned()),
                ("request_id".to_owned(), format!("r{n}")),
            ]),
            entries: vec![Entry {
                t_ns: now_ns(),
                line: format!("request {n}").into(),
                metadata: Labels::empty(),
            }],
        };
        let batch = LogBatch { streams: (first..first + 10_000).map(stream).collect(), cursors: Vec::new() };
        let headers = [("content-type", "application/x-protobuf")];
        let (status, text) = server.post("/loki/api/v1/push", &headers, wire::loki_push::encode(&batch));
        assert_eq!(status, 204, "{text}");
    }
    assert_eq!(server.lines("{job=\"ids\", request_id=\"r77777\"}"), ["request 77777"]);
    let path = format!("/loki/api/v1/query?query={}", encode("sum(count_over_time({job=\"ids\"}[1h]))"));
    assert_eq!(server.json(&path)["data"]["result"][0]["value"][1], IDS.to_string());
    let last_year = now_ns() - Duration::from_secs(365 * 86_400).as_nanos() as i64;
    push(&server.url, &[("job", "late")], [(now_ns(), b"now".to_vec()), (last_year, b"then".to_vec())]);
    let path = format!(
        "/loki/api/v1/query_range?start={}&end={}&query={}",
        last_year,
        last_year + 1,
        encode("{job=\"late\"}")
    );
    assert_eq!(server.json(&path)["data"]["result"][0]["values"][0][1], "then");
}

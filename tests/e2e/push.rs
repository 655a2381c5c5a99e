//! Metrics that come by themselves: remote write 2.0, pushes of batch jobs, files with history.

use model::{Labels, Metadata, MetricBatch, MetricKind, Sample};
use serde_json::{Value, json};

use crate::server::{Server, encode, request, run, write};

const V2: [(&str, &str); 2] = [
    ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
    ("content-encoding", "snappy"),
];

fn at(server: &Server, expr: &str, time_s: i64) -> Value {
    let answer = server.json(&format!("/api/v1/query?time={time_s}&query={}", encode(expr)));
    answer["data"]["result"][0]["value"][1].clone()
}

#[test]
fn remote_write_2_brings_samples_start_times_and_metadata() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let mut batch = MetricBatch::default();
    batch.push(
        Labels::from_pairs([("__name__", "hits_total"), ("job", "a")]),
        [Sample { t_ms: 10_000, value: 5.0 }, Sample { t_ms: 20_000, value: 7.0 }],
    );
    batch.series[0].start_ms = 4_000;
    let (family, kind) = ("hits_total".to_owned(), MetricKind::Counter);
    batch.metadata.push(Metadata { family, kind, help: "Hits.".into(), unit: String::new() });
    assert_eq!(server.post("/api/v1/write", &V2, wire::remote_write::encode_v2(&batch)).0, 204);
    assert_eq!(at(&server, "hits_total", 20), "7");
    assert_eq!(at(&server, "start_timestamp(hits_total)", 20), "4");
    assert_eq!(server.json("/api/v1/metadata")["data"]["hits_total"][0]["help"], "Hits.");
    let unknown = [("content-type", "application/x-protobuf;proto=other.Request")];
    assert_eq!(server.post("/api/v1/write", &unknown, Vec::new()).0, 415);
    assert_eq!(server.post("/api/v1/write", &V2, b"nonsense".to_vec()).0, 400);
}

#[test]
fn batch_jobs_push_and_their_metrics_stay_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = ["--no-collect", "--retention", "0"];
    let server = Server::start(folder.path(), &args);
    let put = |server: &Server, method: &str, path: &str, body: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        request(method, &format!("{}{path}", server.url), &[], body.as_bytes().to_vec())
    };
    assert_eq!(put(&server, "PUT", "/metrics/job/backup/instance/h1", "# TYPE rows gauge\nrows 42\n").0, 200);
    assert_eq!(put(&server, "POST", "/metrics/job/backup/instance/h1", "took_seconds 1.5\n").0, 200);
    assert_eq!(put(&server, "PUT", "/metrics/job@base64/L3Zhci90bXA", "files 3\n").0, 200);
    let value = |server: &Server, expr: &str| server.query(expr).first().map(|row| row["value"][1].clone());
    assert_eq!(value(&server, "rows{job=\"backup\",instance=\"h1\"}"), Some(json!("42")));
    assert_eq!(value(&server, "files{job=\"/var/tmp\"}"), Some(json!("3")));
    assert!(value(&server, "push_time_seconds{job=\"backup\"}").is_some());
    let (status, text) = put(&server, "PUT", "/metrics/job/backup", "rows 1 1234\n");
    assert!(status == 400 && text.contains("must not have timestamps"), "{status} {text}");
    server.terminate();
    let server = Server::start(folder.path(), &args);
    let groups = server.json("/api/v1/metrics");
    let names: Vec<&Value> =
        groups["data"].as_array().expect("groups").iter().map(|g| &g["labels"]).collect();
    assert!(names.contains(&&json!({"instance": "h1", "job": "backup"})), "{names:?}");
    assert_eq!(put(&server, "DELETE", "/metrics/job/backup/instance/h1", "").0, 202);
    assert_eq!(value(&server, "rows"), None, "the series has ended");
    assert_eq!(value(&server, "files"), Some(json!("3")));
}

#[test]
fn history_is_imported_however_old() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, file) = (folder.path().join("data"), folder.path().join("history.om"));
    let mut page = String::from("# TYPE old counter\n# HELP old Long ago.\n");
    for minute in 0..100 {
        page.push_str(&format!("old_total{{a=\"1\"}} {minute} {}\n", 1_000_000 + minute * 60));
    }
    write(&file, &format!("{page}# EOF\n"));
    let (file, data) = (file.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
    let (good, text) = run(&["import", "--data", data, file]);
    assert!(good && text.contains("100 samples imported"), "{text}");
    // Again: the same samples are no conflict.
    let (good, text) = run(&["import", "--data", data, file]);
    assert!(good && text.contains("100 samples imported"), "{text}");
    let server = Server::start(data.as_ref(), &["--no-collect", "--retention", "0"]);
    assert_eq!(at(&server, "old_total", 1_000_000 + 99 * 60), "99");
    assert_eq!(at(&server, "count_over_time(old_total[2h])", 1_000_000 + 99 * 60), "100");
    write(file.as_ref(), "old_total 1 5\n");
    let (good, text) = run(&["import", "--url", &server.url, file]);
    assert!(!good && text.contains("does not end in # EOF"), "{text}");
}

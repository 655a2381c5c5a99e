//! Targets that are scraped: good ones, broken ones, ones that go away; remote writes that are wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use model::{Labels, MetricBatch, Sample};

use crate::server::{Server, eventually, write};

/// Serves a page that the test changes.
pub(crate) struct Target {
    pub(crate) address: String,
    page: Arc<Mutex<String>>,
}

impl Target {
    pub(crate) fn start(page: &str) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let page = Arc::new(Mutex::new(page.to_owned()));
        let served = page.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let body = served.lock().expect("not poisoned").clone();
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n";
                let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
            }
        });
        Target { address, page }
    }
}

#[test]
fn a_target_is_scraped_fails_alone_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, bad) = (Target::start("good_metric 1\n"), Target::start("bad_metric 1\n"));
    let config = folder.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\nscrape_configs:\n  - job_name: good\n    \
         static_configs: [{{targets: ['{}'], labels: {{team: a}}}}]\n  - job_name: bad\n    static_configs: [{{targets: ['{}']}}]\n",
        good.address, bad.address
    );
    write(&config, &text);
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let value =
        |expr: &str| server.query(expr).first().map(|row| row["value"][1].as_str().unwrap_or("").to_owned());
    eventually("both are up", || (value("sum(up)").as_deref() == Some("2")).then_some(()));
    eventually("labels of the target", || {
        (server.query("good_metric{team=\"a\",job=\"good\"}").len() == 1).then_some(())
    });
    *bad.page.lock().expect("not poisoned") = "bad_metric 1\nthis is { no page\n".into();
    eventually("the bad one is down", || (value("up{job=\"bad\"}").as_deref() == Some("0")).then_some(()));
    eventually("its series ends", || server.query("bad_metric").is_empty().then_some(()));
    assert_eq!(value("up{job=\"good\"}").as_deref(), Some("1"));
    let targets = server.json("/api/v1/targets");
    let active = targets["data"]["activeTargets"].as_array().expect("targets");
    let down = active.iter().find(|target| target["labels"]["job"] == "bad").expect("listed");
    assert_eq!(down["health"], "down");
    assert!(down["lastError"].as_str().is_some_and(|error| error.contains("line 2")), "{down}");
    *bad.page.lock().expect("not poisoned") = "bad_metric 2\n".into();
    eventually("it comes back", || (value("bad_metric").as_deref() == Some("2")).then_some(()));
}

#[test]
fn a_reload_takes_new_targets_and_a_broken_file_leaves_the_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = Target::start("reloaded_metric 1\n");
    let config = folder.path().join("prometheus.yml");
    write(&config, "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n");
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    assert!(server.query("reloaded_metric").is_empty());
    let jobs =
        format!("scrape_configs: [{{job_name: r, static_configs: [{{targets: ['{}']}}]}}]\n", target.address);
    write(&config, &format!("global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}\n{jobs}"));
    assert_eq!(server.post("/-/reload", &[], Vec::new()).0, 200);
    eventually("the new target", || (!server.query("reloaded_metric").is_empty()).then_some(()));
    write(&config, "global: [");
    let (status, text) = server.post("/-/reload", &[], Vec::new());
    assert!(status == 500 && text.contains("prometheus.yml"), "{status} {text}");
    let active = server.json("/api/v1/targets?state=active");
    assert_eq!(active["data"]["activeTargets"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_wrong_remote_write_names_the_first_offending_series() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &["--no-collect", "--retention", "0"]);
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    let write = |series: &[(&str, f64)]| {
        let mut batch = MetricBatch::default();
        for (name, value) in series {
            batch.push(Labels::of_metric(name), [Sample { t_ms: 1000, value: *value }]);
        }
        server.post("/api/v1/write", &headers, wire::remote_write::encode(&batch))
    };
    assert_eq!(write(&[("a", 1.0)]).0, 204);
    let (status, text) = write(&[("a", 2.0), ("b", 3.0)]);
    assert!(status == 400 && text.contains("__name__=\"a\""), "{status} {text}");
    let at = |name: &str| {
        server.json(&format!("/api/v1/query?time=1&query={name}"))["data"]["result"][0]["value"][1].clone()
    };
    assert_eq!((at("a"), at("b")), ("1".into(), "3".into()));
    let (status, text) = server.post("/api/v1/write", &headers, b"nonsense".to_vec());
    assert!(status == 400 && !text.is_empty(), "{status} {text}");
    let (status, text) = server.post(
        "/loki/api/v1/push",
        &[("content-type", "application/json")],
        b"{\"streams\": [{\"stream\": {\"a\": \"b\"}, \"values\": [[\"x\", \"line\"]]}]}".to_vec(),
    );
    assert!(status == 400 && !text.is_empty(), "{status} {text}");
}

#[test]
fn a_real_node_exporter_is_scraped() {
    let binary = "/usr/bin/prometheus-node-exporter";
    if !std::path::Path::new(binary).exists() {
        return println!("skipped: prometheus-node-exporter is not installed");
    }
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let address = format!("127.0.0.1:{port}");
    let mut exporter = Command::new(binary)
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    write(
        &config,
        &format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: node, static_configs: [{{targets: ['{address}']}}]}}]\n"
        ),
    );
    let args = ["--no-collect", "--prometheus-config", config.to_str().expect("UTF-8")];
    let server = Server::start(&folder.path().join("data"), &args);
    let names = eventually("its metrics", || {
        let rows = server.query("count({job=\"node\"})");
        rows.first().and_then(|row| row["value"][1].as_str()?.parse::<u64>().ok()).filter(|n| *n > 200)
    });
    println!("{names} series of node_exporter");
    assert_eq!(server.query("up{job=\"node\"} == 1").len(), 1);
    exporter.kill().expect("ended");
    exporter.wait().expect("ended");
    eventually("it is down", || (server.query("up{job=\"node\"} == 0").len() == 1).then_some(()));
}

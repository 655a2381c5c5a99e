//! Clients that people have in their programs, unchanged: Loki handlers push, and what they pushed is read back;
//! a client of Prometheus asks. They come from elsewhere: `scripts/clients` gets them into `target/clients`, or
//! `PHAROS_CLIENTS` names a folder with a Python environment (`venv/`, with prometheus-api-client and
//! python-logging-loki) and `node_modules/` (with winston and winston-loki); without them these tests say that they
//! skip.

use std::path::PathBuf;
use std::process::Command;

use model::{Labels, Metadata, MetricBatch, MetricKind, Sample};

use crate::server::{Server, eventually};

fn clients(what: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clients");
    let folder = std::env::var_os("PHAROS_CLIENTS").map_or_else(|| PathBuf::from(own), PathBuf::from);
    if folder.join(what).exists() {
        return Some(folder);
    }
    println!("skipped: {} has no {what} (scripts/clients gets it)", folder.display());
    None
}

fn run(command: &mut Command) {
    let output = command.output().expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn python_logging_loki() {
    let Some(folder) = clients("venv/python-logging-loki") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect"]);
    let script = r#"
import logging, sys
import logging_loki
handler = logging_loki.LokiHandler(url=sys.argv[1] + "/loki/api/v1/push", tags={"application": "py"}, version="1")
def fail(record):
    raise
handler.handleError = fail
logger = logging.getLogger("orders")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
logger.info("order %d paid by größe", 7, extra={"tags": {"shop": "eu"}})
logger.error("order 8 failed\nin two lines")
"#;
    run(Command::new(folder.join("venv/bin/python"))
        .args(["-c", script, &server.url])
        .env("NO_PROXY", "127.0.0.1"));
    let lines = server.lines("{application=\"py\"}");
    assert_eq!(lines, ["order 8 failed\nin two lines", "order 7 paid by größe"]);
    assert_eq!(
        server.lines("{application=\"py\", severity=\"info\", logger=\"orders\", shop=\"eu\"}").len(),
        1
    );
}

#[test]
fn winston_loki() {
    let Some(folder) = clients("node_modules/winston-loki") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect"]);
    for json in [true, false] {
        let script = format!(
            r#"
const winston = require("winston");
const LokiTransport = require("winston-loki");
const transport = new LokiTransport({{
  host: process.argv[1], labels: {{ app: "node" }}, json: {json}, batching: false, format: winston.format.simple(),
  onConnectionError: (error) => {{ console.error(error); process.exit(1); }},
}});
const logger = winston.createLogger({{ transports: [transport] }});
logger.info({{ message: "paid as json={json}", labels: {{ shop: "eu" }} }});
transport.flush().then(() => setTimeout(() => process.exit(0), 200));
"#
        );
        run(Command::new("node").args(["-e", &script, &server.url]).current_dir(&folder));
        let query = format!("{{app=\"node\", shop=\"eu\"}} |= \"json={json}\"");
        let line = eventually("the line", || server.lines(&query).pop());
        assert!(line.contains(&format!("paid as json={json}")), "{line}");
    }
}

#[test]
fn prometheus_api_client() {
    let Some(folder) = clients("venv/prometheus-api-client") else { return };
    let data = tempfile::tempdir().expect("a folder");
    let server = Server::start(data.path(), &["--no-collect", "--retention", "0"]);
    let mut batch = MetricBatch::default();
    for (instance, factor) in [("a", 1.0), ("b", 10.0)] {
        let labels = Labels::from_pairs([("__name__", "load"), ("instance", instance), ("job", "api")]);
        let samples =
            (0..40).map(|n| Sample { t_ms: (1_700_000_000 + n * 15) * 1000, value: n as f64 * factor });
        batch.push(labels, samples);
    }
    let (kind, help) = (MetricKind::Gauge, "How much there is to do.".to_owned());
    batch.metadata = vec![Metadata { family: "load".into(), kind, help, unit: String::new() }];
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    assert_eq!(server.post("/api/v1/write", &headers, wire::remote_write::encode(&batch)).0, 204);
    let script = r#"
import sys
from datetime import datetime, timezone
from prometheus_api_client import PrometheusApiClientException, PrometheusConnect
from prometheus_api_client.utils import parse_datetime

at = lambda s: datetime.fromtimestamp(1_700_000_000 + s, timezone.utc)
client = PrometheusConnect(url=sys.argv[1], disable_ssl=True)
assert client.check_prometheus_connection()
assert client.all_metrics() == ["load"], client.all_metrics()
assert client.get_label_names() == ["__name__", "instance", "job"]
assert client.get_label_values("instance") == ["a", "b"]
assert len(client.get_series(at(0), at(600), {"match[]": "load"})) == 2
now = client.get_current_metric_value("load", {"instance": "b"}, {"time": at(150).timestamp()})
assert now == [{"metric": {"__name__": "load", "instance": "b", "job": "api"}, "value": [1700000150, "100"]}], now
raw = client.get_metric_range_data("load", {"instance": "a"}, at(-1), at(299))
assert raw[0]["values"][3] == [1700000045, "3"] and len(raw[0]["values"]) == 20, raw
total = client.custom_query("sum(load)", {"time": at(300).timestamp()})
assert total == [{"metric": {}, "value": [1700000300, "220"]}], total
steps = client.custom_query_range("sum by (job) (rate(load[1m]))", at(60), at(540), "60s")
assert [v[0] for v in steps[0]["values"]] == list(range(1700000060, 1700000541, 60)), steps
assert all(abs(float(v[1]) - 11 / 15) < 1e-9 for v in steps[0]["values"]), steps
assert client.get_targets()["activeTargets"] == [] and client.get_scrape_pools() == []
about = client.get_metric_metadata("load")
assert "How much there is to do." in str(about), about
try:
    client.custom_query("sum(")
    sys.exit("a wrong query was answered")
except PrometheusApiClientException as why:
    assert "400" in str(why) and "parse error" in str(why), why
assert parse_datetime("now") is not None
print("asked all")
"#;
    run(Command::new(folder.join("venv/bin/python"))
        .args(["-c", script, &server.url])
        .env("NO_PROXY", "127.0.0.1"));
}

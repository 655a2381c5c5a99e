//! The same random expressions over the same random data, put to Pharos and to a Prometheus that is installed beside
//! it. Answers must be equal to the last digit but for what has changed in Prometheus since that version.
//!
//! `PHAROS_SOAK=1` asks for 10,000 expressions instead of 300.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use model::{Labels, MetricBatch, Sample};
use serde_json::Value;

use crate::server::{Server, encode, eventually, request};

const START_S: i64 = 1_700_000_000;
const PROTOBUF: [(&str, &str); 2] =
    [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Counters with resets, gauges with gaps, classic histograms: an hour of samples 15 s apart.
fn data(random: &mut Random) -> MetricBatch {
    let mut batch = MetricBatch::default();
    for (name, counter) in [("requests_total", true), ("errors_total", true), ("temperature", false)] {
        for job in ["a", "b"] {
            for instance in ["x", "y", "z"] {
                let mut value = 0.0;
                let mut samples = Vec::new();
                for n in 0..240 {
                    value = match (counter, random.below(60)) {
                        (true, 0) => 0.0,
                        (true, step) => value + step as f64,
                        (false, step) => step as f64 / 7.0 - 3.0,
                    };
                    if counter || random.below(25) > 0 {
                        samples.push(Sample { t_ms: (START_S + n * 15) * 1000, value });
                    }
                }
                let pairs = [("__name__", name), ("instance", instance), ("job", job)];
                batch.push(Labels::from_pairs(pairs), samples);
            }
        }
    }
    for job in ["a", "b"] {
        let mut counts = [0.0; 4];
        let mut columns: [Vec<Sample>; 4] = Default::default();
        for n in 0..240 {
            let mut added = 0.0;
            for (count, column) in counts.iter_mut().zip(&mut columns) {
                added += random.below(5) as f64;
                *count += added;
                column.push(Sample { t_ms: (START_S + n * 15) * 1000, value: *count });
            }
        }
        for (le, samples) in ["0.1", "0.5", "2", "+Inf"].into_iter().zip(columns) {
            let pairs = [("__name__", "latency_bucket"), ("job", job), ("le", le)];
            batch.push(Labels::from_pairs(pairs), samples);
        }
    }
    batch
}

fn selector(random: &mut Random) -> String {
    let name = random.pick(&["requests_total", "errors_total", "temperature"]);
    let matcher =
        random.pick(&["", "", "{job=\"a\"}", "{instance!=\"x\"}", "{instance=~\"x|y\"}", "{job!~\"a.*\"}"]);
    format!("{name}{matcher}")
}

fn modifier(random: &mut Random) -> String {
    match random.below(12) {
        0 => " offset 5m".into(),
        1 => " offset -2m".into(),
        2 => format!(" @ {}.517", START_S + 1_800),
        3 => " @ end()".into(),
        _ => String::new(),
    }
}

fn range(random: &mut Random) -> String {
    let window = random.pick(&["1m", "2m", "5m", "7m13s", "20m"]);
    if random.below(5) == 0 {
        let step = random.pick(&["30s", "1m", "90s"]);
        return format!("({})[{window}:{step}]{}", vector(random, 1), modifier(random));
    }
    format!("{}[{window}]{}", selector(random), modifier(random))
}

/// An expression that gives a vector; `depth` bounds how it nests.
fn vector(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return format!("{}{}", selector(random), modifier(random));
    }
    match random.below(14) {
        0 => format!("{}({})", random.pick(RANGE_FUNCTIONS), range(random)),
        1 => {
            let counter = random.pick(&["requests_total", "errors_total{job=\"a\"}", "latency_bucket"]);
            let (function, window) =
                (random.pick(&["rate", "increase"]), random.pick(&["1m", "5m", "7m13s"]));
            format!("{function}({counter}[{window}]{})", modifier(random))
        }
        2 => format!("quantile_over_time(0.{}, {})", random.below(10), range(random)),
        3 => format!("predict_linear({}[5m], {})", selector(random), random.below(600)),
        4 | 5 => {
            let op = random.pick(&["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group"]);
            let by = random.pick(&["", " by (job)", " by (instance)", " without (job)"]);
            format!("{op}{by} ({})", vector(random, depth - 1))
        }
        6 => format!("quantile by (job) (0.{}, {})", random.below(10), vector(random, depth - 1)),
        7..=9 => operation(random, depth - 1),
        10 => format!("{}({})", random.pick(FUNCTIONS), vector(random, depth - 1)),
        11 => format!("clamp({}, {}, 20)", vector(random, depth - 1), random.below(5)),
        12 => format!("label_replace({}, \"job\", \"$1x\", \"job\", \"(.*)\")", vector(random, depth - 1)),
        _ => {
            let (q, window) = (random.below(11) as f64 / 10.0, random.pick(&["2m", "5m"]));
            format!("histogram_quantile({q}, sum by (le, job) (rate(latency_bucket[{window}])))")
        }
    }
}

const RANGE_FUNCTIONS: &[&str] = &[
    "delta",
    "irate",
    "idelta",
    "changes",
    "resets",
    "deriv",
    "sum_over_time",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
];

const FUNCTIONS: &[&str] = &[
    "abs",
    "ceil",
    "floor",
    "round",
    "sgn",
    "sqrt",
    "exp",
    "ln",
    "log2",
    "log10",
    "sin",
    "cos",
    "atan",
    "tanh",
    "deg",
    "rad",
    "sort",
    "timestamp",
];

fn operation(random: &mut Random, depth: usize) -> String {
    match random.below(3) {
        0 => {
            let op = random.pick(&["+", "-", "*", "/", "%", "^", ">", "<=", "== bool", "!= bool"]);
            format!("({}) {op} {}", vector(random, depth), random.below(9))
        }
        1 => {
            let op = random.pick(&["+", "-", "*", "/", ">", "<=", ">= bool"]);
            let (left, right) = (vector(random, depth), vector(random, depth));
            format!("sum by (job) ({left}) {op} on (job) sum by (job) ({right})")
        }
        _ => {
            let op = random.pick(&["and", "or", "unless"]);
            format!("({}) {op} ({})", vector(random, depth), vector(random, depth))
        }
    }
}

struct Prometheus {
    child: Child,
    url: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn prometheus(folder: &Path) -> Option<Prometheus> {
    Command::new("prometheus").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let config = folder.join("prometheus.yml");
    std::fs::File::create(&config).and_then(|mut f| f.write_all(b"scrape_configs: []\n")).expect("written");
    // A free port: taken and given back.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let server = Prometheus { child, url: format!("http://127.0.0.1:{port}") };
    eventually("Prometheus is ready", || {
        let (status, _) = request(reqwest::Method::GET, &format!("{}/-/ready", server.url), &[], Vec::new());
        (status == 200).then_some(())
    });
    Some(server)
}

fn ask(url: &str, path: &str) -> Value {
    let (_, text) = request(reqwest::Method::GET, &format!("{url}{path}"), &[], Vec::new());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
}

/// Equal, or as near as another order of additions leaves them: the old version sums and averages without
/// compensation.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::String(a), Value::String(b)) => {
            a == b
                || match (a.parse::<f64>(), b.parse::<f64>()) {
                    (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3),
                    _ => false,
                }
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

/// By labels: the order of an instant vector is nobody's promise.
fn sorted(answer: &Value) -> Value {
    let mut result = answer["data"]["result"].clone();
    if let Some(series) = result.as_array_mut() {
        series.sort_by_key(|series| series["metric"].to_string());
    }
    result
}

/// What has changed since Debian's 2.42, and how it is kept out of the way:
///
/// - windows and lookback are open on the left since 3.0: the samples stand on a grid of 15 s that no time and no
///   subquery step of a question meets;
/// - `rate` and `increase` look for a counter's zero after they have bounded how far they extrapolate: counters have
///   no gaps;
/// - `atan2` drops the metric name; `predict_linear` under `@` looks at the fixed window at every step: not asked.
fn times(random: &mut Random) -> (i64, i64) {
    let start = START_S + 1_200 + random.below(1_200) as i64;
    (start, start + 600)
}

#[test]
fn random_expressions_answer_what_prometheus_answers_soak() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(theirs) = prometheus(folder.path()) else {
        println!("skipped: prometheus is not installed (scripts/prometheus gets it)");
        return;
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let ours = Server::start(&folder.path().join("ours"), &["--no-collect", "--retention", "0"]);
    let body = wire::remote_write::encode(&data(&mut random));
    assert_eq!(ours.post("/api/v1/write", &PROTOBUF, body.clone()).0, 204);
    let url = format!("{}/api/v1/write", theirs.url);
    let mut headers = PROTOBUF.to_vec();
    headers.push(("x-prometheus-remote-write-version", "0.1.0"));
    assert_eq!(request(reqwest::Method::POST, &url, &headers, body).0, 204);
    let count = if std::env::var_os("PHAROS_SOAK").is_some() { 10_000 } else { 300 };
    let (mut values, mut errors, mut different) = (0, 0, Vec::new());
    for n in 0..count {
        let query = vector(&mut random, 1 + n % 3);
        let (start, end) = times(&mut random);
        // Half a second beside the samples and whole multiples of steps.
        let path = if n % 2 == 0 {
            format!("/api/v1/query?query={}&time={start}.517", encode(&query))
        } else {
            format!("/api/v1/query_range?query={}&start={start}.517&end={end}.517&step=37", encode(&query))
        };
        let (a, b) = (ask(&ours.url, &path), ask(&theirs.url, &path));
        match (a["status"].as_str(), b["status"].as_str()) {
            (Some("success"), Some("success")) if same(&sorted(&a), &sorted(&b)) => values += 1,
            (Some("error"), Some("error")) => errors += 1,
            _ => {
                different.push(format!("{query}\n  {path}\n  ours:   {}\n  theirs: {}", short(&a), short(&b)))
            }
        }
    }
    println!("{count} expressions: {values} equal, {errors} refused by both, {} different", different.len());
    let shown: Vec<String> = different.iter().take(10).cloned().collect();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), shown.join("\n"));
}

fn short(answer: &Value) -> String {
    let text = answer.to_string();
    text.chars().take(700).collect()
}

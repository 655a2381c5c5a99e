//! The same random expressions over the same random data, put to Pharos and to a Prometheus that is installed beside
//! it. Answers must be equal to the last digit but for what has changed in Prometheus since that version.
//!
//! `PHAROS_SOAK=1` asks for 10,000 expressions over floats and 3,000 over native histograms instead of 300 and 120.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use model::{Histogram, Labels, MetricBatch, Sample, Span};
use serde_json::Value;

use crate::server::{Server, encode, eventually, request};

const START_S: i64 = 1_700_000_000;
pub(crate) const PROTOBUF: [(&str, &str); 2] =
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

/// A Prometheus that is installed here, on a free port; ended with the test.
pub(crate) struct Prometheus {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Starts with its data in `folder` and waits until it is ready; `None` if there is none.
    pub(crate) fn start(folder: &Path) -> Option<Prometheus> {
        Prometheus::start_with(folder, "scrape_configs: []\n")
    }

    /// The same with a configuration.
    pub(crate) fn start_with(folder: &Path, config_text: &str) -> Option<Prometheus> {
        Command::new("prometheus")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        let config = folder.join("prometheus.yml");
        std::fs::File::create(&config)
            .and_then(|mut f| f.write_all(config_text.as_bytes()))
            .expect("written");
        // A free port: taken and given back.
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y"])
            .arg("--enable-feature=native-histograms")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Prometheus { child, url: format!("http://127.0.0.1:{port}") };
        eventually("Prometheus is ready", || {
            let (status, _) =
                request(reqwest::Method::GET, &format!("{}/-/ready", server.url), &[], Vec::new());
            (status == 200).then_some(())
        });
        Some(server)
    }

    /// Takes a remote write.
    pub(crate) fn write(&self, body: Vec<u8>) {
        let url = format!("{}/api/v1/write", self.url);
        let mut headers = PROTOBUF.to_vec();
        headers.push(("x-prometheus-remote-write-version", "0.1.0"));
        assert_eq!(request(reqwest::Method::POST, &url, &headers, body).0, 204);
    }
}

pub(crate) fn ask(url: &str, path: &str) -> Value {
    let (_, text) = request(reqwest::Method::GET, &format!("{url}{path}"), &[], Vec::new());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
}

/// Equal, or as near as another order of additions leaves them: the old version sums and averages without
/// compensation.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
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
pub(crate) fn sorted(answer: &Value) -> Value {
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

/// A Pharos and a Prometheus with the same samples.
struct Both {
    ours: Server,
    theirs: Prometheus,
    _folder: tempfile::TempDir,
}

impl Both {
    /// `None`, and said so, where no Prometheus is installed.
    fn with(batch: &MetricBatch) -> Option<Both> {
        let folder = tempfile::tempdir().expect("a folder");
        let Some(theirs) = Prometheus::start(folder.path()) else {
            println!("skipped: prometheus is not installed (scripts/prometheus gets it)");
            return None;
        };
        let ours = Server::start(&folder.path().join("ours"), &["--no-collect", "--retention", "0"]);
        let body = wire::remote_write::encode(batch);
        assert_eq!(ours.post("/api/v1/write", &PROTOBUF, body.clone()).0, 204);
        theirs.write(body);
        Some(Both { ours, theirs, _folder: folder })
    }

    /// Puts `count` expressions to both and prints what became of them; none may differ.
    fn compare(&self, random: &mut Random, count: usize, make: impl Fn(&mut Random, usize) -> String) {
        let (mut values, mut errors, mut empty, mut different) = (0, 0, 0, Vec::new());
        for n in 0..count {
            let query = make(random, 1 + n % 3);
            let (start, end) = times(random);
            // Half a second beside the samples and whole multiples of steps.
            let path = if n % 2 == 0 {
                format!("/api/v1/query?query={}&time={start}.517", encode(&query))
            } else {
                format!(
                    "/api/v1/query_range?query={}&start={start}.517&end={end}.517&step=37",
                    encode(&query)
                )
            };
            let (a, b) = (ask(&self.ours.url, &path), ask(&self.theirs.url, &path));
            match (a["status"].as_str(), b["status"].as_str()) {
                (Some("success"), Some("success")) if same(&sorted(&a), &sorted(&b)) => {
                    values += 1;
                    empty += usize::from(a["data"]["result"] == serde_json::json!([]));
                }
                (Some("error"), Some("error")) => errors += 1,
                _ => different.push(format!(
                    "{query}\n  {path}\n  ours:   {}\n  theirs: {}",
                    short(&a),
                    short(&b)
                )),
            }
        }
        println!(
            "{count} expressions: {values} equal ({empty} of them empty), {errors} refused by both, {} different",
            different.len()
        );
        let shown: Vec<String> = different.iter().take(10).cloned().collect();
        assert!(different.is_empty(), "{} differ:\n{}", different.len(), shown.join("\n"));
        assert!(empty * 2 < count, "most answers say nothing");
    }
}

/// Many in a soak, few otherwise.
fn count(many: usize, few: usize) -> usize {
    if std::env::var_os("PHAROS_SOAK").is_some() { many } else { few }
}

#[test]
fn random_expressions_answer_what_prometheus_answers_soak() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let Some(both) = Both::with(&data(&mut random)) else { return };
    both.compare(&mut random, count(10_000, 300), vector);
}

/// Counters as native histograms of three resolutions, whose buckets come and go with a reset.
fn native_data(random: &mut Random) -> MetricBatch {
    let mut batch = MetricBatch::default();
    for (series, (job, instance)) in [("a", "x"), ("a", "y"), ("b", "x")].into_iter().enumerate() {
        let pairs = [("__name__", "took"), ("instance", instance), ("job", job)];
        batch.push(Labels::from_pairs(pairs), []);
        let mut counts = [0.0; 5];
        let mut sum = 0.0;
        for n in 0..240 {
            if random.below(70) == 0 {
                (counts, sum) = ([0.0; 5], 0.0);
            }
            for count in &mut counts {
                *count += random.below(4) as f64;
                sum += random.below(9) as f64 / 4.0;
            }
            let [zero, positive @ .., negative] = counts;
            let histogram = Histogram {
                schema: series as i32,
                zero_threshold: 0.001,
                zero_count: zero,
                count: counts.iter().sum(),
                sum,
                positive_spans: vec![Span { offset: -1, length: 2 }, Span { offset: 2, length: 1 }],
                positive_buckets: positive.to_vec(),
                negative_spans: vec![Span { offset: 1, length: 1 }],
                negative_buckets: vec![negative],
                ..Histogram::default()
            };
            batch.histograms.push((series as u32, (START_S + n * 15) * 1000, histogram));
        }
    }
    batch
}

/// An expression that gives native histograms.
fn native(random: &mut Random, depth: usize) -> String {
    let selector = random.pick(&["took", "took{job=\"a\"}", "took{instance!=\"x\"}"]);
    if depth == 0 {
        return format!("{selector}{}", modifier(random));
    }
    match random.below(6) {
        0 => format!("{selector}{}", modifier(random)),
        1 | 2 => {
            let (function, window) =
                (random.pick(&["rate", "increase"]), random.pick(&["2m", "5m", "7m13s"]));
            format!("{function}({selector}[{window}]{})", modifier(random))
        }
        3 | 4 => {
            let by = random.pick(&["", " by (job)", " by (instance)", " without (job)"]);
            format!("sum{by} ({})", native(random, depth - 1))
        }
        _ => format!("({}) + ({})", native(random, depth - 1), native(random, depth - 1)),
    }
}

/// What asks of native histograms that had its meaning in 2.42 already. Known differences: `histogram_quantile` and
/// `histogram_fraction` interpolate exponentially since 3.0; `avg`, `*`, `/`, `irate`, `delta` and the functions over
/// time know histograms only since then; custom buckets and gauges came later.
fn of_native(random: &mut Random, depth: usize) -> String {
    let inner = native(random, depth);
    match random.below(5) {
        0 => format!("histogram_count({inner})"),
        1 => format!("histogram_sum({inner})"),
        2 => format!("histogram_sum({inner}) / histogram_count({inner})"),
        _ => inner,
    }
}

#[test]
fn random_expressions_of_native_histograms_soak() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let Some(both) = Both::with(&native_data(&mut random)) else { return };
    both.compare(&mut random, count(3_000, 120), of_native);
}

fn short(answer: &Value) -> String {
    let text = answer.to_string();
    text.chars().take(700).collect()
}

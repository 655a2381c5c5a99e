//! `promtool query`, unchanged, against Pharos: it prints what it prints of a Prometheus with the same samples. And a
//! Prometheus that has nothing itself, but reads from Pharos. Skipped where they are not installed
//! (`scripts/prometheus` gets them).

use std::process::{Command, Stdio};

use model::{Labels, MetricBatch, Sample};

use crate::differential::{PROTOBUF, Prometheus, ask, same, sorted};
use crate::server::{Server, encode};

const START_S: i64 = 1_700_000_000;

fn batch() -> MetricBatch {
    let mut batch = MetricBatch::default();
    for (job, instance, factor) in [("api", "a:1", 1.5), ("api", "b:1", -2.0), ("db", "größe \"x\"\\", 1e9)]
    {
        let pairs = [("__name__", "load"), ("instance", instance), ("job", job)];
        let samples = (0..40).map(|n| Sample { t_ms: (START_S + n * 15) * 1000, value: n as f64 * factor });
        batch.push(Labels::from_pairs(pairs), samples);
    }
    batch.push(
        Labels::of_metric("odd"),
        [f64::NAN, f64::INFINITY, 1e-7]
            .iter()
            .enumerate()
            .map(|(n, value)| Sample { t_ms: (START_S + n as i64 * 15) * 1000, value: *value }),
    );
    batch
}

/// Exit status and output.
fn promtool(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("promtool").arg("query").args(args).output().expect("started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// Lines in order of their text: that of a vector is nobody's promise.
fn sorted_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn promtool_asks_as_it_asks_prometheus() {
    if Command::new("promtool").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
    {
        return println!("skipped: promtool is not installed (scripts/prometheus gets it)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let ours = Server::start(&folder.path().join("ours"), &["--no-collect", "--retention", "0"]);
    let body = wire::remote_write::encode(&batch());
    assert_eq!(ours.post("/api/v1/write", &PROTOBUF, body.clone()).0, 204);
    let theirs = Prometheus::start(folder.path());
    if let Some(theirs) = &theirs {
        theirs.write(body);
    }
    let (start, end) = (START_S.to_string(), (START_S + 585).to_string());
    let (at, until) = (format!("--time={}", START_S + 100), format!("--end={end}"));
    let from = format!("--start={start}");
    // Beside the samples: windows were closed on the left before 3.0.
    let beside = format!("--start={}", START_S + 7);
    // What is asked, and what must be in the answer.
    let questions: &[(&[&str], &str, &[&str])] = &[
        (&["instant", &at], "load{job=\"api\"}", &["load{instance=\"a:1\", job=\"api\"} => 9 @[1700000100]"]),
        (&["instant", &at, "--format=json"], "sum by (job) (load)", &["{\"job\":\"api\"}", "\"-3\""]),
        (&["instant", &at], "odd", &["odd => 0.0000001 @[1700000100]"]),
        (&["instant", &at], "load * 1e300 * 1e300", &["-Inf", "+Inf"]),
        (&["instant", &at], "1 / 3", &["scalar: 0.3333333333333333 @[1700000100]"]),
        (&["instant", &at], "load[1m]", &["6 @[1700000060]"]),
        (&["instant", &at], "sum(", &["parse error"]),
        (&["range", &beside, &until, "--step=60s"], "max_over_time(load[2m])", &["12 @[1700000127]"]),
        (&["range", &from, &until, "--step=60s", "--format=json"], "load > 20", &["\"values\":[["]),
        (
            &["series", "--match=load{job=\"db\"}", "--match=odd", &from, &until],
            "",
            &["größe", "__name__=\"odd\""],
        ),
        (&["labels", &from, &until], "instance", &["a:1", "b:1"]),
        (&["labels", "--match=load{job=\"api\"}", &from, &until], "instance", &["a:1", "b:1"]),
    ];
    for (flags, expr, expected) in questions {
        let ask = |url: &str| {
            let mut args = flags.to_vec();
            args.push(url);
            args.extend((!expr.is_empty()).then_some(*expr));
            promtool(&args)
        };
        let (status, text) = ask(&ours.url);
        for part in *expected {
            assert!(text.contains(part), "{flags:?} {expr}: {part} is not in\n{text}");
        }
        if let Some(theirs) = &theirs {
            let (their_status, their_text) = ask(&theirs.url);
            assert_eq!(
                (status, sorted_lines(&text)),
                (their_status, sorted_lines(&their_text)),
                "{flags:?} {expr}"
            );
        }
    }
    println!("{} questions, compared with a Prometheus: {}", questions.len(), theirs.is_some());
}

#[test]
fn a_prometheus_reads_remotely() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = Server::start(&folder.path().join("ours"), &["--no-collect", "--retention", "0"]);
    // Prometheus 2.42 reads floats alone; native histograms are read in the tests of `wire`.
    assert_eq!(ours.post("/api/v1/write", &PROTOBUF, wire::remote_write::encode(&batch())).0, 204);
    let config = format!("remote_read: [{{url: '{}/api/v1/read', read_recent: true}}]\n", ours.url);
    let Some(theirs) = Prometheus::start_with(folder.path(), &config) else {
        return println!("skipped: prometheus is not installed (scripts/prometheus gets it)");
    };
    for expr in ["load", "rate(load[2m])", "odd", "load{instance=~\".*x.*\"}", "sum by (job) (load)"] {
        let path = format!(
            "/api/v1/query_range?query={}&start={START_S}.5&end={}.5&step=31",
            encode(expr),
            START_S + 500
        );
        let (a, b) = (ask(&ours.url, &path), ask(&theirs.url, &path));
        assert_ne!(a["data"]["result"], serde_json::json!([]), "{expr}");
        assert!(same(&sorted(&a), &sorted(&b)), "{expr}\n{a}\n{b}");
    }
}

//! The engine against plain loops: random entries, random windows, limits and sizes of parts.

use logql::{RangeParams, Value};
use model::{Control, Direction, Entry, Labels};
use proptest::prelude::*;
use test_support::log_source::MemoryLogs;

#[derive(Debug, Clone)]
struct Given {
    app: u8,
    t_ns: i64,
    level: u8,
    n: i32,
    trace: u8,
}

impl Given {
    fn labels(&self) -> Labels {
        Labels::from_pairs([("app", format!("a{}", self.app))])
    }

    fn metadata(&self) -> Labels {
        Labels::from_pairs([("trace", if self.trace == 0 { String::new() } else { self.trace.to_string() })])
    }

    fn line(&self, i: usize) -> String {
        format!("{{\"i\":{i},\"level\":\"l{}\",\"n\":{}}}", self.level, self.n)
    }
}

fn given() -> impl Strategy<Value = Vec<Given>> {
    let one = (0u8..3, 0i64..100, 0u8..3, -5i32..5, 0u8..3).prop_map(|(app, t_ns, level, n, trace)| Given {
        app,
        t_ns,
        level,
        n,
        trace,
    });
    prop::collection::vec(one, 0..40)
}

fn store(entries: &[Given], part: usize) -> MemoryLogs {
    let logs = MemoryLogs::new(part);
    for (i, given) in entries.iter().enumerate() {
        let entry = Entry { t_ns: given.t_ns, line: given.line(i).into(), metadata: given.metadata() };
        logs.push(&given.labels(), entry);
    }
    logs
}

fn ask(logs: &MemoryLogs, query: &str, params: RangeParams) -> Value {
    let expr = logql::parse(query).expect("valid");
    logql::query_range(logs, &expr, params, &Control::default()).expect("answered").value
}

proptest! {
    #[test]
    fn log_queries(entries in given(), part in 1usize..9, limit in 1usize..12, from in 0i64..60, length in 0i64..60, forward: bool, filter: bool) {
        let direction = if forward { Direction::Forward } else { Direction::Backward };
        let params = RangeParams { start_ns: from, end_ns: from + length, step_ns: 1, limit, direction, interval_ns: 0, now_ns: 0 };
        let query = if filter { "{app=~\".+\"} | json | level=\"l1\" or n > 2" } else { "{app=~\".+\"}" };
        let Value::Streams(streams) = ask(&store(&entries, part), query, params) else {
            panic!("streams");
        };
        let mut want: Vec<(i64, usize)> = entries
            .iter()
            .enumerate()
            .filter(|(_, e)| (from..from + length).contains(&e.t_ns) && (!filter || e.level == 1 || e.n > 2))
            .map(|(i, e)| (e.t_ns, i))
            .collect();
        want.sort_unstable();
        if !forward {
            want.reverse();
        }
        want.truncate(limit);
        let mut got = Vec::new();
        for stream in &streams {
            for entry in &stream.entries {
                let i = entry.sequence as usize;
                prop_assert_eq!(String::from_utf8_lossy(&entry.line), entries[i].line(i));
                prop_assert_eq!(&stream.stream_labels, &entries[i].labels());
                prop_assert_eq!(&entry.metadata, &entries[i].metadata());
                got.push((entry.t_ns, i));
            }
        }
        got.sort_unstable();
        if !forward {
            got.reverse();
        }
        prop_assert_eq!(got, want);
    }

    #[test]
    fn metric_queries(entries in given(), part in 1usize..9, which in 0usize..7, from in 0i64..60, step in 1i64..30, steps in 1i64..6, range in 1i64..50) {
        let params = RangeParams {
            start_ns: from * 1_000_000,
            end_ns: (from + step * (steps - 1)) * 1_000_000,
            step_ns: step * 1_000_000,
            limit: 1,
            direction: Direction::Backward,
            interval_ns: 0,
            now_ns: 0,
        };
        let scaled: Vec<Given> =
            entries.iter().cloned().map(|mut e| { e.t_ns *= 1_000_000; e }).collect();
        let logs = store(&scaled, part);
        // (query, the label that makes series, what a window's numbers come to)
        type Fold = fn(&[f64]) -> f64;
        let cases: [(&str, &str, Fold); 7] = [
            ("sum by (app) (count_over_time({app=~\".+\"}[R]))", "app", |v| v.len() as f64),
            ("sum by (trace) (count_over_time({app=~\".+\"}[R]))", "trace", |v| v.len() as f64),
            ("sum by (level) (sum_over_time({app=~\".+\"} | json | unwrap n [R]))", "level", |v| v.iter().sum()),
            ("max_over_time({app=~\".+\"} | json | unwrap n [R]) by (level)", "level", |v| v.iter().copied().fold(f64::MIN, f64::max)),
            ("min_over_time({app=~\".+\"} | json | unwrap n [R]) by (app)", "app", |v| v.iter().copied().fold(f64::MAX, f64::min)),
            ("quantile_over_time(0, {app=~\".+\"} | json | unwrap n [R]) by (app)", "app", |v| v.iter().copied().fold(f64::MAX, f64::min)),
            ("last_over_time({app=~\".+\"} | json | unwrap n [R]) by (app)", "app", |v| v.last().copied().unwrap_or(0.0)),
        ];
        let (query, label, fold) = cases[which];
        let Value::Metric(promql::Value::Matrix(matrix)) = ask(&logs, &query.replace('R', &format!("{range}ms")), params) else {
            panic!("a matrix");
        };
        let mut sorted: Vec<&Given> = entries.iter().collect();
        sorted.sort_by_key(|e| e.t_ns);
        let key = |e: &Given| match label {
            "app" => e.labels(),
            "level" => Labels::from_pairs([("level", format!("l{}", e.level))]),
            _ => e.metadata(),
        };
        let mut want: Vec<(Labels, i64, f64)> = Vec::new();
        let mut keys: Vec<Labels> = sorted.iter().map(|e| key(e)).collect();
        keys.sort();
        keys.dedup();
        for wanted in keys {
            for k in 0..steps {
                let t = from + k * step;
                let window: Vec<f64> = sorted
                    .iter()
                    .filter(|e| key(e) == wanted && t - range < e.t_ns && e.t_ns <= t)
                    .map(|e| f64::from(e.n))
                    .collect();
                if !window.is_empty() {
                    want.push((wanted.clone(), t, fold(&window)));
                }
            }
        }
        let mut got = Vec::new();
        for series in &matrix {
            for (t_ms, point) in series.points() {
                let promql::Point::Float(value) = point else { panic!("a float") };
                got.push((series.labels.clone(), t_ms, value));
            }
        }
        prop_assert_eq!(got, want);
    }
}

#[test]
fn a_query_over_its_budget_says_what_it_would_read() {
    let given: Vec<Given> = (0..50).map(|i| Given { app: 0, t_ns: i, level: 0, n: 1, trace: 0 }).collect();
    let logs = store(&given, 10);
    let control = Control::new(model::Limits { max_samples: 20, ..model::Limits::default() });
    let query = logql::parse("sum(count_over_time({app=\"a0\"}[1m]))").expect("valid");
    let error = logql::query(&logs, &query, 100, &control).expect_err("too much").to_string();
    assert!(error.contains("would read 50 lines, ") && error.contains("in 5 blocks"), "{error}");
}

//! Deleting on request, and reading by number of arrival.

use model::{Deletion, LogEraser};

use super::*;

fn request(matchers: Vec<Matcher>, needle: Option<&str>, (start_ns, end_ns): (i64, i64)) -> Deletion {
    let contains = |needle: &str| LineFilter { op: LineFilterOp::Contains(vec![needle.to_owned()]) };
    Deletion {
        id: String::new(),
        matchers,
        filters: needle.map(contains).into_iter().collect(),
        start_ns,
        end_ns,
        query: "asked".into(),
        created_ms: 1,
        done: false,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(usize, i64, usize)>),
    Delete(usize, usize, i64, i64),
    Flush,
    Maintain,
    Reopen,
    Crash,
}

const LINES: [&str; 4] = ["ERROR one", "INFO two", "ERROR three and some more text to fill a block", "x"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => prop::collection::vec((0usize..4, 0i64..40, 0usize..4), 1..8).prop_map(Step::Append),
        3 => (0usize..5, 0usize..3, 0i64..40, 0i64..20).prop_map(|(m, f, s, n)| Step::Delete(m, f, s, s + n)),
        1 => Just(Step::Flush),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..16)
}

fn stream(i: usize) -> Labels {
    labels(&[("job", if i < 3 { "a" } else { "b" }), ("id", &i.to_string())])
}

fn matchers(i: usize) -> Vec<Matcher> {
    match i {
        0 => vec![Matcher::equal("job", "a")],
        1 => vec![Matcher::equal("id", "2")],
        2 => vec![Matcher::new(MatchOp::NotEqual, "id", "1").expect("valid")],
        3 => vec![Matcher::new(MatchOp::Regex, "id", "0|3").expect("valid"), Matcher::equal("job", "b")],
        _ => vec![Matcher::equal("job", "nobody")],
    }
}

/// (stream, time, line, number of arrival)
type List = Vec<(Labels, i64, &'static str, u64)>;

fn check(bench: &Bench, list: &List, next: u64) {
    assert_eq!(bench.store().arrivals(), next);
    let ranges = [None, Some(next / 2..next), Some(next / 3..next / 2), Some(next..next + 9)];
    for (i, arrivals) in ranges.into_iter().enumerate() {
        // Each kind of need has its turn over the steps.
        let need = [Need::Lines, Need::Sizes, Need::Timestamps][(i + next as usize) % 3];
        let mut expect: BTreeMap<Labels, Vec<Line>> = BTreeMap::new();
        let mut wanted: Vec<_> =
            list.iter().filter(|l| arrivals.as_ref().is_none_or(|a| a.contains(&l.3))).collect();
        wanted.sort_by_key(|l| (l.1, l.3));
        for (labels, time, line, _) in wanted {
            let line = match need {
                Need::Lines => line.as_bytes().to_vec(),
                Need::Sizes => line.len().to_string().into_bytes(),
                Need::Timestamps => Vec::new(),
            };
            expect.entry(labels.clone()).or_default().push((*time, line, Labels::empty()));
        }
        let select = LogSelect { need, arrivals: arrivals.clone(), ..everything() };
        assert_eq!(read(bench.store(), &select), expect, "{arrivals:?} {need:?}");
    }
}

fn run(bound: Option<usize>, steps: &[Step]) {
    let mut bench = Bench::new(bound);
    let (mut list, mut next) = (List::new(), 0);
    for step in steps {
        match step {
            Step::Append(entries) => {
                let mut batch = LogBatch::default();
                for (i, time, line) in entries {
                    let (labels, line) = (stream(*i), LINES[*line]);
                    batch
                        .streams
                        .push(StreamEntries { labels: labels.clone(), entries: vec![entry(*time, line)] });
                    if !list.iter().any(|l| (&l.0, l.1, l.2) == (&labels, *time, line)) {
                        list.push((labels, *time, line, next));
                        next += 1;
                    }
                }
                bench.store().append(&batch).expect("appends").commit.wait().expect("commits");
            }
            Step::Delete(of, needle, start, end) => {
                let needle = [None, Some("ERROR"), Some("wo")][*needle];
                let request = request(matchers(*of), needle, (*start, *end));
                bench.store().delete(&request).expect("takes the request");
                list.retain(|(labels, time, line, _)| {
                    !(model::matches_all(&request.matchers, labels)
                        && (*start..=*end).contains(time)
                        && request.filters.iter().all(|filter| filter.passes(line.as_bytes())))
                });
            }
            Step::Flush => bench.store().flush().expect("flushes"),
            Step::Maintain => bench.store().maintain().expect("maintains"),
            Step::Reopen => bench.reopen(),
            Step::Crash => bench.crash(Survives::Synced),
        }
        check(&bench, &list, next);
    }
    bench.store().maintain().expect("maintains");
    check(&bench, &list, next);
    assert!(bench.store().deletions().iter().all(|deletion| deletion.done));
    assert_eq!(bench.store().stats().entries, list.len() as u64, "what is erased is off the disk");
    bench.reopen();
    check(&bench, &list, next);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]
    #[test]
    fn what_is_deleted_is_gone_and_nothing_else(steps in steps()) {
        for bound in [Some(0), None] {
            run(bound, &steps);
        }
    }
}

#[test]
fn requests_are_listed_taken_back_and_bounded() {
    let bench = Bench::new(None);
    bench.append(&stream(0), vec![entry(1, "a"), entry(2, "b")]).expect("appends");
    let store = bench.store();
    let all = || read(store, &everything()).values().map(Vec::len).sum::<usize>();
    let id = store.delete(&request(matchers(0), None, (2, 2))).expect("takes it");
    assert_eq!((all(), store.deletions().len()), (1, 1));
    assert!(store.cancel_deletion(&id).expect("forgets it"));
    assert_eq!((all(), store.deletions().len()), (2, 0));
    assert!(!store.cancel_deletion(&id).expect("knows it no more"));
    let ids: BTreeSet<String> =
        (0..3).map(|_| store.delete(&request(matchers(4), None, (0, 9))).expect("takes it")).collect();
    assert_eq!(ids.len(), 3, "each has an id of its own");
    store.maintain().expect("maintains");
    let first = ids.first().expect("three");
    assert!(!store.cancel_deletion(first).expect("is done"));
    assert_eq!(all(), 2);
}

#[test]
fn beyond_the_budget_the_oldest_partitions_go() {
    let base = Bench::new(None).config;
    let mut bench = Bench::with(Config { merge_at: 1000, ..base });
    for n in 0..6 {
        bench
            .append(&stream(0), vec![entry(n * 1000, "one line"), entry(n * 1000 + 1, "another")])
            .expect("appends");
        bench.store().flush().expect("flushes");
    }
    let (before, all) = (bench.partitions(), bench.store().stats().disk_bytes);
    assert_eq!(before.len(), 6);
    bench.store().maintain().expect("maintains");
    assert_eq!(bench.partitions(), before, "without a budget all stay");
    bench.config.max_disk_bytes = Some(all * 2 / 3);
    bench.reopen();
    bench.store().maintain().expect("maintains");
    let left = bench.partitions();
    assert!((1..6).contains(&left.len()) && bench.store().stats().disk_bytes <= all * 2 / 3, "{left:?}");
    let times: Vec<i64> =
        read(bench.store(), &everything()).into_values().flatten().map(|line| line.0).collect();
    assert_eq!(times.last(), Some(&5001), "the newest stay");
    assert_eq!(times.first(), Some(&((6 - left.len() as i64) * 1000)), "the oldest went first");
}

//! Any order of operations gives what a list gives.

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(usize, i64, usize, bool)>),
    Flush,
    Maintain,
    Reopen,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let entry = (0usize..6, prop_oneof![0i64..30, 900i64..1100, any::<i64>()], 0usize..8, any::<bool>());
    let step = prop_oneof![
        6 => prop::collection::vec(entry, 1..8).prop_map(Step::Append),
        2 => Just(Step::Flush),
        2 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..14)
}

fn stream(i: usize) -> Labels {
    match i {
        0..=3 => labels(&[("job", "a"), ("id", &i.to_string())]),
        4 => labels(&[("job", "b")]),
        _ => labels(&[("id", "2")]),
    }
}

const LINES: [&str; 8] = [
    "GET /v1/models 200 12ms",
    "request req_0123456789abcdef0123 done",
    "ERROR timeout after 30s",
    "error: disk",
    "",
    "ERROR\nin two lines",
    "batch_deadbeef id=1234567890 café",
    "x",
];

/// What should be there: (stream, time, line, metadata), in order of arrival.
type List = Vec<(Labels, i64, &'static str, Labels)>;

fn expect(list: &List, select: &LogSelect) -> BTreeMap<Labels, Vec<Line>> {
    let mut found: BTreeMap<Labels, Vec<Line>> = BTreeMap::new();
    for (labels, time, line, metadata) in list {
        let wanted = model::matches_all(&select.matchers, labels)
            && (select.start_ns..select.end_ns).contains(time)
            && select.filters.iter().all(|filter| filter.passes(line.as_bytes()));
        if !wanted {
            continue;
        }
        let kept = match select.need {
            Need::Lines => (*time, line.as_bytes().to_vec(), metadata.clone()),
            Need::Sizes => (*time, line.len().to_string().into_bytes(), Labels::empty()),
            Need::Timestamps => (*time, Vec::new(), Labels::empty()),
        };
        found.entry(labels.clone()).or_default().push(kept);
    }
    found.values_mut().for_each(|lines| lines.sort_by_key(|line| line.0));
    found
}

fn matcher(op: MatchOp, name: &str, value: &str) -> Matcher {
    Matcher::new(op, name, value).expect("a valid matcher")
}

fn selectors() -> Vec<Vec<Matcher>> {
    use MatchOp::{Equal, NotEqual, NotRegex, Regex};
    vec![
        vec![],
        vec![matcher(Equal, "id", "2")],
        vec![matcher(NotEqual, "id", "2")],
        vec![matcher(Equal, "id", "")],
        vec![matcher(Regex, "id", ".+")],
        vec![matcher(NotRegex, "id", "1|2"), matcher(Equal, "job", "a")],
        vec![matcher(Regex, "id", "0|3"), matcher(Regex, "job", "a|b")],
        vec![matcher(Equal, "job", "")],
        vec![matcher(Equal, "id", "nobody")],
    ]
}

fn filters() -> Vec<Vec<LineFilter>> {
    let contains = |needle: &str| LineFilter { op: LineFilterOp::Contains(vec![needle.to_owned()]) };
    let regex =
        |p: &str| LineFilter { op: LineFilterOp::Matches(regex::bytes::Regex::new(p).expect("valid")) };
    let not = |needle: &str| LineFilter { op: LineFilterOp::NotContains(vec![needle.to_owned()]) };
    vec![
        vec![contains("ERROR")],
        vec![contains("req_0123456789abcdef0123 ")],
        vec![contains("3456789abcdef0123")],
        vec![contains("1234567890")],
        vec![contains("nowhere to be found")],
        vec![contains("R\nin")],
        vec![regex("(?i)error"), not("disk")],
        vec![regex("(?i)disk|timeout")],
        vec![regex("^GET .* [0-9]+ms$")],
        vec![LineFilter { op: LineFilterOp::Contains(vec!["deadbeef".into(), "done".into()]) }],
    ]
}

fn check_all(bench: &Bench, list: &List) {
    let check = |select: &LogSelect| {
        assert_eq!(read(bench.store(), select), expect(list, select), "{select:?}");
    };
    for (i, matchers) in selectors().into_iter().enumerate() {
        let need = [Need::Lines, Need::Sizes, Need::Timestamps][i % 3];
        let direction = if i % 2 == 0 { Direction::Forward } else { Direction::Backward };
        check(&LogSelect { matchers: matchers.clone(), need, direction, ..everything() });
        for (start_ns, end_ns) in [(5, 20), (990, 1010), (i64::MIN, 0), (20, 5)] {
            let select =
                LogSelect { matchers: matchers.clone(), start_ns, end_ns, need, direction, ..everything() };
            check(&select);
            let streams: Vec<Labels> = expect(list, &select).into_keys().collect();
            let control = Control::default();
            let found = bench
                .store()
                .series(std::slice::from_ref(&matchers), start_ns, end_ns, &control)
                .expect("series");
            assert_eq!(found, streams, "{select:?}");
            let values: BTreeSet<String> =
                streams.iter().filter_map(|labels| labels.get("id").map(str::to_owned)).collect();
            let found =
                bench.store().label_values("id", std::slice::from_ref(&matchers), start_ns, end_ns, &control);
            assert_eq!(found.expect("values"), values.into_iter().collect::<Vec<_>>());
        }
    }
    for filters in filters() {
        check(&LogSelect { filters: filters.clone(), ..everything() });
        check(&LogSelect { filters, need: Need::Timestamps, start_ns: 3, end_ns: 950, ..everything() });
    }
    assert_eq!(bench.store().stats().entries, list.len() as u64);
}

fn run(bound: Option<usize>, steps: &[Step]) {
    let mut bench = Bench::new(bound);
    let mut list: List = Vec::new();
    for step in steps {
        match step {
            Step::Append(entries) => {
                let mut batch = LogBatch::default();
                for (i, time, line, with) in entries {
                    let metadata =
                        if *with { labels(&[("trace", &time.to_string())]) } else { Labels::empty() };
                    let entry = Entry { metadata: metadata.clone(), ..entry(*time, LINES[*line]) };
                    batch.streams.push(StreamEntries { labels: stream(*i), entries: vec![entry] });
                    if !list.iter().any(|l| l.0 == stream(*i) && l.1 == *time && l.2 == LINES[*line]) {
                        list.push((stream(*i), *time, LINES[*line], metadata));
                    }
                }
                let appended = bench.store().append(&batch).expect("appends");
                assert_eq!(appended.accepted, entries.len() as u64);
                appended.commit.wait().expect("commits");
            }
            Step::Flush => bench.store().flush().expect("flushes"),
            Step::Maintain => bench.store().maintain().expect("maintains"),
            Step::Reopen => bench.reopen(),
            Step::Crash => bench.crash(Survives::Synced),
        }
    }
    check_all(&bench, &list);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn as_a_list_at_any_bound(steps in steps()) {
        for bound in [Some(0), Some(2), None] {
            run(bound, &steps);
        }
    }

    #[test]
    fn pruning_loses_nothing(
        lines in prop::collection::vec("[a-cA-C]{0,4}[ =_-]?[a-g0-9]{0,20}[ \nü]?[a-zA-Zks]{0,6}", 1..40),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0usize..20, 1usize..24), 1..10),
        patterns in prop::collection::vec("((a|b)?[a-c]{1,3}|(?:ab|bc) ?[a-z]|[k-s]x?|\\^?[A-C]{2}|\\\\b[a-c]{2}\\\\b)(\\$)?", 0..4),
    ) {
        let bench = Bench::new(None);
        for (i, chunk) in lines.chunks(7).enumerate() {
            let entries = chunk.iter().enumerate().map(|(n, line)| entry((i * 100 + n) as i64, line)).collect();
            bench.append(&labels(&[("job", &(i % 3).to_string())]), entries).expect("appends");
            if i % 2 == 0 {
                bench.store().flush().expect("flushes");
            }
        }
        let mut ops = Vec::new();
        for (index, from, len) in &picks {
            let chars: Vec<char> = index.get(&lines).chars().collect();
            let needle: String = chars.iter().skip(*from % (chars.len() + 1)).take(*len).collect();
            if let Ok(regex) = regex::bytes::Regex::new(&format!("(?i){}", regex_syntax::escape(&needle))) {
                ops.push(LineFilterOp::Matches(regex));
            }
            ops.push(LineFilterOp::Contains(vec![needle]));
        }
        ops.extend(patterns.iter().filter_map(|p| regex::bytes::Regex::new(p).ok()).map(LineFilterOp::Matches));
        for op in ops {
            let filter = LineFilter { op };
            let found = read(bench.store(), &LogSelect { filters: vec![filter.clone()], ..everything() });
            let found: Vec<Line> = found.into_values().flatten().collect();
            let all: Vec<Line> = read(bench.store(), &everything()).into_values().flatten().collect();
            let expect: Vec<Line> = all.into_iter().filter(|line| filter.passes(&line.1)).collect();
            prop_assert_eq!(found, expect, "{:?}", filter);
        }
    }
}

#[test]
fn lines_of_any_size_and_bytes() {
    let mut bench = Bench::new(Some(1));
    let long = Bytes::from(vec![0xff; 4 << 20]);
    let wide: Vec<(String, String)> = (0..500).map(|i| (format!("l{i}"), "v".repeat(i))).collect();
    let many = Labels::from_pairs(wide);
    let entry = Entry { t_ns: i64::MAX, line: long.clone(), metadata: many.clone() };
    bench.append(&many, vec![entry.clone(), entry]).expect("appends");
    for _ in 0..2 {
        let found = read(bench.store(), &LogSelect { start_ns: 0, ..everything() });
        assert!(found.is_empty(), "the end of a range is exclusive");
        assert_eq!(bench.store().stats().entries, 1);
        bench.store().flush().expect("flushes");
        bench.reopen();
    }
    let kept = Entry { t_ns: i64::MAX - 1, line: long.clone(), metadata: many.clone() };
    bench.append(&many, vec![kept]).expect("appends");
    bench.store().flush().expect("flushes");
    let found = read(bench.store(), &everything());
    assert_eq!(found[&many], [(i64::MAX - 1, long.to_vec(), many.clone())]);
}

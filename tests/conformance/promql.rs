//! Runs PromQL scripts: ours beside this program, each of which must pass whole, and, where `PHAROS_TEST_DATA`
//! names a folder with more, those too, against the number of cases that passed before.

use std::path::{Path, PathBuf};

use model::{Control, Histogram, Labels, Limits};
use promql::{Answer, Options, Point, TimeRange, Value};
use test_support::{Command, Eval, Expectation, MemorySource, Note, Token, almost_equal, parse_script};

/// Passed and failed cases of a script, and what failed.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failures: Vec<String>,
}

fn run_script(text: &str) -> Outcome {
    let script = parse_script(text).expect("a valid script");
    let mut source = MemorySource::new();
    let mut unsupported: Option<String> = None;
    let mut outcome = Outcome::default();
    for (line, command) in script.commands {
        match command {
            Command::Clear => {
                source.clear();
                unsupported = None;
            }
            Command::Unsupported(why) => unsupported = Some(why),
            Command::Load(load) => {
                unsupported = None;
                for series in load.series {
                    for (i, token) in series.values.into_iter().enumerate() {
                        let t_ms = i as i64 * load.step_ms;
                        match token {
                            Token::Missing => {}
                            Token::Float(value) => source.push(series.labels.clone(), [(t_ms, value)]),
                            Token::Histogram(h) => source.push_histogram(series.labels.clone(), t_ms, *h),
                        }
                    }
                }
            }
            Command::Eval(eval) => {
                let result = match &unsupported {
                    Some(why) => Err(format!("load: {why}")),
                    None => check(&source, &eval),
                };
                match result {
                    Ok(()) => outcome.passed += 1,
                    Err(why) => outcome.failures.push(format!("line {line}: {}: {why}", eval.query)),
                }
            }
        }
    }
    outcome
}

fn ask(source: &MemorySource, eval: &Eval, range: Option<(i64, i64)>) -> Result<Answer, String> {
    let query = promql::parse(&eval.query).map_err(|e| e.to_string())?;
    let control = Control::new(Limits::default());
    let options = Options::default();
    let answer = match range {
        None => promql::instant(source, &query, eval.start_ms, &options, &control),
        Some((end_ms, step_ms)) => {
            let times = TimeRange { start_ms: eval.start_ms, end_ms, step_ms };
            promql::range(source, &query, times, &options, &control)
        }
    };
    let answer = answer.map_err(|e| e.to_string())?;
    let held = control.peak_bytes();
    control
        .reserve_bytes(Limits::default().max_bytes)
        .map_err(|_| format!("memory is still held ({held})"))?;
    Ok(answer)
}

fn check(source: &MemorySource, eval: &Eval) -> Result<(), String> {
    let fails = eval.expectations.iter().find_map(|e| match e {
        Expectation::Fail(note) => Some(note),
        _ => None,
    });
    match (ask(source, eval, eval.range), fails) {
        (Err(error), Some(note)) if fits(note, &error) => Ok(()),
        (Err(error), Some(note)) => Err(format!("failed with {error:?}, not {note:?}")),
        (Err(error), None) => Err(format!("failed: {error}")),
        (Ok(_), Some(_)) => Err("did not fail".into()),
        (Ok(answer), None) => {
            check_notes(&answer, eval)?;
            compare(&answer, eval)?;
            if eval.range.is_none() && !matches!(answer.value, Value::String(_) | Value::Matrix(_)) {
                instant_as_range(source, eval, &answer)?;
            }
            Ok(())
        }
    }
}

fn fits(note: &Note, text: &str) -> bool {
    match note {
        Note::Any => true,
        Note::Text(expected) => text == expected,
        Note::Pattern(pattern) => regex::Regex::new(pattern).expect("a valid pattern").is_match(text),
    }
}

fn check_notes(answer: &Answer, eval: &Eval) -> Result<(), String> {
    for expectation in &eval.expectations {
        let (notes, wanted) = match expectation {
            Expectation::Warn(note) => (&answer.warnings, Some(note)),
            Expectation::Info(note) => (&answer.infos, Some(note)),
            Expectation::NoWarn => (&answer.warnings, None),
            Expectation::NoInfo => (&answer.infos, None),
            Expectation::Fail(_) | Expectation::Ordered => continue,
        };
        match wanted {
            Some(note) if !notes.iter().any(|n| fits(note, n)) => {
                return Err(format!("expected {expectation:?}, got {notes:?}"));
            }
            None if !notes.is_empty() => return Err(format!("expected {expectation:?}, got {notes:?}")),
            _ => {}
        }
    }
    Ok(())
}

/// What the answer says of one series at consecutive steps; histograms by their sum.
type Found = (Labels, Vec<(i64, Point)>);

fn found(answer: &Answer, at_ms: i64) -> Vec<Found> {
    match &answer.value {
        Value::Scalar(value) => vec![(Labels::empty(), vec![(at_ms, Point::Float(*value))])],
        Value::String(_) => Vec::new(),
        Value::Vector(samples) => {
            samples.iter().map(|s| (s.labels.clone(), vec![(at_ms, s.point.clone())])).collect()
        }
        Value::Matrix(series) => series.iter().map(|s| (s.labels.clone(), s.points().collect())).collect(),
    }
}

fn compare(answer: &Answer, eval: &Eval) -> Result<(), String> {
    if let Some(expected) = &eval.expected.string {
        return match &answer.value {
            Value::String(text) if text == expected => Ok(()),
            other => Err(format!("expected the string {expected:?}, got {other:?}")),
        };
    }
    if let Some(expected) = eval.expected.scalar {
        return match &answer.value {
            Value::Scalar(value) if almost_equal(expected, *value) => Ok(()),
            other => Err(format!("expected {expected}, got {other:?}")),
        };
    }
    let step_ms = eval.range.map_or(0, |(_, step)| step);
    let (start_ms, step_ms) = eval.expected.range_vector.unwrap_or((eval.start_ms, step_ms));
    let mut found = found(answer, eval.start_ms);
    let ordered = eval.expectations.iter().any(|e| matches!(e, Expectation::Ordered));
    if eval.range.is_some() && !found.iter().is_sorted_by(|a, b| a.0 < b.0) {
        return Err("a matrix is not sorted by labels".into());
    }
    for (i, (labels, tokens)) in eval.expected.series.iter().enumerate() {
        if tokens.iter().all(|t| *t == Token::Missing) {
            continue;
        }
        let at = if ordered {
            let next = found.first().filter(|(l, _)| l == labels).map(|_| 0);
            next.ok_or_else(|| format!("expected {labels} at place {i}, got {found:?}"))?
        } else {
            let at = found.iter().position(|(l, _)| l == labels);
            at.ok_or_else(|| format!("expected {labels}, got {found:?}"))?
        };
        let (_, points) = found.remove(at);
        compare_points(labels, tokens, &points, (start_ms, step_ms))?;
    }
    if found.is_empty() { Ok(()) } else { Err(format!("unexpected {found:?}")) }
}

fn compare_points(
    labels: &Labels,
    tokens: &[Token],
    points: &[(i64, Point)],
    (start_ms, step_ms): (i64, i64),
) -> Result<(), String> {
    let mut points = points.iter();
    for (i, token) in tokens.iter().enumerate().filter(|(_, t)| **t != Token::Missing) {
        let expected_ms = start_ms + i as i64 * step_ms;
        let Some((t_ms, point)) = points.next() else {
            return Err(format!("{labels}: no sample at {expected_ms}"));
        };
        let same = match (token, point) {
            (Token::Float(a), Point::Float(b)) => almost_equal(*a, *b),
            (Token::Histogram(a), Point::Histogram(b)) => almost_equal_histograms(a, b),
            _ => false,
        };
        if !same || *t_ms != expected_ms {
            return Err(format!("{labels}: expected {token:?} at {expected_ms}, got {point:?} at {t_ms}"));
        }
    }
    match points.next() {
        Some((t_ms, point)) => Err(format!("{labels}: unexpected {point:?} at {t_ms}")),
        None => Ok(()),
    }
}

/// Count, sum and what each populated bucket holds.
fn almost_equal_histograms(a: &Histogram, b: &Histogram) -> bool {
    let buckets = |h: &Histogram| -> Vec<_> {
        h.buckets().into_iter().filter(|bucket| bucket.count.abs() > 1e-12).collect()
    };
    let (x, y) = (buckets(a), buckets(b));
    almost_equal(a.sum, b.sum)
        && almost_equal(a.count, b.count)
        && x.len() == y.len()
        && x.iter().zip(&y).all(|(x, y)| {
            almost_equal(x.lower, y.lower) && almost_equal(x.upper, y.upper) && almost_equal(x.count, y.count)
        })
}

/// An instant query answers what a range query says at the same time.
fn instant_as_range(source: &MemorySource, eval: &Eval, instant: &Answer) -> Result<(), String> {
    let mut ranged = eval.clone();
    ranged.start_ms = eval.start_ms - 60_000;
    // Durations that ask for the query's own step and range, or its ends, differ on purpose.
    let own = ["range()", "step()", "start()", "end()"];
    if own.iter().any(|word| eval.query.to_lowercase().contains(word)) {
        return Ok(());
    }
    let answer = ask(source, &ranged, Some((eval.start_ms + 60_000, 60_000)))?;
    let mut expected = found(instant, eval.start_ms);
    for (labels, points) in found(&answer, 0) {
        let at_time = points.iter().find(|(t, _)| *t == eval.start_ms);
        let same = expected.iter().position(|(l, _)| *l == labels).map(|i| expected.swap_remove(i));
        match (at_time, same) {
            (None, None) => {}
            (Some((_, a)), Some((_, b))) if same_point(a, &b[0].1) => {}
            (a, b) => return Err(format!("{labels}: instant {b:?} but range {a:?}")),
        }
    }
    if expected.is_empty() { Ok(()) } else { Err(format!("not in the range answer: {expected:?}")) }
}

fn same_point(a: &Point, b: &Point) -> bool {
    match (a, b) {
        (Point::Float(a), Point::Float(b)) => almost_equal(*a, *b),
        (Point::Histogram(a), Point::Histogram(b)) => almost_equal_histograms(a, b),
        _ => false,
    }
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "test"));
    paths.sort();
    paths
}

#[test]
fn own_scripts_pass_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/promql");
    let scripts = scripts(&folder);
    assert!(!scripts.is_empty(), "no scripts in {}", folder.display());
    let mut failures = Vec::new();
    for path in scripts {
        let outcome = run_script(&std::fs::read_to_string(&path).expect("readable"));
        assert!(outcome.passed > 0, "{} has no case that passes", path.display());
        failures.extend(outcome.failures.iter().map(|failure| format!("{}: {failure}", path.display())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// How many cases of each script pass at least.
const FLOORS: &[(&str, usize)] = &[
    ("aggregators", 160),
    ("at_modifier", 78),
    ("collision", 2),
    ("duration_expression", 59),
    ("histograms", 185),
    ("info", 53),
    ("literals", 25),
    ("name_label_dropping", 30),
    ("native_histograms", 522),
    ("operators", 214),
    ("selectors", 31),
    ("subquery", 34),
    ("trig_functions", 19),
    ("type_and_unit", 58),
];

#[test]
fn foreign_scripts_pass_as_before() {
    let Some(data) = std::env::var_os("PHAROS_TEST_DATA") else {
        println!("skipped: PHAROS_TEST_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("conformance/testdata");
    let verbose = std::env::var_os("PHAROS_TEST_VERBOSE").is_some();
    let mut sunk = Vec::new();
    for path in scripts(&folder) {
        let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let outcome = run_script(&std::fs::read_to_string(&path).expect("readable"));
        println!("{name}: {} passed, {} failed", outcome.passed, outcome.failures.len());
        if verbose {
            outcome.failures.iter().for_each(|failure| println!("    {failure}"));
        }
        if let Some((_, floor)) = FLOORS.iter().find(|(n, _)| *n == name)
            && outcome.passed < *floor
        {
            sunk.push(format!("{name}: {} < {floor}:\n{}", outcome.passed, outcome.failures.join("\n")));
        }
    }
    assert!(sunk.is_empty(), "{}", sunk.join("\n"));
}

//! Runs `tests/conformance/logql/*.test`: entries are given, queries are asked, answers are compared.
//!
//! ```text
//! clear                                     forget all entries
//! stream {app="web"}                        entries of a stream follow, indented
//!   10s `GET / 200` {trace_id="7"}          time since the epoch, line, structured metadata
//! logs [from 0s to 1h] [forward] [limit 5] QUERY
//!   {app="web"}                             each stream, then its entries
//!     10s `GET / 200`
//! at 1m QUERY                               an instant query
//!   {app="web"} 5
//! from 0s to 2m step 1m QUERY               a range query: `_` where there is no sample
//!   {app="web"} _ 5 6
//! fails [at 1m] QUERY                       the first line of the error, in the next line
//! prints QUERY                              the query as it is printed, in the next line
//! ```

use std::path::{Path, PathBuf};

use logql::{Answer, Error, RangeParams, Value};
use model::{Control, Direction, Entry, Labels};
use promql::Point;
use test_support::log_source::MemoryLogs;

/// A failure is text.
type Outcome<T> = Result<T, String>;

fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(message.into())
}

const HOUR_NS: i64 = 3_600_000_000_000;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/logql");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of scripts is there")
        .map(|file| file.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "test"))
        .collect();
    scripts.sort();
    scripts
}

#[test]
fn scripts_hold() {
    let mut failures = Vec::new();
    let mut commands = 0;
    let scripts = scripts();
    assert!(!scripts.is_empty(), "no scripts");
    for path in &scripts {
        let text = std::fs::read_to_string(path).expect("readable");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Parts of any size must answer the same.
        for part_entries in [1, 3, 1_000] {
            let mut runner = Runner { logs: MemoryLogs::new(part_entries), part_entries };
            for command in split(&text) {
                commands += 1;
                if let Err(why) = runner.run(&command) {
                    failures.push(format!(
                        "{name}:{} (parts of {part_entries}): {}\n{why}",
                        command.line, command.head
                    ));
                }
            }
        }
    }
    println!("{} scripts, {commands} commands, {} failures", scripts.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

struct Command {
    line: usize,
    head: String,
    body: Vec<String>,
}

/// Commands begin in the first column; what is indented belongs to the one before.
fn split(text: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let blank = line.trim().is_empty() || line.starts_with('#');
        if blank {
            continue;
        }
        match commands.last_mut() {
            Some(command) if line.starts_with(' ') => command.body.push(line.to_owned()),
            _ => commands.push(Command { line: i + 1, head: line.to_owned(), body: Vec::new() }),
        }
    }
    commands
}

struct Runner {
    logs: MemoryLogs,
    part_entries: usize,
}

/// `keyword value` at the beginning of `text`.
fn option<'a>(text: &mut &'a str, keyword: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(keyword)?.strip_prefix(' ')?;
    let (value, rest) = rest.split_once(' ')?;
    *text = rest;
    Some(value)
}

fn time(text: &str) -> Outcome<i64> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let scale = match unit {
        "ns" => 1.0,
        "ms" => 1e6,
        "s" | "" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return fail(format!("not a time: {text}")),
    };
    number.parse::<f64>().map(|n| (n * scale) as i64).map_err(|_| format!("not a time: {text}"))
}

/// A line in backticks or double quotes, and what follows it.
fn quoted(text: &str) -> Outcome<(Vec<u8>, &str)> {
    let text = text.trim_start();
    if let Some(raw) = text.strip_prefix('`') {
        let (line, rest) = raw.split_once('`').ok_or("unterminated line")?;
        return Ok((line.as_bytes().to_vec(), rest));
    }
    let mut out = Vec::new();
    let bytes = text.strip_prefix('"').ok_or_else(|| format!("expected a line: {text}"))?.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => return Ok((out, &text[i + 2..])),
            b'\\' => {
                i += 1;
                match bytes.get(i) {
                    Some(b'n') => out.push(b'\n'),
                    Some(b't') => out.push(b'\t'),
                    Some(b'x') => {
                        let hex = text.get(i + 2..i + 4).ok_or("short escape")?;
                        out.push(u8::from_str_radix(hex, 16).map_err(|e| e.to_string())?);
                        i += 2;
                    }
                    Some(other) => out.push(*other),
                    None => break,
                }
            }
            byte => out.push(byte),
        }
        i += 1;
    }
    fail("unterminated line")
}

fn labels(text: &str) -> Outcome<Labels> {
    let matchers = logql::parse_selector(text).map_err(|e| format!("{text}: {e}"))?;
    Ok(Labels::from_pairs(matchers.iter().map(|m| (m.name(), m.value()))))
}

/// `{…}` at the beginning of `text`, and what follows it.
fn leading_labels(text: &str) -> Outcome<(Labels, &str)> {
    let mut in_text = false;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '}' if !in_text => return Ok((labels(&text[..=i])?, &text[i + 1..])),
            _ => {}
        }
    }
    fail(format!("expected labels: {text}"))
}

fn show(line: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(line))
}

impl Runner {
    fn run(&mut self, command: &Command) -> Outcome<()> {
        let (word, rest) = command.head.split_once(' ').unwrap_or((&command.head, ""));
        match word {
            "clear" => {
                self.logs = MemoryLogs::new(self.part_entries);
                Ok(())
            }
            "stream" => self.stream(rest, &command.body),
            "logs" => self.logs(rest, &command.body),
            "at" | "from" => self.metric(&command.head, &command.body),
            "fails" => self.fails(rest, &command.body),
            "prints" => prints(rest, &command.body),
            other => fail(format!("unknown command {other}")),
        }
    }

    fn stream(&self, selector: &str, body: &[String]) -> Outcome<()> {
        let stream = labels(selector)?;
        for line in body {
            let (t, rest) = line.trim().split_once(' ').ok_or("an entry is a time and a line")?;
            let (text, rest) = quoted(rest)?;
            let metadata = if rest.trim().is_empty() { Labels::empty() } else { labels(rest.trim())? };
            self.logs.push(&stream, Entry { t_ns: time(t)?, line: text.into(), metadata });
        }
        Ok(())
    }

    fn ask(&self, query: &str, params: Option<RangeParams>, t_ns: i64) -> Result<Answer, Error> {
        let expr = logql::parse(query)?;
        // What is printed must be the same query.
        let printed = expr.to_string();
        let again = logql::parse(&printed).unwrap_or_else(|e| panic!("{query} printed as {printed}: {e}"));
        assert_eq!(expr, again, "{query} printed as {printed}");
        match params {
            Some(params) => logql::query_range(&self.logs, &expr, params, &Control::default()),
            None => logql::query(&self.logs, &expr, t_ns, &Control::default()),
        }
    }

    fn logs(&self, mut rest: &str, body: &[String]) -> Outcome<()> {
        let mut params = RangeParams {
            start_ns: 0,
            end_ns: HOUR_NS,
            step_ns: 1,
            limit: 100,
            direction: Direction::Backward,
            interval_ns: 0,
            now_ns: HOUR_NS,
        };
        if let Some(from) = option(&mut rest, "from") {
            params.start_ns = time(from)?;
        }
        if let Some(to) = option(&mut rest, "to") {
            params.end_ns = time(to)?;
        }
        if let Some(tail) = rest.strip_prefix("forward ") {
            params.direction = Direction::Forward;
            rest = tail;
        }
        if let Some(limit) = option(&mut rest, "limit") {
            params.limit = limit.parse().map_err(|_| "limit")?;
        }
        let answer = self.ask(rest, Some(params), 0).map_err(|e| e.to_string())?;
        let Value::Streams(streams) = answer.value else {
            return fail("not streams");
        };
        let mut got = Vec::new();
        for stream in &streams {
            got.push(stream.labels.to_string());
            got.extend(stream.entries.iter().map(|entry| format!("{} {}", entry.t_ns, show(&entry.line))));
        }
        let mut want = Vec::new();
        for line in body {
            let line = line.trim();
            if line.starts_with('{') {
                want.push(labels(line)?.to_string());
            } else {
                let (t, text) = line.split_once(' ').ok_or("an entry is a time and a line")?;
                want.push(format!("{} {}", time(t)?, show(&quoted(text)?.0)));
            }
        }
        compare(&got, &want)
    }

    fn metric(&self, head: &str, body: &[String]) -> Outcome<()> {
        let mut rest = head;
        let answer = if let Some(t) = option(&mut rest, "at") {
            self.ask(rest, None, time(t)?)
        } else {
            let from = option(&mut rest, "from").ok_or("from")?;
            let to = option(&mut rest, "to").ok_or("to")?;
            let step = option(&mut rest, "step").ok_or("step")?;
            let (start_ns, end_ns, step_ns) = (time(from)?, time(to)?, time(step)?);
            let direction = Direction::Backward;
            self.ask(
                rest,
                Some(RangeParams {
                    start_ns,
                    end_ns,
                    step_ns,
                    limit: 100,
                    direction,
                    interval_ns: 0,
                    now_ns: end_ns,
                }),
                0,
            )
        };
        let value = match answer.map_err(|e| e.to_string())?.value {
            Value::Metric(value) => value,
            Value::Streams(_) => return fail("streams"),
        };
        let got = series(value)?;
        let mut want = Vec::new();
        for line in body {
            let (labels, values) =
                leading_labels(line.trim()).or_else(|_| Ok::<_, String>((Labels::empty(), line)))?;
            want.push((labels, values.split_whitespace().map(number).collect::<Outcome<Vec<_>>>()?));
        }
        let close = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
            (Some(a), Some(b)) => {
                a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        let same = got.len() == want.len()
            && got.iter().zip(&want).all(|((l, a), (m, b))| {
                l == m && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b))
            });
        if same { Ok(()) } else { fail(format!("  got  {got:?}\n  want {want:?}")) }
    }

    fn fails(&self, mut rest: &str, body: &[String]) -> Outcome<()> {
        let t_ns = option(&mut rest, "at").map_or(Ok(HOUR_NS), time)?;
        let params = RangeParams {
            start_ns: 0,
            end_ns: t_ns,
            step_ns: t_ns,
            limit: 10,
            direction: Direction::Backward,
            interval_ns: 0,
            now_ns: t_ns,
        };
        let want = body.first().map_or("", |line| line.trim());
        // Both ways fail alike.
        let query = rest.replace("\\n", "\n");
        match self.ask(&query, Some(params), 0) {
            Ok(answer) => fail(format!("answered {answer:?}")),
            Err(error) => {
                let text = error.to_string();
                compare(&[text.lines().next().unwrap_or_default().to_owned()], &[want.to_owned()])
            }
        }
    }
}

fn prints(query: &str, body: &[String]) -> Outcome<()> {
    let printed = logql::parse(query).map_err(|e| e.to_string())?.to_string();
    compare(&[printed], &[body.first().map_or("", |line| line.trim()).to_owned()])
}

fn compare(got: &[String], want: &[String]) -> Outcome<()> {
    match got == want {
        true => Ok(()),
        false => fail(format!("  got\n    {}\n  want\n    {}", got.join("\n    "), want.join("\n    "))),
    }
}

fn number(text: &str) -> Outcome<Option<f64>> {
    match text {
        "_" => Ok(None),
        "+Inf" => Ok(Some(f64::INFINITY)),
        "-Inf" => Ok(Some(f64::NEG_INFINITY)),
        _ => text.parse().map(Some).map_err(|_| format!("not a number: {text}")),
    }
}

type Row = (Labels, Vec<Option<f64>>);

fn series(value: promql::Value) -> Outcome<Vec<Row>> {
    let float = |point: Point| match point {
        Point::Float(value) => Ok(Some(value)),
        Point::Histogram(_) => fail("a histogram"),
    };
    match value {
        promql::Value::Scalar(value) => Ok(vec![(Labels::empty(), vec![Some(value)])]),
        promql::Value::Vector(samples) => {
            samples.into_iter().map(|sample| Ok((sample.labels, vec![float(sample.point)?]))).collect()
        }
        promql::Value::Matrix(all) => {
            let mut rows = Vec::new();
            for series in all {
                let mut values = vec![None; series.timestamps.len()];
                for (t_ms, point) in series.points() {
                    let at = series.timestamps.iter().position(|t| *t == t_ms).ok_or("a time of its own")?;
                    values[at] = float(point)?;
                }
                rows.push((series.labels, values));
            }
            Ok(rows)
        }
        promql::Value::String(_) => fail("a string"),
    }
}

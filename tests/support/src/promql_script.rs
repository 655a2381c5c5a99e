//! Prometheus' `.test` scripts: `load`, `clear`, `eval instant at …`, `eval range from … to … step …`.

use model::Labels;

use crate::classic_histograms::custom_histograms;
use crate::series_notation::{SeriesLine, Token, parse_metric, parse_series, parse_values};

/// A script.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// The commands in order, each with its line, from 1.
    pub commands: Vec<(usize, Command)>,
}

/// A command of a script.
#[derive(Debug, Clone)]
pub enum Command {
    /// Forget all samples.
    Clear,
    /// Store samples.
    Load(Load),
    /// A load that this parser does not understand, and why.
    Unsupported(String),
    /// Ask, and compare.
    Eval(Box<Eval>),
}

/// Samples at multiples of a step from time 0.
#[derive(Debug, Clone)]
pub struct Load {
    /// Milliseconds between two values.
    pub step_ms: i64,
    /// The series.
    pub series: Vec<SeriesLine>,
}

/// A query and what it must answer.
#[derive(Debug, Clone, Default)]
pub struct Eval {
    /// The query.
    pub query: String,
    /// Time of an instant query, start of a range query; ms.
    pub start_ms: i64,
    /// End and step of a range query, ms.
    pub range: Option<(i64, i64)>,
    /// What is expected.
    pub expected: Expected,
    /// Notes and failure.
    pub expectations: Vec<Expectation>,
}

/// The value that is expected.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// A number alone.
    pub scalar: Option<f64>,
    /// A string.
    pub string: Option<String>,
    /// Series with their values, one a step.
    pub series: Vec<(Labels, Vec<Token>)>,
    /// A range vector: its first time and its step, ms.
    pub range_vector: Option<(i64, i64)>,
}

/// A text to compare with, or a pattern.
#[derive(Debug, Clone, Default)]
pub enum Note {
    /// Anything.
    #[default]
    Any,
    /// Exactly this.
    Text(String),
    /// This pattern, somewhere.
    Pattern(String),
}

/// `expect …`
#[derive(Debug, Clone)]
pub enum Expectation {
    /// The query fails.
    Fail(Note),
    /// A warning.
    Warn(Note),
    /// An info.
    Info(Note),
    /// No warning.
    NoWarn,
    /// No info.
    NoInfo,
    /// The order of the answer counts.
    Ordered,
}

/// Parses a script.
pub fn parse_script(text: &str) -> Result<Script, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut script = Script::default();
    let mut at = 0;
    while at < lines.len() {
        let number = at + 1;
        let line = strip(lines[at]);
        at += 1;
        if line.is_empty() {
            continue;
        }
        // The lines of a command follow it up to the next blank one.
        let first = at;
        let begins = |line: &str| ["eval", "load", "clear"].iter().any(|word| line.starts_with(word));
        while at < lines.len() && !lines[at].trim().is_empty() && !begins(lines[at]) {
            at += 1;
        }
        let body: Vec<&str> = lines[first..at].iter().map(|l| strip(l)).filter(|l| !l.is_empty()).collect();
        let command = if line == "clear" {
            at = first;
            Command::Clear
        } else if line.starts_with("load") {
            load(line, &body)?
        } else if line.starts_with("eval") {
            Command::Eval(Box::new(eval(line, &body).map_err(|e| format!("line {number}: {e}"))?))
        } else {
            return Err(format!("line {number}: unknown command {line:?}"));
        };
        script.commands.push((number, command));
    }
    Ok(script)
}

fn strip(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with('#') { "" } else { line }
}

fn load(line: &str, body: &[&str]) -> Result<Command, String> {
    let (command, step) = line.split_once(char::is_whitespace).ok_or("load without a step")?;
    if !matches!(command, "load" | "load_with_nhcb") {
        return Ok(Command::Unsupported(format!("{command} is not supported")));
    }
    let step_ms = duration(step)?;
    let mut series: Vec<SeriesLine> = Vec::new();
    for line in body {
        match parse_series(line) {
            // The last line of a series counts.
            Ok(parsed) => match series.iter_mut().find(|s| s.labels == parsed.labels) {
                Some(earlier) => *earlier = parsed,
                None => series.push(parsed),
            },
            Err(why) => return Ok(Command::Unsupported(why)),
        }
    }
    if command == "load_with_nhcb" {
        series.extend(custom_histograms(&series)?);
    }
    Ok(Command::Load(Load { step_ms, series }))
}

/// A time or step: a duration or a number of seconds.
fn duration(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |t| (-1, t));
    if let Ok(seconds) = digits.parse::<f64>() {
        return Ok(sign * (seconds * 1000.0).round() as i64);
    }
    let mut total = 0;
    let mut rest = digits;
    while !rest.is_empty() {
        let split =
            rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(|| format!("no duration: {text:?}"))?;
        let number: i64 = rest[..split].parse().map_err(|_| format!("no duration: {text:?}"))?;
        rest = &rest[split..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 604_800_000,
                "y" => 31_536_000_000,
                unit => return Err(format!("unknown unit {unit:?}")),
            };
        rest = &rest[end..];
    }
    Ok(sign * total)
}

fn eval(line: &str, body: &[&str]) -> Result<Eval, String> {
    let mut words = line.splitn(2, char::is_whitespace);
    let (command, rest) = (words.next().unwrap_or(""), words.next().unwrap_or("").trim_start());
    let mut eval = Eval::default();
    match command {
        "eval" => {}
        "eval_fail" => eval.expectations.push(Expectation::Fail(Note::Any)),
        "eval_warn" => eval.expectations.push(Expectation::Warn(Note::Any)),
        "eval_info" => eval.expectations.push(Expectation::Info(Note::Any)),
        "eval_ordered" => eval.expectations.push(Expectation::Ordered),
        other => return Err(format!("unknown command {other:?}")),
    }
    let mut rest = rest;
    let mut next = || {
        let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = tail.trim_start();
        word.to_owned()
    };
    match (next(), next()) {
        (instant, at) if instant == "instant" && at == "at" => eval.start_ms = duration(&next())?,
        (range, from) if range == "range" && from == "from" => {
            eval.start_ms = duration(&next())?;
            next();
            let end = duration(&next())?;
            next();
            eval.range = Some((end, duration(&next())?));
        }
        (a, b) => return Err(format!("expected `instant at` or `range from`, got {a:?} {b:?}")),
    }
    eval.query = rest.to_owned();
    for line in body {
        expected_line(line, &mut eval)?;
    }
    Ok(eval)
}

fn note(text: &str) -> Note {
    let text = text.trim();
    if let Some(message) = text.strip_prefix("msg:") {
        Note::Text(message.trim().to_owned())
    } else if let Some(pattern) = text.strip_prefix("regex:") {
        Note::Pattern(pattern.trim().to_owned())
    } else {
        Note::Any
    }
}

fn expected_line(line: &str, eval: &mut Eval) -> Result<(), String> {
    if let Some(message) = line.strip_prefix("expected_fail_message ") {
        eval.expectations.push(Expectation::Fail(Note::Text(message.trim().to_owned())));
        return Ok(());
    }
    if let Some(pattern) = line.strip_prefix("expected_fail_regexp ") {
        eval.expectations.push(Expectation::Fail(Note::Pattern(pattern.trim().to_owned())));
        return Ok(());
    }
    if let Some(rest) = line.strip_prefix("expect ") {
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let expectation = match word {
            "fail" => Expectation::Fail(note(rest)),
            "warn" => Expectation::Warn(note(rest)),
            "info" => Expectation::Info(note(rest)),
            "no_warn" => Expectation::NoWarn,
            "no_info" => Expectation::NoInfo,
            "ordered" => Expectation::Ordered,
            "string" => {
                let text = rest.trim();
                eval.expected.string = Some(text[1..text.len() - 1].to_owned());
                return Ok(());
            }
            "range" => return range_vector(rest, eval),
            other => return Err(format!("unknown expectation {other:?}")),
        };
        eval.expectations.push(expectation);
        return Ok(());
    }
    if let Ok(values) = parse_values(line)
        && let [Token::Float(value)] = values.as_slice()
    {
        eval.expected.scalar = Some(*value);
        return Ok(());
    }
    let (labels, values) = parse_metric(line)?;
    eval.expected.series.push((labels, parse_values(values)?));
    Ok(())
}

/// `vector from 10s step 5s`
fn range_vector(text: &str, eval: &mut Eval) -> Result<(), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let ["vector", "from", start, "step", step] = words.as_slice() else {
        return Err(format!("unknown expectation {text:?}"));
    };
    eval.expected.range_vector = Some((duration(start)?, duration(step)?));
    Ok(())
}

/// Whether two floats are equal up to one part in a million.
pub fn almost_equal(a: f64, b: f64) -> bool {
    const EPSILON: f64 = 1e-6;
    if a.is_nan() || b.is_nan() {
        return a.is_nan() && b.is_nan();
    }
    if a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < EPSILON * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_script() {
        let script = parse_script(
            "# note\nload 5m\n  a{x=\"1\"} 0+1x2\n\neval instant at 10m a\n  expect no_warn\n  a{x=\"1\"} 2\n\n\
             eval range from 0 to 10m step 5m a\n  a{x=\"1\"} 0 1 2\n\nclear\neval_fail instant at 0 b c\n",
        )
        .expect("valid");
        let lines: Vec<usize> = script.commands.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 5, 9, 12, 13]);
        let Command::Eval(eval) = &script.commands[2].1 else { panic!("{script:?}") };
        assert_eq!((eval.start_ms, eval.range, eval.query.as_str()), (0, Some((600_000, 300_000)), "a"));
        assert_eq!(eval.expected.series[0].1.len(), 3);
        let Command::Eval(eval) = &script.commands[4].1 else { panic!("{script:?}") };
        assert!(matches!(eval.expectations.as_slice(), [Expectation::Fail(Note::Any)]));
    }
}

//! `metric{a="b"} 1+1x10 _ stale {{sum:1}}`: a series and its values as `.test` scripts and rule tests write them.

use model::{CounterResetHint, Histogram, Labels, LabelsBuilder, METRIC_NAME, Span, stale_nan};

/// One place in a sequence of values.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// No sample.
    Missing,
    /// A float, the stale marker included.
    Float(f64),
    /// A native histogram.
    Histogram(Box<Histogram>),
}

/// A series with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesLine {
    /// The labels, metric name included.
    pub labels: Labels,
    /// One token a step.
    pub values: Vec<Token>,
}

/// Parses a line: metric, white space, values.
pub fn parse_series(line: &str) -> Result<SeriesLine, String> {
    let (labels, rest) = parse_metric(line)?;
    Ok(SeriesLine { labels, values: parse_values(rest)? })
}

/// Parses `name{a="b"}`, `{"name", a="b"}` or `{}`: the labels and what follows.
pub fn parse_metric(line: &str) -> Result<(Labels, &str), String> {
    let line = line.trim_start();
    let name_end = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(name_end);
    let mut builder = LabelsBuilder::default();
    builder.set(METRIC_NAME, name);
    rest = rest.trim_start();
    if !rest.starts_with('{') || rest.starts_with("{{") {
        return Ok((builder.build(), rest));
    }
    rest = rest[1..].trim_start();
    loop {
        if let Some(tail) = rest.strip_prefix('}') {
            return Ok((builder.build(), tail));
        }
        let (label, tail) = if rest.starts_with(['"', '\'']) {
            quoted(rest)?
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        rest = tail.trim_start();
        match rest.strip_prefix('=') {
            Some(tail) => {
                let (value, tail) = quoted(tail.trim_start())?;
                builder.set(label, value);
                rest = tail.trim_start();
            }
            None if !label.is_empty() => {
                builder.set(METRIC_NAME, label);
            }
            None => return Err(format!("unexpected {rest:?} among labels")),
        }
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let open = text.chars().next().filter(|c| "\"'`".contains(*c)).ok_or("expected a quoted string")?;
    let (mut out, mut chars) = (String::new(), text.char_indices().skip(1));
    while let Some((i, c)) = chars.next() {
        match c {
            c if c == open => return Ok((out, &text[i + 1..])),
            '\\' if open != '`' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, c)) => out.push(c),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(format!("unterminated string {text:?}"))
}

/// Parses a sequence: `1 2.5 _ stale 1+2x3 4x2 _x5 {{…}}`.
pub fn parse_values(text: &str) -> Result<Vec<Token>, String> {
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if rest.starts_with("{{") {
            rest = histograms(rest, &mut values)?.trim_start();
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        word(&rest[..end], &mut values)?;
        rest = rest[end..].trim_start();
    }
    Ok(values)
}

/// `{{…}}`, `{{…}}x3`, `{{…}}+{{…}}x3`, `{{…}}-{{…}}x3` at the beginning of a text; the rest of it.
fn histograms<'t>(text: &'t str, values: &mut Vec<Token>) -> Result<&'t str, String> {
    let take = |text: &'t str| -> Result<(Histogram, &'t str), String> {
        let end = text.find("}}").ok_or("unterminated histogram")?;
        Ok((histogram(&text[2..end])?, &text[end + 2..]))
    };
    let (mut value, mut rest) = take(text)?;
    let mut step = None;
    for (sign, factor) in [("+{{", 1.0), ("-{{", -1.0)] {
        if rest.starts_with(sign) {
            let (by, tail) = take(&rest[1..])?;
            (step, rest) = (Some((by, factor)), tail);
        }
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let times = match &rest[..end] {
        "" => 0,
        repeat => repeat
            .strip_prefix('x')
            .and_then(|n| n.parse::<usize>().ok())
            .ok_or_else(|| format!("invalid repetition {repeat:?}"))?,
    };
    for i in 0..=times {
        values.push(Token::Histogram(Box::new(value.clone())));
        if let Some((by, factor)) = step.as_ref().filter(|_| i < times) {
            value = changed(&value, by, *factor)?;
        }
    }
    Ok(&rest[end..])
}

/// `value + factor * by`, whose resolution is at least as high and whose zero bucket and bounds are the same.
fn changed(value: &Histogram, by: &Histogram, factor: f64) -> Result<Histogram, String> {
    let shift = match by.schema - value.schema {
        0 => 0,
        shift if shift > 0 && !value.is_custom() => shift,
        _ => return Err("the step of a histogram has a lower resolution than the histogram".into()),
    };
    let add = |into: &mut std::collections::BTreeMap<i32, f64>,
               from: &mut dyn Iterator<Item = (i32, f64)>| {
        for (i, count) in from {
            let i = if shift == 0 { i } else { ((i - 1) >> shift) + 1 };
            *into.entry(i).or_default() += factor * count;
        }
    };
    let (mut positive, mut negative) = (value.positive().collect(), value.negative().collect());
    add(&mut positive, &mut by.positive());
    add(&mut negative, &mut by.negative());
    let (positive_spans, positive_buckets) = dense(&positive);
    let (negative_spans, negative_buckets) = dense(&negative);
    Ok(Histogram {
        count: value.count + factor * by.count,
        sum: value.sum + factor * by.sum,
        zero_count: value.zero_count + factor * by.zero_count,
        positive_spans,
        positive_buckets,
        negative_spans,
        negative_buckets,
        ..value.clone()
    })
}

/// One span from the first to the last bucket.
fn dense(buckets: &std::collections::BTreeMap<i32, f64>) -> (Vec<Span>, Vec<f64>) {
    let (Some((first, _)), Some((last, _))) = (buckets.first_key_value(), buckets.last_key_value()) else {
        return (Vec::new(), Vec::new());
    };
    let counts = (*first..=*last).map(|i| buckets.get(&i).copied().unwrap_or(0.0)).collect();
    (vec![Span { offset: *first, length: (last - first + 1) as u32 }], counts)
}

fn word(word: &str, values: &mut Vec<Token>) -> Result<(), String> {
    let bad = || format!("invalid value {word:?}");
    if let Some(times) = word.strip_prefix("_x") {
        let times: usize = times.parse().map_err(|_| bad())?;
        values.extend((0..times).map(|_| Token::Missing));
        return Ok(());
    }
    let single = match word {
        "_" => Some(Token::Missing),
        "stale" => Some(Token::Float(stale_nan())),
        word => number(word).map(Token::Float),
    };
    if let Some(token) = single {
        values.push(token);
        return Ok(());
    }
    let (series, times) = word.rsplit_once('x').ok_or_else(bad)?;
    let times: usize = times.parse().map_err(|_| bad())?;
    // The step's sign is the first one after the first number, which may have an exponent.
    let signs = series
        .char_indices()
        .skip(1)
        .filter(|(i, c)| matches!(c, '+' | '-') && !series[..*i].ends_with(['e', 'E']));
    let (start, step) = match signs.map(|(i, _)| i).next() {
        Some(at) => (number(&series[..at]), number(&series[at..])),
        None => (number(series), Some(0.0)),
    };
    let (mut value, step) = start.zip(step).ok_or_else(bad)?;
    for _ in 0..=times {
        values.push(Token::Float(value));
        value += step;
    }
    Ok(())
}

fn number(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().trim_start_matches('+') {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        "nan" | "-nan" => Some(f64::NAN),
        text => text.parse().ok(),
    }
}

/// `schema:1 sum:2 count:3 buckets:[1 2] offset:1 n_buckets:[3] z_bucket:1 z_bucket_w:0.001 custom_values:[5 10]`
fn histogram(text: &str) -> Result<Histogram, String> {
    let mut histogram = Histogram::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (key, tail) = rest.split_once(':').ok_or_else(|| format!("invalid histogram {text:?}"))?;
        let list = tail.starts_with('[');
        let end = if list { tail.find(']').map(|i| i + 1) } else { tail.find(char::is_whitespace) };
        let (value, tail) = tail.split_at(end.unwrap_or(tail.len()));
        let numbers: Vec<f64> =
            value.trim_matches(['[', ']']).split_whitespace().filter_map(number).collect();
        let first = numbers.first().copied().unwrap_or(0.0);
        match key.trim() {
            "schema" => histogram.schema = first as i32,
            "sum" => histogram.sum = first,
            "count" => histogram.count = first,
            "z_bucket" => histogram.zero_count = first,
            "z_bucket_w" => histogram.zero_threshold = first,
            "offset" => offset = first as i32,
            "n_offset" => negative_offset = first as i32,
            "buckets" => histogram.positive_buckets = numbers,
            "n_buckets" => histogram.negative_buckets = numbers,
            "custom_values" => histogram.custom_bounds = numbers,
            "counter_reset_hint" => histogram.reset_hint = hint(value)?,
            other => return Err(format!("unknown key {other:?} in histogram")),
        }
        rest = tail.trim_start();
    }
    let span = |offset, buckets: &[f64]| match buckets.len() {
        0 => Vec::new(),
        length => vec![Span { offset, length: length as u32 }],
    };
    histogram.positive_spans = span(offset, &histogram.positive_buckets);
    histogram.negative_spans = span(negative_offset, &histogram.negative_buckets);
    Ok(histogram)
}

fn hint(value: &str) -> Result<CounterResetHint, String> {
    Ok(match value {
        "unknown" => CounterResetHint::Unknown,
        "reset" => CounterResetHint::Reset,
        "not_reset" => CounterResetHint::NotReset,
        "gauge" => CounterResetHint::Gauge,
        other => return Err(format!("unknown counter reset hint {other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, labels: &str, values: &[f64]) {
        let series = parse_series(line).expect("valid");
        assert_eq!(series.labels.to_string(), labels, "{line}");
        let floats: Vec<f64> = series
            .values
            .iter()
            .map(|token| match token {
                Token::Float(value) => *value,
                Token::Missing => -99.0,
                Token::Histogram(histogram) => histogram.sum,
            })
            .collect();
        assert_eq!(floats, values, "{line}");
    }

    #[test]
    fn series_lines() {
        check("up 1 2", r#"{__name__="up"}"#, &[1.0, 2.0]);
        check(r#"up{a="b", c='d'} 1+2x2"#, r#"{__name__="up", a="b", c="d"}"#, &[1.0, 3.0, 5.0]);
        check(
            r#"{"my.name", "l.a"="x"} 3x1 _ 1-1x1"#,
            r#"{__name__="my.name", l.a="x"}"#.replace("l.a", "\"l.a\"").as_str(),
            &[3.0, 3.0, -99.0, 1.0, 0.0],
        );
        check("a _x2 -1e-1+1x1", r#"{__name__="a"}"#, &[-99.0, -99.0, -0.1, 0.9]);
        check("h {{sum:5 count:2 buckets:[1 1]}}x1", r#"{__name__="h"}"#, &[5.0, 5.0]);
        check("h {{sum:5}}+{{sum:2}}x2 {{sum:1}}", r#"{__name__="h"}"#, &[5.0, 7.0, 9.0, 1.0]);
        check("{} 1", "{}", &[1.0]);
        assert!(parse_series("a 1y2").is_err());
    }
}

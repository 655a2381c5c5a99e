//! A page of exposition text, line by line.

use std::borrow::Cow;

use memchr::memchr;
use model::{Exemplar, Labels, MetricKind, Sample};

use super::series::{
    Why, braces_labels, braces_len, is_blank, name_len, quoted, series_labels, series_pairs, unescape,
};
use crate::{Error, Result};

/// The bits of every NaN that a page spells: any other NaN has a meaning of its own, such as the stale marker.
pub const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// Which rules a page follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Exposition text: lenient about blanks, timestamps in ms.
    #[default]
    Text,
    /// OpenMetrics: one blank between parts, timestamps in seconds, exemplars, `# EOF` at the end.
    OpenMetrics,
}

impl Format {
    /// The format that a `Content-Type` names; text if it names none that is known.
    pub fn from_content_type(content_type: &str) -> Self {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/openmetrics-text") {
            Format::OpenMetrics
        } else {
            Format::Text
        }
    }
}

/// What one line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    /// A sample.
    Sample(Point<'a>),
    /// `# HELP`
    Help {
        /// The family.
        family: Cow<'a, str>,
        /// Its help text, escapes resolved.
        text: Cow<'a, str>,
    },
    /// `# TYPE`
    Type {
        /// The family.
        family: Cow<'a, str>,
        /// Its kind.
        kind: MetricKind,
    },
    /// `# UNIT`
    Unit {
        /// The family.
        family: Cow<'a, str>,
        /// Its unit.
        unit: &'a str,
    },
}

/// A sample as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<'a> {
    /// The series' text, name and braces: equal texts are equal series.
    pub series: &'a str,
    /// The value.
    pub value: f64,
    /// The sample's own time in ms, if it has one.
    pub timestamp_ms: Option<i64>,
    /// Its exemplar (OpenMetrics only).
    pub exemplar: Option<RawExemplar<'a>>,
    line: usize,
}

/// An exemplar as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawExemplar<'a> {
    labels: &'a str,
    value: f64,
    timestamp_ms: Option<i64>,
}

impl<'a> Point<'a> {
    /// Parses the series' labels, metric name included.
    pub fn labels(&self) -> Result<Labels> {
        series_labels(self.series).map_err(|why| Error::exposition(self.line, why, self.series))
    }

    /// Parses the series' labels as pairs sorted by name. Unlike [`Point::labels`] they include labels whose value
    /// is empty, which a scraper that honors labels must see.
    pub fn label_pairs(&self) -> Result<Vec<(Cow<'a, str>, Cow<'a, str>)>> {
        series_pairs(self.series).map_err(|why| Error::exposition(self.line, why, self.series))
    }

    /// Parses the exemplar; where it has no time of its own it gets `t_ms`.
    pub fn exemplar(&self, t_ms: i64) -> Result<Option<Exemplar>> {
        let Some(raw) = self.exemplar else { return Ok(None) };
        let labels =
            braces_labels(raw.labels).map_err(|why| Error::exposition(self.line, why, raw.labels))?;
        let sample = Sample { t_ms: raw.timestamp_ms.unwrap_or(t_ms), value: raw.value };
        Ok(Some(Exemplar { labels, sample }))
    }

    /// The line's number, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Walks a page. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Parser<'a> {
    rest: &'a str,
    line: usize,
    format: Format,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Lines,
    /// `# EOF` was read.
    Ended,
    /// Nothing more to give.
    Done,
}

impl<'a> Parser<'a> {
    /// A parser of `page`, which must be UTF-8.
    pub fn new(page: &'a [u8], format: Format) -> Result<Self> {
        let rest = std::str::from_utf8(page).map_err(|e| {
            let before = &page[..e.valid_up_to()];
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            let start = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
            let end = memchr(b'\n', &page[start..]).map_or(page.len(), |i| start + i);
            Error::exposition(line, "not valid UTF-8", &String::from_utf8_lossy(&page[start..end]))
        })?;
        Ok(Parser { rest, line: 0, format, state: State::Lines })
    }

    fn step(&mut self) -> Result<Option<Item<'a>>> {
        while !self.rest.is_empty() {
            let (line, rest) = match memchr(b'\n', self.rest.as_bytes()) {
                Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
                None => (self.rest, ""),
            };
            self.rest = rest;
            self.line += 1;
            if self.state == State::Ended {
                return Err(Error::exposition(self.line, "text follows # EOF", line));
            }
            match self.read_line(line) {
                Ok(None) => {}
                Ok(item) => return Ok(item),
                Err(why) => return Err(Error::exposition(self.line, why, line)),
            }
        }
        if self.format == Format::OpenMetrics && self.state != State::Ended {
            return Err(Error::exposition(self.line + 1, "the page does not end in # EOF", ""));
        }
        Ok(None)
    }

    fn read_line(&mut self, line: &'a str) -> Result<Option<Item<'a>>, Why> {
        if self.format == Format::OpenMetrics {
            return match line.strip_prefix('#') {
                Some(" EOF") => {
                    self.state = State::Ended;
                    Ok(None)
                }
                Some(comment) => self.open_metrics_comment(comment).map(Some),
                None if line.is_empty() => Err("an empty line".into()),
                None => self.sample(line).map(Some),
            };
        }
        let line = line.trim_start_matches([' ', '\t']);
        match line.strip_prefix('#') {
            Some(comment) => text_comment(comment),
            None if line.is_empty() => Ok(None),
            None => self.sample(line).map(Some),
        }
    }

    fn open_metrics_comment(&self, comment: &'a str) -> Result<Item<'a>, Why> {
        let bad = "neither # HELP, # TYPE, # UNIT nor # EOF";
        let (word, rest) = comment.strip_prefix(' ').and_then(|c| c.split_once(' ')).ok_or(bad)?;
        let (family, rest) = family_name(rest)?;
        let rest = rest.strip_prefix(' ').ok_or("one blank was expected after the metric name")?;
        match word {
            "HELP" => Ok(Item::Help { family, text: unescape(rest) }),
            "TYPE" => Ok(Item::Type { family, kind: kind_of(rest)? }),
            "UNIT" => Ok(Item::Unit { family, unit: rest }),
            _ => Err(bad.into()),
        }
    }

    fn sample(&self, line: &'a str) -> Result<Item<'a>, Why> {
        let bytes = line.as_bytes();
        let mut end = name_len(bytes);
        let open = end + bytes[end..].iter().take_while(|b| is_blank(**b)).count();
        let braces = bytes.get(open) == Some(&b'{');
        if braces {
            end = open + braces_len(&bytes[open..])?;
        } else if end == 0 {
            return Err("a metric name was expected".into());
        } else if open == end {
            return Err(if end == bytes.len() { "a value was expected" } else { "not a metric name" }.into());
        }
        let (series, rest) = line.split_at(end);
        let mut parts = Parts { rest, strict: self.format == Format::OpenMetrics };
        let value = float(parts.next()?.ok_or("a value was expected")?)?;
        let mut point = Point { series, value, timestamp_ms: None, exemplar: None, line: self.line };
        if self.format == Format::Text {
            if let Some(word) = parts.next()? {
                point.timestamp_ms =
                    Some(word.parse().map_err(|_| "a timestamp in ms was expected after the value")?);
            }
            if parts.next()?.is_some() {
                return Err("text follows the timestamp".into());
            }
            return Ok(Item::Sample(point));
        }
        let mut word = parts.next()?;
        if let Some(time) = word.filter(|word| *word != "#") {
            point.timestamp_ms = Some(seconds(time)?);
            word = parts.next()?;
        }
        match word {
            None => {}
            Some("#") => point.exemplar = Some(exemplar(parts.rest)?),
            Some(_) => return Err("text follows the timestamp".into()),
        }
        Ok(Item::Sample(point))
    }
}

impl<'a> Iterator for Parser<'a> {
    type Item = Result<Item<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let item = self.step().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.state = State::Done;
        }
        item
    }
}

/// The words behind a series.
struct Parts<'a> {
    rest: &'a str,
    /// Exactly one blank before each word.
    strict: bool,
}

impl<'a> Parts<'a> {
    fn next(&mut self) -> Result<Option<&'a str>, Why> {
        if self.strict {
            if self.rest.is_empty() {
                return Ok(None);
            }
            self.rest = self.rest.strip_prefix(' ').ok_or("a blank was expected")?;
        } else {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            if self.rest.is_empty() {
                return Ok(None);
            }
        }
        let end = self.rest.bytes().position(is_blank).unwrap_or(self.rest.len());
        if end == 0 {
            return Err("one blank only was expected".into());
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Some(word))
    }
}

fn text_comment(comment: &str) -> Result<Option<Item<'_>>, Why> {
    if !comment.bytes().next().is_some_and(is_blank) {
        return Ok(None);
    }
    let comment = comment.trim_start_matches([' ', '\t']);
    let Some((word @ ("HELP" | "TYPE"), rest)) = comment.split_once([' ', '\t']) else { return Ok(None) };
    let (family, rest) = family_name(rest.trim_start_matches([' ', '\t']))?;
    if !rest.is_empty() && !rest.bytes().next().is_some_and(is_blank) {
        return Err("not a metric name".into());
    }
    let rest = rest.trim_start_matches([' ', '\t']);
    Ok(Some(match word {
        "HELP" => Item::Help { family, text: unescape(rest) },
        _ => Item::Type { family, kind: kind_of(rest.trim_end_matches([' ', '\t']))? },
    }))
}

fn family_name(text: &str) -> Result<(Cow<'_, str>, &str), Why> {
    if text.starts_with('"') {
        return quoted(text);
    }
    match name_len(text.as_bytes()) {
        0 => Err("a metric name was expected".into()),
        len => Ok((Cow::Borrowed(&text[..len]), &text[len..])),
    }
}

fn kind_of(word: &str) -> Result<MetricKind, Why> {
    Ok(match word {
        "counter" => MetricKind::Counter,
        "gauge" => MetricKind::Gauge,
        "histogram" => MetricKind::Histogram,
        "gaugehistogram" => MetricKind::GaugeHistogram,
        "summary" => MetricKind::Summary,
        "info" => MetricKind::Info,
        "stateset" => MetricKind::StateSet,
        "untyped" | "unknown" => MetricKind::Unknown,
        _ => return Err("not a metric type".into()),
    })
}

fn exemplar(text: &str) -> Result<RawExemplar<'_>, Why> {
    let text =
        text.strip_prefix(' ').filter(|t| t.starts_with('{')).ok_or("an exemplar was expected after #")?;
    let (labels, rest) = text.split_at(braces_len(text.as_bytes())?);
    let mut parts = Parts { rest, strict: true };
    let value = float(parts.next()?.ok_or("the exemplar has no value")?)?;
    let timestamp_ms = parts.next()?.map(seconds).transpose()?;
    if parts.next()?.is_some() {
        return Err("text follows the exemplar".into());
    }
    Ok(RawExemplar { labels, value, timestamp_ms })
}

fn float(word: &str) -> Result<f64, Why> {
    let bytes = word.as_bytes();
    // Most values are short integers.
    if bytes.len() <= 15 && bytes.iter().all(u8::is_ascii_digit) {
        return Ok(bytes.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0')) as f64);
    }
    match word.parse::<f64>() {
        Ok(value) if value.is_nan() => {
            if bytes[0] == b'+' || bytes[0] == b'-' {
                return Err("a NaN has no sign".into());
            }
            Ok(f64::from_bits(NORMAL_NAN_BITS))
        }
        Ok(value) => Ok(value),
        Err(_) => Err("the value is not a number".into()),
    }
}

/// Milliseconds of a time in seconds.
fn seconds(word: &str) -> Result<i64, Why> {
    let ms = float(word).map(|s| s * 1_000.0).ok().filter(|ms| ms.abs() < 9e18);
    Ok(ms.ok_or("a timestamp in seconds was expected")?.round() as i64)
}

#[cfg(test)]
mod tests;

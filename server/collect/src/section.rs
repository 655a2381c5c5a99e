//! Reads one mapping of a YAML file key by key and reports what became of each.

use std::cell::RefCell;

use serde_yaml_ng::{Mapping, Value};

use crate::duration::parse_duration_ms;
use crate::report::{Report, Status};
use crate::{Error, Result};

/// A mapping being read. [`Section::finish`], called last, reports the keys that nobody asked for.
pub(crate) struct Section<'a> {
    path: String,
    map: Option<&'a Mapping>,
    known: RefCell<Vec<&'static str>>,
    report: &'a RefCell<Report>,
}

impl<'a> Section<'a> {
    /// The mapping `value` at `path`; nothing (`null`) is an empty one.
    pub(crate) fn new(
        path: impl Into<String>,
        value: &'a Value,
        report: &'a RefCell<Report>,
    ) -> Result<Self> {
        let path = path.into();
        let map = match value {
            Value::Mapping(map) => Some(map),
            Value::Null => None,
            _ => return Err(Error::config(path, "a mapping was expected")),
        };
        Ok(Section { path, map, known: RefCell::default(), report })
    }

    /// Where `key` stands.
    pub(crate) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A wrong key.
    pub(crate) fn bad(&self, key: &str, why: impl ToString) -> Error {
        Error::config(self.at(key), why)
    }

    fn find(&self, key: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(key);
        self.map?.get(key).filter(|value| !value.is_null())
    }

    fn note(&self, key: &str, status: Status, note: &str) {
        self.report.borrow_mut().add(&self.path, key, status, note);
    }

    /// The value of `key`, reported as used.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'a Value> {
        let value = self.find(key);
        if value.is_some() {
            self.note(key, Status::Used, "");
        }
        value
    }

    /// Says more about a key that was read.
    pub(crate) fn restate(&self, key: &'static str, status: Status, note: &str) {
        let mut report = self.report.borrow_mut();
        let finding = report.findings.iter_mut().rev().find(|f| f.path == self.path && f.key == key);
        if let Some(finding) = finding {
            finding.status = status;
            finding.note = note.to_owned();
        }
    }

    /// Keys that are known and have no effect.
    pub(crate) fn ignored(&self, keys: &[&'static str], note: &str) {
        for key in keys {
            if self.find(key).is_some() {
                self.note(key, Status::Ignored, note);
            }
        }
    }

    /// A text; numbers and truth values count as the text they are written as.
    pub(crate) fn text(&self, key: &'static str) -> Result<Option<String>> {
        self.value(key)
            .map(|value| text_of(value).ok_or_else(|| self.bad(key, "a text was expected")))
            .transpose()
    }

    /// A truth value.
    pub(crate) fn bool(&self, key: &'static str) -> Result<Option<bool>> {
        let read = |value: &Value| value.as_bool().ok_or_else(|| self.bad(key, "true or false was expected"));
        self.value(key).map(read).transpose()
    }

    /// A whole number from 0.
    pub(crate) fn number(&self, key: &'static str) -> Result<Option<u64>> {
        let read = |value: &Value| value.as_u64().ok_or_else(|| self.bad(key, "a whole number was expected"));
        self.value(key).map(read).transpose()
    }

    /// A duration in ms.
    pub(crate) fn duration_ms(&self, key: &'static str) -> Result<Option<i64>> {
        let text = self.text(key)?;
        text.map(|text| parse_duration_ms(&text).map_err(|why| self.bad(key, why))).transpose()
    }

    /// A size in bytes, such as `10MB`; units are powers of 1,024 as in Prometheus.
    pub(crate) fn size(&self, key: &'static str) -> Result<Option<u64>> {
        let text = self.text(key)?;
        text.map(|text| parse_size(&text).map_err(|why| self.bad(key, why))).transpose()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let list = value.as_sequence().and_then(|items| items.iter().map(text_of).collect());
        list.map(Some).ok_or_else(|| self.bad(key, "a list of texts was expected"))
    }

    /// A mapping of texts.
    pub(crate) fn pairs(&self, key: &'static str) -> Result<Vec<(String, String)>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let bad = || self.bad(key, "a mapping of texts was expected");
        let map = value.as_mapping().ok_or_else(bad)?;
        map.iter().map(|(k, v)| Some((text_of(k)?, text_of(v)?))).collect::<Option<_>>().ok_or_else(bad)
    }

    /// The mapping below `key`.
    pub(crate) fn section(&self, key: &'static str) -> Result<Option<Section<'a>>> {
        self.value(key).map(|value| Section::new(self.at(key), value, self.report)).transpose()
    }

    /// The list of mappings below `key`.
    pub(crate) fn sections(&self, key: &'static str) -> Result<Vec<Section<'a>>> {
        let Some(value) = self.value(key) else { return Ok(Vec::new()) };
        let items = value.as_sequence().ok_or_else(|| self.bad(key, "a list was expected"))?;
        let at = |i| format!("{}[{i}]", self.at(key));
        items.iter().enumerate().map(|(i, item)| Section::new(at(i), item, self.report)).collect()
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.map.into_iter().flat_map(Mapping::keys) {
            let key = text_of(key).unwrap_or_else(|| format!("{key:?}"));
            if !known.contains(&key.as_str()) {
                let near = known.iter().find(|known| is_near(&key, known));
                let note = near.map(|near| format!("did you mean {near}?")).unwrap_or_default();
                self.note(&key, Status::Unknown, &note);
            }
        }
    }
}

pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

/// Whether two names differ in one letter only: changed, added, missing, or two swapped.
fn is_near(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let swapped = a.len() == 2 && b.len() == 2 && a[0] == b[1] && a[1] == b[0];
    swapped || (a.len() <= 1 && b.len() <= 1)
}

fn parse_size(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is not a size such as 512KB or 10MB");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" | "B" => 0,
        "KB" | "KiB" | "K" => 10,
        "MB" | "MiB" | "M" => 20,
        "GB" | "GiB" | "G" => 30,
        "TB" | "TiB" | "T" => 40,
        _ => return Err(bad()),
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    number.checked_mul(1 << shift).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        assert!(is_near("scrape_intervall", "scrape_interval"));
        assert!(is_near("sheme", "scheme") && is_near("job_nmae", "job_name") && is_near("xob", "job"));
        assert!(!is_near("targets", "labels") && !is_near("ab", "cd"));
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("10MB"), Ok(10 << 20));
        assert_eq!(parse_size("7"), Ok(7));
        assert!(parse_size("10 apples").is_err() && parse_size("MB").is_err());
    }
}

//! `| logfmt`: labels from `key=value key="quoted value"`.

use super::{Stage, Wanted, push_label_name};
use crate::ast::{self, Extraction};
use crate::json::RawString;
use crate::line::{Line, LineError};

#[derive(Debug)]
pub(super) struct Logfmt {
    strict: bool,
    keep_empty: bool,
    fields: Vec<Extraction>,
    /// The labels that are needed; all if `None`.
    wanted: Option<Vec<String>>,
    /// Whether to stop once they are found.
    stops_early: bool,
}

impl Logfmt {
    pub(super) fn new(logfmt: &ast::Logfmt, wanted: &Wanted, stops_early: bool) -> Self {
        let wanted = match wanted {
            Wanted::All => None,
            Wanted::Only(names) => Some(names.iter().cloned().collect()),
        };
        Logfmt {
            strict: logfmt.strict,
            keep_empty: logfmt.keep_empty,
            fields: logfmt.fields.clone(),
            wanted: wanted.filter(|_| logfmt.fields.is_empty()),
            stops_early,
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.wanted.as_ref().is_none_or(|names| {
            names.iter().any(|n| n == name || n.strip_suffix("_extracted").is_some_and(|n| n == name))
        })
    }
}

impl Stage for Logfmt {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.rewritten.as_deref().unwrap_or(line.original);
        let labels = &mut line.labels;
        let value = &mut line.scratch;
        let mark = labels.mark();
        let wanted = self.wanted.as_ref().filter(|_| self.stops_early);
        let mut missing = wanted.map(|names| names.iter().filter(|name| !labels.is_taken(name)).count());
        let mut name = String::new();
        let mut pairs = Pairs { text, at: 0 };
        loop {
            let pair = match pairs.next() {
                Ok(Some(pair)) => pair,
                Ok(None) => return true,
                Err(_) if !self.strict => {
                    pairs.skip_word();
                    continue;
                }
                Err(what) => {
                    let details = format!("logfmt syntax error at pos {} : {what}", pairs.at + 1);
                    labels.set_error(LineError::Logfmt, details);
                    return true;
                }
            };
            value.clear();
            pair.value.push_to(value);
            let key = String::from_utf8_lossy(pair.key);
            if !self.fields.is_empty() {
                for field in self.fields.iter().filter(|field| field.expression == key) {
                    labels.extract(mark, &field.label, value);
                }
                continue;
            }
            name.clear();
            push_label_name(&mut name, &key);
            if (value.is_empty() && !self.keep_empty) || !self.wants(&name) {
                continue;
            }
            let before = labels.mark();
            labels.extract(mark, &name, value);
            if let Some(missing) = &mut missing
                && labels.mark() > before
                && labels.last_is_one_of(self.wanted.as_deref().unwrap_or(&[]))
            {
                *missing -= 1;
                if *missing == 0 {
                    return true;
                }
            }
        }
    }
}

struct Pair<'a> {
    key: &'a [u8],
    value: RawString<'a>,
}

struct Pairs<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Pairs<'a> {
    fn next(&mut self) -> Result<Option<Pair<'a>>, String> {
        while self.text.get(self.at).is_some_and(|b| *b <= b' ') {
            self.at += 1;
        }
        let start = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'=' => break,
                b'"' => return Err("unexpected '\"'".into()),
                0..=b' ' => break,
                _ => self.at += 1,
            }
        }
        let key = &self.text[start..self.at];
        let empty = RawString { bytes: &[], escaped: false };
        if self.text.get(self.at) != Some(&b'=') {
            return Ok((!key.is_empty()).then_some(Pair { key, value: empty }));
        }
        if key.is_empty() {
            return Err("unexpected '='".into());
        }
        self.at += 1;
        let value = if self.text.get(self.at) == Some(&b'"') { self.quoted()? } else { self.word()? };
        Ok(Some(Pair { key, value }))
    }

    fn word(&mut self) -> Result<RawString<'a>, String> {
        let start = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'=' | b'"' => return Err(format!("unexpected '{}'", byte as char)),
                0..=b' ' => break,
                _ => self.at += 1,
            }
        }
        Ok(RawString { bytes: &self.text[start..self.at], escaped: false })
    }

    fn quoted(&mut self) -> Result<RawString<'a>, String> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            match self.text.get(at) {
                None => return Err("unterminated quoted value".into()),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        if self.text.get(self.at).is_some_and(|b| *b > b' ') {
            return Err(format!("unexpected '{}'", self.text[self.at] as char));
        }
        Ok(RawString { bytes: &self.text[start..at], escaped })
    }

    /// Goes behind a pair that cannot be read.
    fn skip_word(&mut self) {
        while self.text.get(self.at).is_some_and(|b| *b > b' ') {
            self.at += 1;
        }
    }
}

//! `| json`: labels from the fields of a JSON object; nested ones flattened with `_`, arrays left out.
//! `| json a="b.c[0]"`: labels from the fields asked for.

use super::{Stage, Wanted, push_label_name};
use crate::ast::Extraction;
use crate::json::{Kind, Scanned, Scanner};
use crate::line::{Line, LineError, LineLabels};
use crate::{Error, Result};

/// Objects may be nested this deep.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct Json {
    /// The labels that are needed; all if `None`.
    wanted: Option<Vec<String>>,
    /// Whether to stop once they are found.
    stops_early: bool,
}

impl Json {
    pub(super) fn new(wanted: &Wanted, stops_early: bool) -> Self {
        let wanted = match wanted {
            Wanted::All => None,
            Wanted::Only(names) => Some(names.iter().cloned().collect()),
        };
        Json { wanted, stops_early }
    }
}

impl Stage for Json {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.rewritten.as_deref().unwrap_or(line.original);
        let labels = &mut line.labels;
        let wanted = self.wanted.as_ref().filter(|_| self.stops_early);
        let missing = wanted.map(|names| names.iter().filter(|name| !labels.is_taken(name)).count());
        let mark = labels.mark();
        let mut run = Run {
            scanner: Scanner::new(text),
            wanted: self.wanted.as_deref(),
            missing,
            mark,
            labels,
            name: String::new(),
            value: &mut line.scratch,
        };
        if let Err(malformed) = run.document() {
            line.labels.set_error(LineError::Json, malformed);
        }
        true
    }
}

struct Run<'a, 'l> {
    scanner: Scanner<'a>,
    wanted: Option<&'l [String]>,
    /// How many wanted labels are still to be found.
    missing: Option<usize>,
    mark: usize,
    labels: &'l mut LineLabels,
    name: String,
    value: &'l mut String,
}

impl Run<'_, '_> {
    fn document(&mut self) -> Scanned<()> {
        if self.missing == Some(0) {
            return Ok(());
        }
        if self.object(0)? {
            self.scanner.end()?;
        }
        Ok(())
    }

    /// Reads an object whose fields' names begin with `self.name`; `false` once all is found.
    fn object(&mut self, depth: usize) -> Scanned<bool> {
        if depth > MAX_DEPTH {
            self.scanner.skip()?;
            return Ok(true);
        }
        self.scanner.enter_object()?;
        let prefix = self.name.len();
        let mut first = true;
        while let Some(key) = self.scanner.next_key(first)? {
            first = false;
            self.name.truncate(prefix);
            if prefix > 0 {
                self.name.push('_');
            }
            match key.as_plain_name() {
                // Most keys are names as they stand.
                Some(name) => self.name.push_str(name),
                None => {
                    self.value.clear();
                    key.push_to(self.value);
                    push_label_name(&mut self.name, self.value);
                }
            }
            if !self.value_of_name(depth)? {
                return Ok(false);
            }
        }
        self.name.truncate(prefix);
        Ok(true)
    }

    fn value_of_name(&mut self, depth: usize) -> Scanned<bool> {
        match self.scanner.kind()? {
            Kind::Object if self.wants_below() => return self.object(depth + 1),
            Kind::Object | Kind::Array => {
                self.scanner.skip()?;
                return Ok(true);
            }
            kind if !self.wants() => {
                match kind {
                    Kind::String => drop(self.scanner.string()?),
                    _ => drop(self.scanner.bare()?),
                }
                return Ok(true);
            }
            Kind::String => {
                let text = self.scanner.string()?;
                self.value.clear();
                text.push_to(self.value);
            }
            Kind::Bare => {
                let text = self.scanner.bare()?;
                self.value.clear();
                if text != b"null" {
                    // `bare` lets ASCII alone pass.
                    self.value.push_str(&String::from_utf8_lossy(text));
                }
            }
        }
        let before = self.labels.mark();
        self.labels.extract(self.mark, &self.name, self.value);
        if let Some(missing) = &mut self.missing
            && self.labels.mark() > before
        {
            *missing -= usize::from(self.labels.last_is_one_of(self.wanted.unwrap_or(&[])));
            return Ok(*missing > 0);
        }
        Ok(true)
    }

    fn wants(&self) -> bool {
        self.wanted.is_none_or(|names| {
            names.iter().any(|name| {
                *name == self.name || name.strip_suffix("_extracted").is_some_and(|name| name == self.name)
            })
        })
    }

    fn wants_below(&self) -> bool {
        self.wanted.is_none_or(|names| {
            names
                .iter()
                .any(|name| name.strip_prefix(self.name.as_str()).is_some_and(|rest| rest.starts_with('_')))
        })
    }
}

/// A step of an expression: `a`, `["a"]` or `[0]`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

#[derive(Debug)]
pub(super) struct JsonFields {
    fields: Vec<(String, Vec<Step>)>,
}

impl JsonFields {
    pub(super) fn new(fields: &[Extraction]) -> Result<Self> {
        let compile = |field: &Extraction| match path(&field.expression) {
            Some(steps) => Ok((field.label.clone(), steps)),
            None => Err(Error::invalid(format!("cannot parse expression [{}]", field.expression))),
        };
        Ok(JsonFields { fields: fields.iter().map(compile).collect::<Result<_>>()? })
    }
}

fn path(expression: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix("[\"") {
            let (key, tail) = tail.split_once("\"]")?;
            steps.push(Step::Key(key.to_owned()));
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('[') {
            let (index, tail) = tail.split_once(']')?;
            steps.push(Step::Index(index.trim().parse().ok()?));
            rest = tail;
        } else {
            let tail = match rest.strip_prefix('.') {
                Some(tail) if !steps.is_empty() => tail,
                Some(_) => return None,
                None if steps.is_empty() => rest,
                None => return None,
            };
            let length = tail.find(['.', '[']).unwrap_or(tail.len());
            let key = &tail[..length];
            if key.is_empty() || key.contains(|c: char| c.is_whitespace() || matches!(c, '"' | ']' | '=')) {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = &tail[length..];
        }
    }
    (!steps.is_empty()).then_some(steps)
}

impl Stage for JsonFields {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.rewritten.as_deref().unwrap_or(line.original);
        let mark = line.labels.mark();
        let value = &mut line.scratch;
        for (label, steps) in &self.fields {
            value.clear();
            let mut scanner = Scanner::new(text);
            let found = match scanner.kind() {
                Ok(Kind::Object) => find(&mut scanner, steps),
                Ok(_) => scanner.wrong("expected a JSON object"),
                Err(malformed) => Err(malformed),
            };
            match found {
                Err(malformed) => {
                    line.labels.set_error(LineError::Json, malformed);
                    return true;
                }
                Ok(true) => match scanner.kind() {
                    Ok(Kind::String) => {
                        if let Ok(text) = scanner.string() {
                            text.push_to(value);
                        }
                    }
                    _ => match scanner.skip() {
                        Ok(b"null") => {}
                        Ok(text) => value.push_str(&String::from_utf8_lossy(text)),
                        Err(malformed) => {
                            line.labels.set_error(LineError::Json, malformed);
                            return true;
                        }
                    },
                },
                Ok(false) => {}
            }
            line.labels.extract(mark, label, value);
        }
        true
    }
}

/// Goes to the value at `steps`; `false` if there is none.
fn find(scanner: &mut Scanner<'_>, steps: &[Step]) -> Scanned<bool> {
    let mut key_text = String::new();
    for step in steps {
        let found = match (step, scanner.kind()?) {
            (Step::Key(wanted), Kind::Object) => {
                scanner.enter_object()?;
                let mut first = true;
                loop {
                    let Some(key) = scanner.next_key(first)? else {
                        break false;
                    };
                    first = false;
                    key_text.clear();
                    key.push_to(&mut key_text);
                    if key_text == *wanted {
                        break true;
                    }
                    scanner.skip()?;
                }
            }
            (Step::Index(index), Kind::Array) => {
                scanner.enter_array()?;
                let mut at = 0;
                loop {
                    if !scanner.next_element(at == 0)? {
                        break false;
                    }
                    if at == *index {
                        break true;
                    }
                    scanner.skip()?;
                    at += 1;
                }
            }
            _ => false,
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

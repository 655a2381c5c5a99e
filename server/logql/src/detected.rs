//! Fields that lines turn out to have: parsed labels, structured metadata, and, where the query parses nothing itself,
//! what `json` or `logfmt` finds.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use model::{Control, Labels, LogSource};

use crate::answer::RangeParams;
use crate::ast::{LogExpr, Logfmt, Stage};
use crate::json::{Kind, Scanned, Scanner};
use crate::line::{ERROR, ERROR_DETAILS};
use crate::scan::Env;
use crate::stages::push_label_name;
use crate::units::{parse_bytes, parse_duration};
use crate::{Result, Stream, log_query};

/// Values of a field that are told apart.
const MOST_VALUES: usize = 10_000;
/// How deep objects are followed.
const MOST_DEPTH: usize = 32;

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The label that it makes.
    pub label: String,
    /// `string`, `int`, `float`, `boolean`, `duration`, `bytes`.
    pub kind: &'static str,
    /// Its values.
    pub values: BTreeSet<String>,
    /// The stages that find it; none for structured metadata.
    pub parsers: BTreeSet<&'static str>,
    /// Where it is in a JSON document.
    pub json_path: Vec<String>,
}

/// The fields of the `params.limit` first lines that `log` selects, by name.
pub fn detected_fields(
    source: &dyn LogSource,
    log: &LogExpr,
    params: RangeParams,
    control: &Control,
) -> Result<Vec<Field>> {
    let env = Env::new(source, control, params.now_ns);
    let mut found = Found::default();
    let named: BTreeSet<&'static str> = log.stages.iter().filter_map(parser_name).collect();
    if !named.is_empty() {
        for stream in log_query::evaluate(log, params, None, &env)? {
            found.add_entries(&stream, &named, |_| true);
        }
        return Ok(found.finish());
    }
    let with = |stage: Stage| {
        let mut log = log.clone();
        log.stages.push(stage);
        log
    };
    let mut is_json = BTreeSet::new();
    for stream in log_query::evaluate(&with(Stage::Json(Vec::new())), params, None, &env)? {
        let failed = stream.labels.get(ERROR).is_some();
        if !failed {
            for entry in &stream.entries {
                is_json.insert(entry.sequence);
                found.add_paths(&entry.line);
            }
        }
        found.add_entries(&stream, &BTreeSet::from(["json"]), |_| !failed);
    }
    for stream in log_query::evaluate(&with(Stage::Logfmt(Logfmt::default())), params, None, &env)? {
        let failed = stream.labels.get(ERROR).is_some();
        let parsed = |sequence: u64| !failed && !is_json.contains(&sequence);
        found.add_entries(&stream, &BTreeSet::from(["logfmt"]), parsed);
    }
    Ok(found.finish())
}

fn parser_name(stage: &Stage) -> Option<&'static str> {
    match stage {
        Stage::Json(_) => Some("json"),
        Stage::Logfmt(_) => Some("logfmt"),
        Stage::Regexp(_) => Some("regexp"),
        Stage::Pattern(_) => Some("pattern"),
        Stage::Unpack => Some("unpack"),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Found {
    fields: BTreeMap<String, Field>,
    paths: BTreeMap<String, Vec<String>>,
}

impl Found {
    /// Adds the metadata of a stream's entries, and the parsed labels of those for which `parsed` says yes.
    fn add_entries(
        &mut self,
        stream: &Stream,
        parsers: &BTreeSet<&'static str>,
        parsed: impl Fn(u64) -> bool,
    ) {
        for entry in &stream.entries {
            self.add(&entry.metadata, &BTreeSet::new());
            if parsed(entry.sequence) {
                self.add(&entry.parsed, parsers);
            }
        }
    }

    fn add(&mut self, labels: &Labels, parsers: &BTreeSet<&'static str>) {
        for (name, value) in labels.iter().filter(|(name, _)| ![ERROR, ERROR_DETAILS].contains(name)) {
            let field = self.fields.entry(name.to_owned()).or_insert_with(|| Field {
                label: name.to_owned(),
                kind: "",
                values: BTreeSet::new(),
                parsers: BTreeSet::new(),
                json_path: Vec::new(),
            });
            field.parsers.extend(parsers);
            field.kind = joined(field.kind, kind_of(value));
            if field.values.len() < MOST_VALUES {
                field.values.insert(value.to_owned());
            }
        }
    }

    fn add_paths(&mut self, line: &[u8]) {
        // The line was read as JSON before: what cannot be followed has no path.
        let _ = walk(&mut Scanner::new(line), &mut Vec::new(), &mut self.paths);
    }

    fn finish(mut self) -> Vec<Field> {
        for field in self.fields.values_mut() {
            // A field that the stream has as a label, too, is called `…_extracted`.
            let name = field.label.strip_suffix("_extracted").unwrap_or(&field.label);
            let path = self.paths.get(&field.label).or_else(|| self.paths.get(name));
            if field.parsers.contains("json") {
                field.json_path = path.cloned().unwrap_or_default();
            }
        }
        self.fields.into_values().collect()
    }
}

fn walk(
    scanner: &mut Scanner<'_>,
    path: &mut Vec<String>,
    paths: &mut BTreeMap<String, Vec<String>>,
) -> Scanned<()> {
    scanner.enter_object()?;
    let mut first = true;
    while let Some(key) = scanner.next_key(first)? {
        first = false;
        let mut name = String::new();
        key.push_to(&mut name);
        path.push(name);
        match scanner.kind()? {
            Kind::Object if path.len() < MOST_DEPTH => walk(scanner, path, paths)?,
            _ => {
                scanner.skip()?;
                let mut label = String::new();
                for (i, part) in path.iter().enumerate() {
                    label.push_str(if i > 0 { "_" } else { "" });
                    push_label_name(&mut label, part);
                }
                paths.entry(label).or_insert_with(|| path.clone());
            }
        }
        path.pop();
    }
    Ok(())
}

fn kind_of(value: &str) -> &'static str {
    if value.parse::<i64>().is_ok() {
        "int"
    } else if value.parse::<f64>().is_ok() {
        "float"
    } else if matches!(value, "true" | "false") {
        "boolean"
    } else if parse_duration(value).is_some() {
        "duration"
    } else if parse_bytes(value).is_some() {
        "bytes"
    } else {
        "string"
    }
}

/// The type of values of two types.
fn joined(a: &'static str, b: &'static str) -> &'static str {
    match (a, b) {
        ("", other) => other,
        (a, b) if a == b => a,
        ("int", "float") | ("float", "int") => "float",
        _ => "string",
    }
}

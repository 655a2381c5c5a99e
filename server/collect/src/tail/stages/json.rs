//! `json`: values of a JSON object are extracted.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{Each, Stage, State, each};
use crate::Result;
use crate::section::Section;
use crate::tail::json_path::JsonPath;
use crate::tail::pipeline::{Draft, Verdict};

/// Names with the paths they come from.
#[derive(Debug)]
pub(super) struct Json {
    expressions: Vec<(Arc<str>, JsonPath)>,
    source: Option<String>,
    drop_malformed: bool,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let pairs = section.pairs("expressions")?;
    if pairs.is_empty() {
        return Err(section.bad("expressions", "json needs expressions"));
    }
    let mut expressions = Vec::new();
    for (name, path) in pairs {
        let text = if path.is_empty() { &name } else { &path };
        let path = JsonPath::parse(text).map_err(|why| section.bad("expressions", why))?;
        expressions.push((Arc::from(name), path));
    }
    let drop_malformed = section.bool("drop_malformed")?.unwrap_or(false);
    each(Json { expressions, source: section.text("source")?, drop_malformed })
}

impl Json {
    /// Extracts top-level keys of the line, each under its own name.
    pub(super) fn of_keys(keys: &[&str]) -> Self {
        let expressions = keys.iter().map(|key| (Arc::from(*key), JsonPath::of_key(key))).collect();
        Json { expressions, source: None, drop_malformed: false }
    }
}

impl Each for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn apply(&self, draft: &mut Draft, _: &mut State, _: i64) -> Result<Verdict, String> {
        let Some(text) = draft.source(self.source.as_deref()) else {
            return Err(format!("nothing was extracted as {:?}", self.source.as_deref().unwrap_or_default()));
        };
        let mut found = vec![None; self.expressions.len()];
        let mut reader = serde_json::Deserializer::from_str(&text);
        let read = Wanted { paths: &self.expressions, found: &mut found }.deserialize(&mut reader);
        if let Err(error) = read.and_then(|()| reader.end()) {
            let verdict =
                if self.drop_malformed { Ok(Verdict::Drop) } else { Err(format!("not JSON: {error}")) };
            return verdict;
        }
        for ((name, _), value) in self.expressions.iter().zip(found) {
            match value {
                Some(value) => draft.extract(name, value),
                None => draft.extracted.retain(|(n, _)| n != name),
            }
        }
        Ok(Verdict::Keep)
    }
}

/// Reads the fields that paths begin with and steps over all others.
struct Wanted<'a> {
    paths: &'a [(Arc<str>, JsonPath)],
    found: &'a mut [Option<String>],
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if !self.paths.iter().any(|(_, path)| path.root() == key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = map.next_value()?;
            for ((_, path), found) in self.paths.iter().zip(self.found.iter_mut()) {
                if path.root() == key {
                    *found = path.follow(&value).and_then(text_of);
                }
            }
        }
        Ok(())
    }
}

/// A value as text; null is none.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        // Without an exponent, as Go's 'f' format.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => Some(float.to_string()),
            _ => Some(number.to_string()),
        },
        other => Some(other.to_string()),
    }
}

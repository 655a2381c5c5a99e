//! The configuration file: YAML flattened to dotted keys, each checked against the table.

use anyhow::{Result, bail};
use serde_yaml_ng::Value;

use super::{KEYS, Values};

/// Reads the text of a configuration file.
pub(super) fn parse(text: &str) -> Result<Values> {
    let mut values = Values::new();
    match serde_yaml_ng::from_str::<Value>(text)? {
        Value::Null => {}
        Value::Mapping(mapping) => section("", &mapping, &mut values)?,
        _ => bail!("the file's top level is not a mapping of keys"),
    }
    Ok(values)
}

fn section(prefix: &str, mapping: &serde_yaml_ng::Mapping, values: &mut Values) -> Result<()> {
    for (name, value) in mapping {
        let Some(name) = name.as_str() else { bail!("a key of {prefix:?} is not a text") };
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let is_section =
            KEYS.iter().any(|key| key.name.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.')));
        match (KEYS.iter().find(|key| key.name == name), value) {
            (Some(key), Value::Sequence(all)) if key.list => {
                values.insert(key.name, all.iter().map(|one| scalar(&name, one)).collect::<Result<_>>()?);
            }
            (Some(_), Value::Sequence(_)) => bail!("{name}: takes one value, not a list"),
            (Some(key), Value::Null) => {
                values.insert(key.name, key.default_values());
            }
            (Some(key), value) => {
                values.insert(key.name, vec![scalar(&name, value)?]);
            }
            (None, Value::Mapping(inner)) if is_section => section(&name, inner, values)?,
            (None, Value::Null) if is_section => {}
            (None, _) => bail!("unknown key {name:?}{}", suggestion(&name)),
        }
    }
    Ok(())
}

fn scalar(name: &str, value: &Value) -> Result<String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => bail!("{name}: takes a text, a number, true or false"),
    })
}

fn suggestion(name: &str) -> String {
    let nearest = KEYS.iter().map(|key| (distance(name, key.name), key.name)).min();
    match nearest {
        Some((edits, key)) if edits <= 1 + name.len() / 4 => format!(": did you mean {key:?}?"),
        _ => ": docs/configuration.md has all keys".into(),
    }
}

/// The edits (Levenshtein) from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

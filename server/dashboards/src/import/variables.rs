//! Dashboard variables: defaults, and the shapes that old files give them.

use serde_json::{Map, Value, json};

use super::MOST_VARIABLES;
use super::datasource::Sources;
use super::json::{default, object, text};
use super::report::{Kind, Report};

/// Variable types the UI evaluates.
const TYPES: &[&str] =
    &["query", "custom", "interval", "textbox", "constant", "datasource", "adhoc", "switch", "groupby"];

pub(super) fn fill_in(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let templating = object(dashboard, "templating");
    if !templating.get("list").is_some_and(Value::is_array) {
        templating.insert("list".into(), json!([]));
    }
    let Some(Value::Array(list)) = templating.get_mut("list") else { return };
    list.retain(|variable| variable["name"].as_str().is_some_and(|name| !name.is_empty()));
    if list.len() > MOST_VARIABLES {
        report.unknown(
            Kind::Variable,
            format!("{} variables: the first {MOST_VARIABLES} are read", list.len()),
        );
        list.truncate(MOST_VARIABLES);
    }
    for variable in list {
        let Value::Object(variable) = variable else { continue };
        for (key, value) in [
            ("type", json!("query")),
            ("hide", json!(0)),
            ("multi", json!(false)),
            ("includeAll", json!(false)),
            ("regex", json!("")),
            ("options", json!([])),
            ("current", json!({})),
        ] {
            default(variable, key, value);
        }
        // Before schema 8 a variable of hosts was called a filter.
        if text(variable, "type") == "filter" {
            variable.insert("type".into(), json!("query"));
        }
        if !matches!(text(variable, "type"), "adhoc" | "groupby") {
            flatten_query(variable);
        }
    }
}

/// Names the source of each variable that asks one, and puts all into the report.
pub(super) fn resolve(dashboard: &mut Map<String, Value>, sources: &Sources, report: &mut Report) {
    let list = dashboard.get_mut("templating").and_then(|t| t.get_mut("list")).and_then(Value::as_array_mut);
    for variable in list.into_iter().flatten() {
        let Value::Object(variable) = variable else { continue };
        let (name, kind) = (text(variable, "name").to_owned(), text(variable, "type").to_owned());
        if !TYPES.contains(&kind.as_str()) {
            report.unknown(Kind::Variable, format!("${name} of type {kind}"));
            continue;
        }
        if matches!(kind.as_str(), "query" | "adhoc" | "groupby") {
            let reference = variable.get("datasource").cloned().unwrap_or_default();
            let (source, uid) = sources.resolve(&reference, text(variable, "query"));
            if !matches!(source.as_str(), "prometheus" | "loki") {
                report.unknown(
                    Kind::Variable,
                    format!("${name}: source of type {source} is not available in this version"),
                );
                variable.insert("datasource".into(), json!({"type": source, "uid": uid}));
                continue;
            }
            if !reference.is_null() {
                variable.insert("datasource".into(), json!({"type": source, "uid": uid}));
            }
        }
        report.used(Kind::Variable, format!("${name}: {kind}"));
    }
}

/// `query` is a text in old files and an object in new ones: the UI reads the text.
fn flatten_query(variable: &mut Map<String, Value>) {
    let text = match variable.get("query") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(query)) => {
            let text = |key: &str| {
                query.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned)
            };
            text("query").or_else(|| text("expr")).or_else(|| loki_query(query)).unwrap_or_default()
        }
        _ => String::new(),
    };
    let text = match variable.get("definition").and_then(Value::as_str) {
        Some(definition) if text.is_empty() => definition.to_owned(),
        _ => text,
    };
    variable.insert("query".into(), text.into());
}

/// Loki's form: `{"label": "job", "stream": "{app=\"x\"}", "type": 1}` (type 0: label names).
fn loki_query(query: &Map<String, Value>) -> Option<String> {
    let label = query.get("label")?.as_str()?;
    let stream = query.get("stream").and_then(Value::as_str).unwrap_or_default();
    if query.get("type").and_then(Value::as_i64) == Some(0) || label.is_empty() {
        return Some("label_names()".into());
    }
    Some(if stream.is_empty() {
        format!("label_values({label})")
    } else {
        format!("label_values({stream}, {label})")
    })
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::{Value, json};

    fn check(variable: Value, query: &str) {
        let file = json!({"title": "x", "templating": {"list": [variable]}});
        let dashboard = import(file.to_string().as_bytes(), "f").expect("a dashboard").dashboard;
        assert_eq!(dashboard["templating"]["list"][0]["query"], query);
    }

    #[test]
    fn queries_of_every_shape() {
        check(json!({"name": "a", "query": "label_values(up, job)"}), "label_values(up, job)");
        check(
            json!({"name": "a", "query": {"query": "label_values(job)", "refId": "x"}}),
            "label_values(job)",
        );
        check(json!({"name": "a", "definition": "label_values(job)"}), "label_values(job)");
        check(json!({"name": "a", "query": {"label": "job", "stream": "", "type": 1}}), "label_values(job)");
        check(
            json!({"name": "a", "query": {"label": "j", "stream": "{a=\"b\"}", "type": 1}}),
            "label_values({a=\"b\"}, j)",
        );
        check(json!({"name": "a", "type": "custom", "query": "a,b"}), "a,b");
    }
}

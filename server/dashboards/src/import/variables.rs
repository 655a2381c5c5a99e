//! Dashboard variables: defaults, and the shapes that old files give them.

use serde_json::{Map, Value, json};

use super::{Report, default, object};

/// Variable types the UI evaluates.
const TYPES: &[&str] = &["query", "custom", "interval", "textbox", "constant", "datasource"];

pub(super) fn fill_in(dashboard: &mut Map<String, Value>, report: &mut Report) {
    let templating = object(dashboard, "templating");
    default(templating, "list", json!([]));
    let Some(Value::Array(list)) = templating.get_mut("list") else { return };
    list.retain(|variable| variable["name"].is_string());
    for variable in list {
        let Value::Object(variable) = variable else { continue };
        default(variable, "type", json!("query"));
        default(variable, "hide", json!(0));
        default(variable, "multi", json!(false));
        default(variable, "includeAll", json!(false));
        default(variable, "regex", json!(""));
        default(variable, "options", json!([]));
        default(variable, "current", json!({}));
        let kind = variable["type"].as_str().unwrap_or_default();
        if !TYPES.contains(&kind) {
            let name = variable["name"].as_str().unwrap_or_default();
            report.unknown.push(format!("variable ${name} of type {kind}"));
        }
        flatten_query(variable);
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

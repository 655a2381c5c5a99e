//! Annotation queries: defaults, the kind of their source, and whether it can be asked.

use serde_json::{Map, Value, json};

use super::datasource::Sources;
use super::json::{default, object, text};
use super::report::{Kind, Report};

/// Annotation queries of a dashboard; Grafana allows no more than a screen can show.
const MOST: usize = 50;

pub(super) fn fill_in(dashboard: &mut Map<String, Value>, sources: &Sources, report: &mut Report) {
    let annotations = object(dashboard, "annotations");
    default(annotations, "list", json!([]));
    let Some(Value::Array(list)) = annotations.get_mut("list") else {
        annotations.insert("list".into(), json!([]));
        return;
    };
    list.retain(Value::is_object);
    if list.len() > MOST {
        report.unknown(
            Kind::Annotation,
            format!("{} annotation queries: the first {MOST} are shown", list.len()),
        );
        list.truncate(MOST);
    }
    for entry in list.iter_mut().filter_map(Value::as_object_mut) {
        default(entry, "name", json!("Annotations"));
        default(entry, "enable", json!(true));
        default(entry, "hide", json!(false));
        default(entry, "iconColor", json!("rgba(0, 211, 255, 1)"));
        let name = text(entry, "name").to_owned();
        let built_in = entry.get("builtIn").is_some_and(|b| *b == 1 || *b == true);
        if built_in {
            entry.insert("builtIn".into(), json!(1));
            report.used(Kind::Annotation, format!("{name}: Grafana's own"));
            continue;
        }
        query_text(entry);
        let reference = entry.get("datasource").cloned().unwrap_or_default();
        let (kind, uid) = sources.resolve(&reference, text(entry, "expr"));
        let asked = matches!(kind.as_str(), "prometheus" | "loki") && !text(entry, "expr").trim().is_empty();
        if asked {
            report.used(Kind::Annotation, format!("{name}: {kind}"));
        } else if matches!(kind.as_str(), "prometheus" | "loki") {
            report.unknown(Kind::Annotation, format!("{name}: it has no query"));
        } else {
            report.unknown(
                Kind::Annotation,
                format!("{name}: source of type {kind} is not available in this version"),
            );
        }
        entry.insert("datasource".into(), json!({"type": kind, "uid": uid}));
    }
}

/// The query stands in `expr`, in `target.expr`, or in the oldest files in `query`.
fn query_text(entry: &mut Map<String, Value>) {
    let target = entry.get("target").cloned().unwrap_or_default();
    let found = [&target["expr"], entry.get("query").unwrap_or(&Value::Null)]
        .into_iter()
        .find_map(|value| value.as_str().map(str::to_owned));
    if text(entry, "expr").is_empty()
        && let Some(expr) = found
    {
        entry.insert("expr".into(), json!(expr));
    }
    for key in ["step", "interval", "instant"] {
        if !target[key].is_null() {
            default(entry, key, target[key].clone());
        }
    }
}

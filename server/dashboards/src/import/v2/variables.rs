//! Variables of schema v2 in the shape of v1.

use serde_json::{Value, json};

use super::super::json::flag;
use super::source_of;

/// The v1 form of one variable; none for what is no variable.
pub(super) fn convert(entry: &Value) -> Option<Value> {
    let spec = entry["spec"].as_object()?;
    let kind = match entry["kind"].as_str()? {
        "QueryVariable" => "query",
        "TextVariable" => "textbox",
        "ConstantVariable" => "constant",
        "DatasourceVariable" => "datasource",
        "IntervalVariable" => "interval",
        "CustomVariable" => "custom",
        "GroupByVariable" => "groupby",
        "AdhocVariable" => "adhoc",
        "SwitchVariable" => "switch",
        other => other,
    };
    let mut out = spec.clone();
    out.insert("type".into(), kind.into());
    match kind {
        "query" => {
            let query = &entry["spec"]["query"];
            let asked = if query["spec"].is_object() { &query["spec"] } else { query };
            out.insert("query".into(), asked.clone());
            out.insert("datasource".into(), source_of(query, &entry["spec"]));
        }
        "datasource" => {
            out.insert("query".into(), entry["spec"]["pluginId"].clone());
        }
        "adhoc" | "groupby" => {
            out.insert("datasource".into(), source_of(entry, &entry["spec"]));
        }
        "interval" if flag(spec, "auto") => {
            out.insert("auto".into(), json!(true));
        }
        _ => {}
    }
    if entry["spec"]["hide"].as_str() == Some("inControlsMenu") {
        out.insert("hide".into(), json!("dontHide"));
    }
    Some(Value::Object(out))
}

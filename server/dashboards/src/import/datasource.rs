//! Which kind of source a panel asks: by object, name, uid, type, `${DS_*}`, variable, null.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{DataSource, Report};

/// What a file says of its sources: `__inputs` and data source variables, by name, with their type.
pub(super) struct Sources {
    types: HashMap<String, String>,
    /// The type of the source that provisioning files call the default.
    default: Option<String>,
}

impl Sources {
    pub(super) fn of(dashboard: &Map<String, Value>, known: &[DataSource]) -> Self {
        let mut types = HashMap::new();
        for source in known {
            for name in [&source.uid, &source.name].into_iter().filter(|name| !name.is_empty()) {
                types.insert(name.clone(), source.kind.clone());
            }
        }
        let default = known.iter().find(|source| source.is_default).map(|source| source.kind.clone());
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        for input in dashboard.get("__inputs").and_then(Value::as_array).into_iter().flatten() {
            if input["type"] == "datasource" {
                types.insert(text(input, "name"), text(input, "pluginId"));
            }
        }
        let list = dashboard.get("templating").and_then(|t| t["list"].as_array());
        for variable in list.into_iter().flatten() {
            if variable["type"] == "datasource" {
                types.insert(text(variable, "name"), text(variable, "query"));
            }
        }
        Sources { types, default }
    }

    /// The type that `reference` (a `datasource` value) stands for, if it can be told.
    fn kind(&self, reference: &Value) -> Option<String> {
        let named = |text: &str| {
            let name = text.trim_start_matches("${").trim_start_matches('$').trim_end_matches('}');
            let name = name.split(':').next().unwrap_or(name);
            if let Some(kind) = self.types.get(name).filter(|kind| !kind.is_empty()) {
                return Some(kind.clone());
            }
            let lower = text.to_ascii_lowercase();
            let known = [
                "prometheus",
                "loki",
                "tempo",
                "-- grafana --",
                "-- mixed --",
                "-- dashboard --",
                "__expr__",
            ];
            known.iter().find(|kind| lower.contains(*kind)).map(|kind| (*kind).to_owned())
        };
        match reference {
            Value::String(text) => named(text),
            Value::Object(object) => {
                let field =
                    |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
                field("type")
                    .filter(|kind| *kind != "datasource" && !kind.starts_with('$'))
                    .map(str::to_owned)
                    .or_else(|| field("uid").and_then(named))
            }
            _ => None,
        }
    }
}

/// Gives each target a `refId` and a `datasource` with the type of the source that answers it.
pub(super) fn resolve_panel(panel: &mut Map<String, Value>, sources: &Sources, report: &mut Report) {
    let own = panel.get("datasource").cloned().unwrap_or(Value::Null);
    let own_kind = sources.kind(&own);
    let logs = panel["type"] == "logs";
    let title = panel["title"].as_str().unwrap_or_default().to_owned();
    let Some(Value::Array(targets)) = panel.get_mut("targets") else { return };
    targets.retain(Value::is_object);
    for (i, target) in targets.iter_mut().enumerate() {
        if target["refId"].as_str().is_none_or(str::is_empty) {
            target["refId"] = json!(ref_id(i));
        }
        let kind = sources
            .kind(&target["datasource"])
            .or_else(|| own_kind.clone().filter(|kind| !kind.starts_with("--")));
        let default = || sources.default.clone().filter(|_| own.is_null() && target["datasource"].is_null());
        let kind = kind.unwrap_or_else(|| match guess(target, logs) {
            "loki" => "loki".to_owned(),
            guessed => default().unwrap_or_else(|| guessed.to_owned()),
        });
        if !matches!(kind.as_str(), "prometheus" | "loki" | "__expr__") && !kind.starts_with("--") {
            report
                .unknown
                .push(format!("panel \"{title}\": source of type {kind} is not available in this version"));
        }
        let reference = if target["datasource"].is_null() { &own } else { &target["datasource"] };
        let uid = match reference {
            Value::Object(object) => object.get("uid").and_then(Value::as_str).unwrap_or(&kind).to_owned(),
            Value::String(text) => text.clone(),
            _ => kind.clone(),
        };
        target["datasource"] = json!({"type": kind, "uid": uid});
    }
}

/// A source nobody named: Loki for logs panels and for what only LogQL can be, else Prometheus.
fn guess(target: &Value, logs: bool) -> &'static str {
    let expr = target["expr"].as_str().unwrap_or_default();
    let logql = ["|=", "|~", "| json", "| logfmt", "count_over_time({", "rate({"]
        .iter()
        .any(|mark| expr.contains(mark));
    if logs || logql { "loki" } else { "prometheus" }
}

/// A, B, …, Z, AA, AB, … as Grafana names queries.
fn ref_id(i: usize) -> String {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    if i < 26 { letter(i).to_string() } else { format!("{}{}", letter(i / 26 - 1), letter(i)) }
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use serde_json::{Value, json};

    fn check(datasource: Value, expect: &str) {
        let file = json!({"title": "x",
            "__inputs": [{"name": "DS_LOKI", "type": "datasource", "pluginId": "loki"}],
            "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
            "panels": [{"type": "timeseries", "datasource": datasource, "targets": [{"expr": "x"}]}]});
        let dashboard = import(file.to_string().as_bytes(), "f").expect("a dashboard").dashboard;
        assert_eq!(dashboard["panels"][0]["targets"][0]["datasource"]["type"], expect, "{datasource}");
    }

    #[test]
    fn sources_of_provisioning_files_are_known_by_name_and_uid() {
        let known = [super::DataSource {
            name: "Logs".into(),
            uid: "abc".into(),
            kind: "loki".into(),
            is_default: false,
        }];
        for reference in [json!("Logs"), json!({"uid": "abc"}), json!("abc")] {
            let file =
                json!({"title": "x", "panels": [{"datasource": reference, "targets": [{"expr": "x"}]}]});
            let imported =
                super::super::import_with(file.to_string().as_bytes(), "f", &known).expect("a dashboard");
            assert_eq!(
                imported.dashboard["panels"][0]["targets"][0]["datasource"]["type"], "loki",
                "{reference}"
            );
        }
    }

    #[test]
    fn every_way_to_name_a_source() {
        check(Value::Null, "prometheus");
        check(json!("Prometheus"), "prometheus");
        check(json!("${DS_LOKI}"), "loki");
        check(json!("$datasource"), "prometheus");
        check(json!({"type": "loki", "uid": "abc"}), "loki");
        check(json!({"uid": "${DS_LOKI}"}), "loki");
        check(json!({"uid": "${datasource:text}"}), "prometheus");
        check(json!({"type": "postgres", "uid": "p"}), "postgres");
        check(json!("-- Mixed --"), "prometheus");
    }
}

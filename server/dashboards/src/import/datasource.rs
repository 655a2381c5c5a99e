//! Which kind of source a panel asks: by object, name, uid, type, `${DS_*}`, variable, null.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::json::text;
use super::report::{Kind, Report};

/// A data source that provisioning files define: dashboards name it by `name` or `uid`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataSource {
    /// Its name.
    pub name: String,
    /// Its uid; may be empty.
    pub uid: String,
    /// Its type: `prometheus`, `loki`, …
    pub kind: String,
    /// Whether panels that name none mean this one.
    pub is_default: bool,
}

/// What a file says of its sources: `__inputs` and data source variables, by name, with their type.
pub(super) struct Sources {
    types: HashMap<String, String>,
    /// The type of the source that provisioning files call the default.
    default: Option<String>,
}

/// Types that speak PromQL or LogQL under another name, and the types of before plugins had ids.
const SAME_AS: &[(&str, &str)] = &[
    ("grafana-amazonprometheus-datasource", "prometheus"),
    ("grafana-azureprometheus-datasource", "prometheus"),
    ("victoriametrics-datasource", "prometheus"),
    ("victoriametrics-metrics-datasource", "prometheus"),
    ("mimir", "prometheus"),
    ("thanos", "prometheus"),
    ("grafana-postgresql-datasource", "postgres"),
];

/// Names in which a source's type can be read, by what they contain.
const NAMES: &[(&str, &str)] = &[
    ("-- grafana --", "grafana"),
    ("-- mixed --", "-- mixed --"),
    ("-- dashboard --", "-- dashboard --"),
    ("__expr__", "__expr__"),
    ("loki", "loki"),
    ("prometheus", "prometheus"),
    ("mimir", "prometheus"),
    ("thanos", "prometheus"),
    ("victoriametrics", "prometheus"),
    ("tempo", "tempo"),
    ("postgres", "postgres"),
    ("influx", "influxdb"),
    ("elasticsearch", "elasticsearch"),
    ("jaeger", "jaeger"),
];

fn canonical(kind: &str) -> String {
    SAME_AS.iter().find(|(from, _)| *from == kind).map_or(kind, |(_, to)| to).to_owned()
}

impl Sources {
    pub(super) fn of(dashboard: &Map<String, Value>, known: &[DataSource]) -> Self {
        let mut types = HashMap::new();
        for source in known {
            for name in [&source.uid, &source.name].into_iter().filter(|name| !name.is_empty()) {
                types.insert(name.clone(), canonical(&source.kind));
            }
        }
        let default = known.iter().find(|source| source.is_default).map(|source| canonical(&source.kind));
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        for input in dashboard.get("__inputs").and_then(Value::as_array).into_iter().flatten() {
            if input["type"] == "datasource" {
                types.insert(text(input, "name"), canonical(&text(input, "pluginId")));
            }
        }
        let list = dashboard.get("templating").and_then(|t| t["list"].as_array());
        for variable in list.into_iter().flatten() {
            if variable["type"] == "datasource" {
                types.insert(text(variable, "name"), canonical(&text(variable, "query")));
            }
        }
        Sources { types, default }
    }

    /// The type that `reference` (a `datasource` value) stands for, if it can be told.
    fn kind(&self, reference: &Value) -> Option<String> {
        match reference {
            Value::String(text) => self.named(text),
            Value::Object(object) => {
                let field =
                    |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
                let uid = field("uid");
                field("type")
                    .filter(|kind| !matches!(*kind, "datasource" | "mixed") && !kind.starts_with('$'))
                    .map(canonical)
                    .or_else(|| uid.and_then(|uid| self.named(uid)))
                    // What Grafana itself answers: its own annotations, random walks.
                    .or_else(|| (field("type") == Some("datasource")).then(|| "grafana".to_owned()))
            }
            _ => None,
        }
    }

    fn named(&self, text: &str) -> Option<String> {
        let name = text.trim_start_matches("${").trim_start_matches("[[").trim_start_matches('$');
        let name = name.trim_end_matches('}').trim_end_matches("]]");
        let name = name.split(':').next().unwrap_or(name);
        if let Some(kind) = self.types.get(name).filter(|kind| !kind.is_empty()) {
            return Some(kind.clone());
        }
        let lower = text.to_ascii_lowercase();
        let found = NAMES.iter().find(|(part, _)| lower.contains(part));
        found.map(|(_, kind)| (*kind).to_owned()).or_else(|| (lower == "grafana").then_some(lower))
    }

    /// Type and uid of the source that `reference` means, where nothing but the query's text helps further.
    pub(super) fn resolve(&self, reference: &Value, expr: &str) -> (String, String) {
        let default = || self.default.clone().filter(|_| reference.is_null());
        let kind = self.kind(reference).unwrap_or_else(|| match guess(expr, false) {
            "loki" => "loki".to_owned(),
            guessed => default().unwrap_or_else(|| guessed.to_owned()),
        });
        let uid = uid_of(reference).unwrap_or(&kind).to_owned();
        (kind, uid)
    }
}

fn uid_of(reference: &Value) -> Option<&str> {
    match reference {
        Value::Object(object) => object.get("uid").and_then(Value::as_str),
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Gives each target a `refId` of its own and a `datasource` with the type of the source that answers it.
pub(super) fn resolve_panel(panel: &mut Map<String, Value>, sources: &Sources, report: &mut Report) {
    let own = panel.get("datasource").cloned().unwrap_or(Value::Null);
    let own_kind = sources.kind(&own).filter(|kind| kind != "-- mixed --");
    let logs = panel["type"] == "logs";
    let title = text(panel, "title").to_owned();
    let drawn = !matches!(text(panel, "type"), "text" | "dashlist" | "annolist");
    let Some(Value::Array(targets)) = panel.get_mut("targets") else {
        panel.insert("targets".into(), json!([]));
        return;
    };
    targets.retain(Value::is_object);
    ref_ids(targets);
    for target in targets.iter_mut() {
        let named = sources.kind(&target["datasource"]).filter(|kind| kind != "-- mixed --");
        let kind = named.or_else(|| own_kind.clone());
        let silent = own.is_null() && target["datasource"].is_null();
        let kind = kind.unwrap_or_else(|| match guess(target["expr"].as_str().unwrap_or_default(), logs) {
            "loki" => "loki".to_owned(),
            guessed => sources.default.clone().filter(|_| silent).unwrap_or_else(|| guessed.to_owned()),
        });
        let reference = if target["datasource"].is_null() { &own } else { &target["datasource"] };
        let uid = uid_of(reference).unwrap_or(&kind).to_owned();
        if drawn {
            report_target(target, &title, &kind, report);
        }
        target["datasource"] = json!({"type": kind, "uid": uid});
    }
}

fn report_target(target: &Value, title: &str, kind: &str, report: &mut Report) {
    let name = format!("\"{title}\": query {}", target["refId"].as_str().unwrap_or_default());
    match kind {
        "prometheus" | "loki" | "-- dashboard --" => report.used(Kind::Query, format!("{name}: {kind}")),
        "__expr__" => match target["type"].as_str().unwrap_or("math") {
            step @ ("math" | "reduce" | "resample" | "threshold") => {
                report.used(Kind::Query, format!("{name}: expression {step}"));
            }
            step => report
                .unknown(Kind::Query, format!("{name}: expression {step} is not available in this version")),
        },
        kind => {
            let why = "is not available in this version";
            report.unknown(Kind::Query, format!("{name}: source of type {kind} {why}"));
        }
    }
}

/// Names queries that have no name, or one that is taken: A, B, …
fn ref_ids(targets: &mut [Value]) {
    let given: HashSet<String> = targets
        .iter()
        .filter_map(|t| t["refId"].as_str())
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    let mut seen = HashSet::new();
    let mut free = (0..).map(ref_id).filter(|id| !given.contains(id));
    for target in targets {
        let own = target["refId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        if own.is_none_or(|id| !seen.insert(id)) {
            target["refId"] = json!(free.next().unwrap_or_default());
        }
    }
}

/// A source nobody named: Loki for logs panels and for what only LogQL can be, else Prometheus.
fn guess(expr: &str, logs: bool) -> &'static str {
    let logql = ["|=", "|~", "| json", "| logfmt", "count_over_time({", "rate({"]
        .iter()
        .any(|mark| expr.contains(mark));
    if logs || logql { "loki" } else { "prometheus" }
}

/// A, B, …, Z, AA, AB, … as Grafana names queries.
fn ref_id(i: usize) -> String {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    if i < 26 { letter(i).to_string() } else { format!("{}{}", ref_id(i / 26 - 1), letter(i)) }
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

    #[test]
    fn expressions_and_shared_queries_keep_their_kind() {
        check(json!("__expr__"), "__expr__");
        check(json!({"type": "__expr__", "uid": "__expr__"}), "__expr__");
        check(json!({"type": "datasource", "uid": "-- Dashboard --"}), "-- dashboard --");
        check(json!({"type": "datasource", "uid": "grafana"}), "grafana");
        check(json!({"type": "grafana-amazonprometheus-datasource", "uid": "x"}), "prometheus");
        check(json!("[[datasource]]"), "prometheus");
    }

    #[test]
    fn queries_get_names_of_their_own() {
        let file = json!({"title": "x", "panels": [
            {"targets": [{"refId": "B"}, {}, {"refId": "B"}, {"refId": ""}, {"refId": "A"}]}]});
        let dashboard = import(file.to_string().as_bytes(), "f").expect("a dashboard").dashboard;
        let targets = dashboard["panels"][0]["targets"].as_array().expect("targets");
        let names: Vec<_> = targets.iter().filter_map(|t| t["refId"].as_str()).collect();
        assert_eq!(names, ["B", "C", "D", "E", "A"]);
        assert_eq!(super::ref_id(26 * 27), "AAA");
    }

    #[test]
    fn a_source_that_is_not_there_is_reported() {
        let file = json!({"title": "x", "panels": [{"title": "p", "targets": [
            {"datasource": {"type": "postgres", "uid": "p"}}, {"datasource": "__expr__", "type": "sql"},
            {"datasource": "__expr__", "type": "math", "expression": "$A"}]}]});
        let report = import(file.to_string().as_bytes(), "f").expect("a dashboard").report;
        let unknown: Vec<_> = report.unknown.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(
            unknown,
            [
                "\"p\": query A: source of type postgres is not available in this version",
                "\"p\": query B: expression sql is not available in this version",
            ]
        );
    }
}

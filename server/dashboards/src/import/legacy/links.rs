//! Links of old panels and fields.

use serde_json::{Map, Value, json};

use super::super::json::{flag, text};

/// Links of a panel that named a dashboard, or said apart what to take along, as one address.
pub(super) fn panel(panel: &mut Map<String, Value>) {
    let Some(Value::Array(links)) = panel.get_mut("links") else { return };
    links.retain(Value::is_object);
    for link in links.iter_mut().filter_map(Value::as_object_mut) {
        let mut url = text(link, "url").to_owned();
        if url.is_empty() {
            let (uri, name) = (text(link, "dashUri"), text(link, "dashboard"));
            url = match (uri, name) {
                ("", "") => continue,
                ("", name) => format!("/dashboards?q={}", plus(name)),
                (uri, _) => {
                    format!("/dashboards?q={}", plus(uri.trim_start_matches("db/").replace('-', " ").trim()))
                }
            };
        }
        let mut more = Vec::new();
        if flag(link, "keepTime") {
            more.push("$__url_time_range".to_owned());
        }
        if flag(link, "includeVars") {
            more.push("$__all_variables".to_owned());
        }
        let params = text(link, "params");
        if !params.is_empty() {
            more.push(params.to_owned());
        }
        for part in more {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&part);
        }
        let title = [text(link, "title"), text(link, "dashboard")].into_iter().find(|t| !t.is_empty());
        let title = title.unwrap_or("Link").to_owned();
        let blank = flag(link, "targetBlank");
        *link = Map::new();
        link.insert("title".into(), json!(title));
        link.insert("url".into(), json!(url));
        link.insert("targetBlank".into(), json!(blank));
    }
}

fn plus(text: &str) -> String {
    text.replace('&', "%26").replace('#', "%23").replace(' ', "+")
}

/// Names that data links had before Grafana 6.4, as today's.
pub(super) fn fields(panel: &mut Map<String, Value>) {
    // Old graphs kept their data links among the options.
    let moved = panel.get_mut("options").and_then(Value::as_object_mut).and_then(|o| o.remove("dataLinks"));
    if let Some(Value::Array(links)) =
        moved.filter(|links| links.as_array().is_some_and(|list| !list.is_empty()))
    {
        let config = super::object(panel, "fieldConfig");
        super::object(config, "defaults").entry("links").or_insert(Value::Array(links));
    }
    let Some(links) = panel
        .get_mut("fieldConfig")
        .and_then(|config| config.get_mut("defaults"))
        .and_then(|defaults| defaults.get_mut("links"))
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    for link in links {
        if let Some(url) = link["url"].as_str() {
            let url = [
                ("__series_name", "__series.name"),
                ("__value_time", "__value.time"),
                ("__field_name", "__field.name"),
            ]
            .into_iter()
            .fold(url.to_owned(), |url, (old, new)| {
                url.replace(&format!("${{{old}}}"), &format!("${{{new}}}"))
                    .replace(&format!("${old}"), &format!("${{{new}}}"))
            });
            link["url"] = json!(url);
        }
    }
}

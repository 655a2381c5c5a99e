//! Labels of discovered targets, and JSON read leniently: what is missing is empty.

use serde_json::Value;

use crate::config::TargetGroup;

/// Labels while they are put together.
#[derive(Debug, Clone, Default)]
pub(super) struct MetaLabels(Vec<(String, String)>);

impl MetaLabels {
    /// Sets a label; an empty value is no label.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl ToString) -> &mut Self {
        let value = value.to_string();
        if !value.is_empty() {
            self.0.push((name.into(), value));
        }
        self
    }

    /// Sets `prefix_NAME` for each entry of a JSON mapping; with `present`, `prefixpresent_NAME` too.
    pub(super) fn set_all(&mut self, prefix: &str, present: Option<&str>, map: &Value) -> &mut Self {
        for (name, value) in map.as_object().into_iter().flatten() {
            let name = sanitize(name);
            self.set(format!("{prefix}{name}"), text(value));
            if let Some(present) = present {
                self.set(format!("{present}{name}"), "true");
            }
        }
        self
    }

    /// Adds the labels of something that the target belongs to.
    pub(super) fn extend(&mut self, other: &MetaLabels) -> &mut Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// A group of one target.
    pub(super) fn target(&self, address: impl Into<String>) -> TargetGroup {
        TargetGroup { targets: vec![address.into()], labels: self.0.clone() }
    }
}

/// A name with every character that label names do not have as `_`.
pub(super) fn sanitize(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

/// A JSON scalar as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The items of a list, none if it is no list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `host:port`, IPv6 in brackets.
pub(super) fn join(host: &str, port: impl std::fmt::Display) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

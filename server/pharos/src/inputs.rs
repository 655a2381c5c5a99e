//! Other systems' files that are read at the start and on reload: what to scrape, what to tail, what to say of them.

use std::path::Path;

use api::Notice;
use collect::config::{PrometheusConfig, ScrapeConfig};
use collect::report::{Report, Status};
use collect::tail::TailConfig;
use serde_yaml_ng::Value;

use crate::config::Config;
use crate::loki::LokiConfig;
use crate::selectors;

/// What the files ask for.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    pub(crate) tail: TailConfig,
    pub(crate) otlp: wire::otlp::metrics::Options,
    pub(crate) notices: Vec<Notice>,
    /// The `prometheus.yml` as YAML, its secrets left out.
    pub(crate) config_yaml: String,
}

impl Inputs {
    /// Reads all files. One that cannot be read becomes a notice: the server starts all the same.
    pub(crate) fn read(config: &Config) -> Inputs {
        let mut inputs = Inputs::default();
        inputs.notices.extend(config.host_flags.unused.iter().map(|message| Notice {
            level: "warn".into(),
            source: "node_exporter_flags".into(),
            message: message.clone(),
        }));
        if let Some(path) = &config.prometheus {
            match PrometheusConfig::read(path) {
                Ok((read, report)) => {
                    inputs.scrape_configs = read.scrape_configs;
                    inputs.otlp = read.otlp;
                    inputs.config_yaml = without_secrets(path);
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.promtail {
            match TailConfig::read(path, &selectors::compile) {
                Ok((read, report)) => {
                    inputs.tail = read;
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.loki {
            match LokiConfig::read(path) {
                Ok((_, report)) => inputs.notices.extend(notices(path, &report)),
                Err(error) => inputs.notices.push(failed(path, &format!("{error:#}"))),
            }
        }
        inputs
    }

    /// Says in the log what there is to say.
    pub(crate) fn log_notices(&self) {
        for Notice { level, source, message } in &self.notices {
            match level.as_str() {
                "error" => tracing::error!(source, "{message}"),
                "warn" => tracing::warn!(source, "{message}"),
                _ => tracing::info!(source, "{message}"),
            }
        }
    }

    /// Whether a file could not be read at all.
    pub(crate) fn failure(&self) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.level == "error")
    }
}

/// A configuration file as YAML with `<secret>` in place of what only its owner may know, as Prometheus shows it.
fn without_secrets(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let Ok(mut document) = serde_yaml_ng::from_str::<Value>(&text) else { return String::new() };
    redact(&mut document);
    serde_yaml_ng::to_string(&document).unwrap_or_default()
}

fn redact(value: &mut Value) {
    const SECRETS: &[&str] =
        &["password", "bearer_token", "credentials", "client_secret", "secret_key", "secret", "token", "key"];
    match value {
        Value::Mapping(mapping) => {
            for (name, value) in mapping.iter_mut() {
                let secret = name.as_str().is_some_and(|name| SECRETS.contains(&name));
                let all =
                    name.as_str().is_some_and(|name| matches!(name, "secrets" | "proxy_connect_header"));
                match value {
                    value if all => hide(value),
                    Value::String(text) if secret => *text = "<secret>".into(),
                    value => redact(value),
                }
            }
        }
        Value::Sequence(all) => all.iter_mut().for_each(redact),
        // The part of a URL that is a password.
        Value::String(text) => {
            if let Some((scheme, rest)) = text.split_once("://")
                && let Some((login, host)) = rest.split_once('@')
                && let Some((user, _)) = login.split_once(':')
            {
                *text = format!("{scheme}://{user}:<secret>@{host}");
            }
        }
        _ => {}
    }
}

/// Leaves names only.
fn hide(value: &mut Value) {
    match value {
        Value::Mapping(mapping) => mapping.iter_mut().for_each(|(_, value)| hide(value)),
        Value::Sequence(all) => all.iter_mut().for_each(hide),
        Value::Null => {}
        other => *other = "<secret>".into(),
    }
}

fn failed(path: &Path, message: &str) -> Notice {
    Notice { level: "error".into(), source: path.display().to_string(), message: message.to_owned() }
}

/// What deserves to be said of a file's keys: unknown ones are warnings, the others are for information.
fn notices(path: &Path, report: &Report) -> Vec<Notice> {
    let notice = |finding: &collect::report::Finding| Notice {
        level: if finding.status == Status::Unknown { "warn" } else { "info" }.into(),
        source: path.display().to_string(),
        message: finding.to_string(),
    };
    report.warnings().map(notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = "scrape_configs:\n- job_name: a\n  basic_auth: {username: u, password: hunter2}\n  proxy_url: http://u:hunter2@p:1/\n  \
                    authorization: {credentials: hunter2}\n  proxy_connect_header: {X-A: [hunter2]}\n  static_configs: [{targets: ['h:1']}]\n";
        std::fs::write(file.path(), text).expect("written");
        let shown = without_secrets(file.path());
        assert!(!shown.contains("hunter2") && shown.contains("<secret>"), "{shown}");
        assert!(shown.contains("username: u") && shown.contains("h:1"), "{shown}");
    }
}

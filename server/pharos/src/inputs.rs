//! Other systems' files that are read at the start and on reload: what to scrape, what to tail, what to say of them.

use std::path::Path;

use anyhow::Result;
use api::Notice;
use collect::config::{PrometheusConfig, ScrapeConfig};
use collect::report::{Report, Status};
use collect::tail::TailConfig;

use crate::config::Config;

/// What the files ask for.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    pub(crate) tail: TailConfig,
    pub(crate) notices: Vec<Notice>,
}

impl Inputs {
    /// Reads all files. One that cannot be read becomes a notice: the server starts all the same.
    pub(crate) fn read(config: &Config) -> Inputs {
        let mut inputs = Inputs::default();
        if let Some(path) = &config.prometheus {
            match PrometheusConfig::read(path) {
                Ok((read, report)) => {
                    inputs.scrape_configs = read.scrape_configs;
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.promtail {
            match TailConfig::read(path) {
                Ok((read, report)) => {
                    inputs.tail = read;
                    inputs.notices.extend(notices(path, &report));
                }
                Err(error) => inputs.notices.push(failed(path, &error.to_string())),
            }
        }
        if let Some(path) = &config.loki {
            match loki_findings(path) {
                Ok(report) => inputs.notices.extend(notices(path, &report)),
                Err(error) => inputs.notices.push(failed(path, &format!("{error:#}"))),
            }
        }
        inputs
    }

    /// Whether a file could not be read at all.
    pub(crate) fn failure(&self) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.level == "error")
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

/// What of a `loki.yml` has a meaning here.
pub(crate) fn loki_findings(path: &Path) -> Result<Report> {
    let text = std::fs::read_to_string(path)?;
    let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text)?;
    let mut report = Report::default();
    for key in document.as_mapping().into_iter().flat_map(|m| m.keys()).filter_map(|key| key.as_str()) {
        let (status, note) = match key {
            "limits_config" | "table_manager" | "compactor" => {
                (Status::Ignored, "retention is set with --retention in this version")
            }
            "auth_enabled" => (Status::Ignored, "there is one tenant"),
            "server" | "common" | "schema_config" | "storage_config" | "ingester" | "chunk_store_config"
            | "query_range" | "ruler" | "frontend" | "frontend_worker" | "querier" | "query_scheduler"
            | "distributor" | "memberlist" | "analytics" | "tracing" | "pattern_ingester" | "bloom_build"
            | "bloom_gateway" | "index_gateway" | "ingester_client" | "runtime_config" | "target"
            | "operational_config" | "ui" | "block_builder" | "metastore" => {
                (Status::Ignored, "one process has its own storage and needs no such setting")
            }
            _ => (Status::Unknown, "not a section of Loki's configuration, as far as known"),
        };
        report.add("", key, status, note);
    }
    Ok(report)
}

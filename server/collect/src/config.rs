//! Reads `prometheus.yml`: what is used, and a report on every key.

mod discoveries;
mod http;
mod oauth2;
mod otlp;
mod protocols;
mod scrape;
mod target_groups;

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

use crate::report::{Report, Status};
use crate::section::Section;
use crate::{Error, Result};

pub use discoveries::{
    ConsulSd, DnsSd, DnsType, DockerSd, DockerSwarmSd, KubernetesRole, KubernetesSd, KubernetesSelector,
    PolledSd, SdKind, SwarmRole,
};
pub use http::{Auth, HttpConfig, Secret, TlsConfig, TlsVersion};
pub use oauth2::OAuth2;
pub use protocols::{Protocols, ScrapeProtocol};
pub use scrape::{Limits, ScrapeConfig};
pub use target_groups::{FileSd, HttpSd, TargetGroup};
pub(crate) use target_groups::{check_address, groups_from_yaml};

/// The most bytes of a configuration or discovery file.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What `prometheus.yml` asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrometheusConfig {
    /// `global.external_labels`
    pub external_labels: Vec<(String, String)>,
    /// `global.evaluation_interval` in ms.
    pub evaluation_interval_ms: i64,
    /// `rule_files`, as written.
    pub rule_files: Vec<String>,
    /// `scrape_configs`, with those of `scrape_config_files` behind them.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// `otlp`
    pub otlp: wire::otlp::metrics::Options,
}

/// Defaults that `global` sets for every scrape configuration.
#[derive(Debug, Clone)]
pub(crate) struct Global {
    pub(crate) interval_ms: i64,
    pub(crate) timeout_ms: i64,
    pub(crate) limits: Limits,
    pub(crate) keep_dropped_targets: u64,
    pub(crate) protocols: Protocols,
}

const RULES_LATER: &str = "rules are not evaluated yet";
const NO_EFFECT: &str = "has no effect here";

impl PrometheusConfig {
    /// Reads a file. Paths in it are relative to its folder.
    pub fn read(path: &Path) -> Result<(Self, Report)> {
        let text = read_file(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder).map_err(|e| match e {
            Error::Config { path: at, why } if at.is_empty() => {
                Error::config(path.display().to_string(), why)
            }
            Error::Config { path: at, why } => Error::config(format!("{}: {at}", path.display()), why),
            other => other,
        })
    }

    /// Reads a text. Paths in it are relative to `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<(Self, Report)> {
        let value = parse_yaml(text)?;
        let report = RefCell::new(Report::default());
        let config = read_top(&Section::new("", &value, &report)?, folder, &report)?;
        let mut names = HashSet::new();
        for scrape in &config.scrape_configs {
            if !names.insert(scrape.job_name.as_str()) {
                let why = format!("two scrape configurations have the job_name {:?}", scrape.job_name);
                return Err(Error::config("scrape_configs", why));
            }
        }
        Ok((config, report.into_inner()))
    }
}

fn read_top(top: &Section<'_>, folder: &Path, report: &RefCell<Report>) -> Result<PrometheusConfig> {
    let mut config = PrometheusConfig { evaluation_interval_ms: 60_000, ..PrometheusConfig::default() };
    let global = read_global(top, &mut config)?;
    for section in top.sections("scrape_configs")? {
        config.scrape_configs.push(scrape::read(section, &global, folder)?);
    }
    for pattern in top.texts("scrape_config_files")?.unwrap_or_default() {
        for path in files_matching(folder, &pattern) {
            let value = parse_yaml(&read_file(&path)?)?;
            let file = Section::new(path.display().to_string(), &value, report)?;
            for section in file.sections("scrape_configs")? {
                config.scrape_configs.push(scrape::read(section, &global, folder)?);
            }
            file.finish();
        }
    }
    if let Some(files) = top.texts("rule_files")? {
        config.rule_files = files;
        top.restate("rule_files", Status::Ignored, RULES_LATER);
    }
    top.ignored(&["alerting"], "alerts are not sent yet");
    top.ignored(&["remote_write", "remote_read"], "other servers are not written to or read from yet");
    top.ignored(
        &["storage", "tsdb"],
        "storage is set by flags of this program; late samples are always taken",
    );
    if let Some(section) = top.section("otlp")? {
        config.otlp = otlp::read(&section)?;
    }
    top.ignored(&["tracing", "runtime"], NO_EFFECT);
    top.finish();
    Ok(config)
}

fn read_global(top: &Section<'_>, config: &mut PrometheusConfig) -> Result<Global> {
    let mut global = Global {
        interval_ms: 60_000,
        timeout_ms: 10_000,
        limits: Limits::default(),
        keep_dropped_targets: 0,
        protocols: Protocols::default(),
    };
    let Some(section) = top.section("global")? else { return Ok(global) };
    if let Some(ms) = section.duration_ms("scrape_interval")? {
        global.interval_ms = ms;
    }
    global.timeout_ms = match section.duration_ms("scrape_timeout")? {
        Some(ms) if ms > global.interval_ms => {
            return Err(section.bad("scrape_timeout", "is longer than the scrape_interval"));
        }
        Some(ms) => ms,
        None => global.timeout_ms.min(global.interval_ms),
    };
    if let Some(ms) = section.duration_ms("evaluation_interval")? {
        config.evaluation_interval_ms = ms;
        section.restate("evaluation_interval", Status::Ignored, RULES_LATER);
    }
    config.external_labels = section.pairs("external_labels")?;
    if !config.external_labels.is_empty() {
        let note = "as in Prometheus stored series do not carry them; nothing is sent to other servers yet";
        section.restate("external_labels", Status::Approximated, note);
    }
    global.limits = scrape::read_limits(&section, &global.limits)?;
    global.keep_dropped_targets = section.number("keep_dropped_targets")?.unwrap_or(0);
    global.protocols = Protocols::read_shared(&section, &global.protocols)?;
    section.ignored(
        &["query_log_file", "scrape_failure_log_file"],
        "this program's own log is one of its streams",
    );
    section.ignored(&["rule_query_offset"], RULES_LATER);
    section.finish();
    Ok(global)
}

pub(crate) fn parse_yaml(text: &str) -> Result<Value> {
    let mut value: Value =
        serde_yaml_ng::from_str(text).map_err(|e| Error::config("", format!("not valid YAML: {e}")))?;
    value.apply_merge().map_err(|e| Error::config("", format!("not valid YAML: {e}")))?;
    Ok(value)
}

pub(crate) fn read_file(path: &Path) -> Result<String> {
    let read = || -> std::io::Result<String> {
        if std::fs::metadata(path)?.len() > MAX_FILE_BYTES {
            return Err(std::io::Error::other("the file is larger than 64 MiB"));
        }
        std::fs::read_to_string(path)
    };
    read().map_err(|source| Error::Read { path: path.display().to_string(), source })
}

/// The files that a pattern names, sorted.
pub(crate) fn files_matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = folder.join(pattern);
    match glob::glob(&pattern.to_string_lossy()) {
        Ok(paths) => paths.flatten().collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;

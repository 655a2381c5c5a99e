//! One entry of `scrape_configs`.

use std::path::Path;

use super::target_groups::{FileSd, HttpSd, TargetGroup};
use super::{Global, HttpConfig, PolledSd, Protocols, target_groups};
use crate::relabel::{Rule, read_rules};
use crate::section::Section;
use crate::{Error, Result};

/// Bounds of a scrape. 0 = none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Samples a scrape may yield after relabelling.
    pub samples: u64,
    /// Labels a series may have.
    pub labels: u64,
    /// Bytes of a label's name.
    pub label_name_length: u64,
    /// Bytes of a label's value.
    pub label_value_length: u64,
    /// Targets a job may have.
    pub targets: u64,
    /// Bytes of an answer, decompressed.
    pub body_bytes: u64,
}

/// What one job scrapes, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ScrapeConfig {
    /// The value of the label `job`.
    pub job_name: String,
    /// Whether labels of the page win over the target's.
    pub honor_labels: bool,
    /// Whether times on the page count.
    pub honor_timestamps: bool,
    /// Whether series with times of their own are marked stale when they disappear.
    pub track_timestamps_staleness: bool,
    /// URL parameters.
    pub params: Vec<(String, Vec<String>)>,
    /// Time from scrape to scrape, ms.
    pub interval_ms: i64,
    /// Time a scrape may take, ms.
    pub timeout_ms: i64,
    /// The URL's path.
    pub metrics_path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
    /// Formats, and what becomes of histograms.
    pub protocols: Protocols,
    /// Bounds.
    pub limits: Limits,
    /// How many dropped targets are shown; 0 = all.
    pub keep_dropped_targets: u64,
    /// Rules for targets.
    pub relabel: Vec<Rule>,
    /// Rules for samples.
    pub metric_relabel: Vec<Rule>,
    /// Targets written down here.
    pub static_groups: Vec<TargetGroup>,
    /// Targets from files.
    pub file_sd: Vec<FileSd>,
    /// Targets from servers.
    pub http_sd: Vec<HttpSd>,
    /// Targets from the DNS, Docker, Kubernetes, Consul.
    pub polled: Vec<PolledSd>,
}

/// Discoveries of Prometheus that are not supported.
const OTHER_DISCOVERIES: [&str; 25] = [
    "azure_sd_configs",
    "digitalocean_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "openstack_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "stackit_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
    "aws_sd_configs",
    "ecs_sd_configs",
    "msk_sd_configs",
];

pub(crate) fn read(section: Section<'_>, global: &Global, folder: &Path) -> Result<ScrapeConfig> {
    let job_name = section.text("job_name")?.filter(|name| !name.is_empty());
    let job_name =
        job_name.ok_or_else(|| section.bad("job_name", "a scrape configuration needs a job_name"))?;
    let (interval_ms, timeout_ms) = read_times(&section, global)?;
    let config = ScrapeConfig {
        job_name,
        honor_labels: section.bool("honor_labels")?.unwrap_or(false),
        honor_timestamps: section.bool("honor_timestamps")?.unwrap_or(true),
        track_timestamps_staleness: section.bool("track_timestamps_staleness")?.unwrap_or(false),
        params: read_params(&section)?,
        interval_ms,
        timeout_ms,
        metrics_path: section.text("metrics_path")?.unwrap_or_else(|| "/metrics".to_owned()),
        scheme: read_scheme(&section)?,
        http: HttpConfig::read(&section, folder)?,
        protocols: Protocols::read(&section, &global.protocols)?,
        limits: read_limits(&section, &global.limits)?,
        keep_dropped_targets: section.number("keep_dropped_targets")?.unwrap_or(global.keep_dropped_targets),
        relabel: read_rules(&section, "relabel_configs")?,
        metric_relabel: read_rules(&section, "metric_relabel_configs")?,
        static_groups: target_groups::read_static(&section)?,
        file_sd: target_groups::read_file_sd(&section, folder)?,
        http_sd: target_groups::read_http_sd(&section, folder)?,
        polled: super::discoveries::read(&section, folder)?,
    };
    section.ignored(
        &["scrape_failure_log_file"],
        "failures are shown with the target and in this program's log",
    );
    section.ignored(&OTHER_DISCOVERIES, "this discovery is not supported: its targets are not scraped");
    section.finish();
    Ok(config)
}

pub(super) fn read_limits(section: &Section<'_>, default: &Limits) -> Result<Limits> {
    Ok(Limits {
        samples: section.number("sample_limit")?.unwrap_or(default.samples),
        labels: section.number("label_limit")?.unwrap_or(default.labels),
        label_name_length: section.number("label_name_length_limit")?.unwrap_or(default.label_name_length),
        label_value_length: section.number("label_value_length_limit")?.unwrap_or(default.label_value_length),
        targets: section.number("target_limit")?.unwrap_or(default.targets),
        body_bytes: section.size("body_size_limit")?.unwrap_or(default.body_bytes),
    })
}

fn read_times(section: &Section<'_>, global: &Global) -> Result<(i64, i64)> {
    let interval_ms = section.duration_ms("scrape_interval")?.unwrap_or(global.interval_ms);
    if interval_ms <= 0 {
        return Err(section.bad("scrape_interval", "must be longer than 0"));
    }
    let timeout_ms = match section.duration_ms("scrape_timeout")? {
        Some(0) => return Err(section.bad("scrape_timeout", "must be longer than 0")),
        Some(ms) if ms > interval_ms => {
            return Err(section.bad("scrape_timeout", "is longer than the scrape_interval"));
        }
        Some(ms) => ms,
        None => global.timeout_ms.min(interval_ms),
    };
    Ok((interval_ms, timeout_ms))
}

fn read_scheme(section: &Section<'_>) -> Result<String> {
    match section.text("scheme")?.as_deref() {
        None | Some("http") => Ok("http".to_owned()),
        Some("https") => Ok("https".to_owned()),
        Some(other) => Err(section.bad("scheme", format!("{other:?} is neither http nor https"))),
    }
}

fn read_params(section: &Section<'_>) -> Result<Vec<(String, Vec<String>)>> {
    let Some(value) = section.value("params") else { return Ok(Vec::new()) };
    let bad = || -> Error { section.bad("params", "a mapping of names to lists of texts was expected") };
    let mut params = Vec::new();
    for (name, values) in value.as_mapping().ok_or_else(bad)? {
        let values = values.as_sequence().ok_or_else(bad)?;
        let values = values.iter().map(crate::section::text_of).collect::<Option<_>>().ok_or_else(bad)?;
        params.push((crate::section::text_of(name).ok_or_else(bad)?, values));
    }
    Ok(params)
}

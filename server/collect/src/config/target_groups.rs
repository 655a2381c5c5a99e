//! Where a job's targets come from: written down, in files, or on servers.

use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

use super::HttpConfig;
use crate::section::{Section, text_of};
use crate::{Error, Result};

/// Addresses that share labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// `host:port` each.
    pub targets: Vec<String>,
    /// Labels of all of them.
    pub labels: Vec<(String, String)>,
}

/// `file_sd_configs`: targets in YAML or JSON files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSd {
    /// Patterns of file names, relative to `folder`.
    pub files: Vec<String>,
    /// The configuration file's folder.
    pub folder: PathBuf,
    /// How often the files are read again at least, ms.
    pub refresh_ms: i64,
}

/// `http_sd_configs`: targets from a server, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSd {
    /// Where they are.
    pub url: String,
    /// How often it is asked, ms.
    pub refresh_ms: i64,
    /// Credentials, TLS, proxies.
    pub http: HttpConfig,
}

/// The shortest time between two refreshes, ms.
const MIN_REFRESH_MS: i64 = 1_000;

pub(super) fn read_static(section: &Section<'_>) -> Result<Vec<TargetGroup>> {
    let mut groups = Vec::new();
    for group in section.sections("static_configs")? {
        let targets = group.texts("targets")?.unwrap_or_default();
        for target in &targets {
            check_address(target).map_err(|why| group.bad("targets", why))?;
        }
        groups.push(TargetGroup { targets, labels: group.pairs("labels")? });
        group.finish();
    }
    Ok(groups)
}

pub(super) fn read_file_sd(section: &Section<'_>, folder: &Path) -> Result<Vec<FileSd>> {
    let mut all = Vec::new();
    for sd in section.sections("file_sd_configs")? {
        let files = sd.texts("files")?.unwrap_or_default();
        if files.is_empty() {
            return Err(sd.bad("files", "a file discovery needs files"));
        }
        let refresh_ms = sd.duration_ms("refresh_interval")?.unwrap_or(300_000).max(MIN_REFRESH_MS);
        sd.finish();
        all.push(FileSd { files, folder: folder.to_owned(), refresh_ms });
    }
    Ok(all)
}

pub(super) fn read_http_sd(section: &Section<'_>, folder: &Path) -> Result<Vec<HttpSd>> {
    let mut all = Vec::new();
    for sd in section.sections("http_sd_configs")? {
        let url = sd.text("url")?.ok_or_else(|| sd.bad("url", "an HTTP discovery needs a url"))?;
        let parsed =
            url::Url::parse(&url).map_err(|e| sd.bad("url", format!("{url:?} is not a URL: {e}")))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(sd.bad("url", format!("{url:?} is neither http nor https")));
        }
        let refresh_ms = sd.duration_ms("refresh_interval")?.unwrap_or(60_000).max(MIN_REFRESH_MS);
        let http = HttpConfig::read(&sd, folder)?;
        sd.finish();
        all.push(HttpSd { url, refresh_ms, http });
    }
    Ok(all)
}

/// An address is a host and a port, without scheme or path.
pub(crate) fn check_address(address: &str) -> Result<(), String> {
    if address.contains('/') {
        return Err(format!("{address:?} is not host:port: scheme and metrics_path are keys of their own"));
    }
    Ok(())
}

/// The groups of a discovery file or answer: a list of mappings with `targets` and `labels`. JSON is YAML too.
pub(crate) fn groups_from_yaml(text: &str) -> Result<Vec<TargetGroup>> {
    let value = super::parse_yaml(text)?;
    let bad = |why: &str| Error::config("", why);
    if value.is_null() {
        return Ok(Vec::new());
    }
    let items = value.as_sequence().ok_or_else(|| bad("a list of target groups was expected"))?;
    items
        .iter()
        .map(|item| {
            let targets = match item.get("targets") {
                None | Some(Value::Null) => Some(Vec::new()),
                Some(list) => list.as_sequence().and_then(|list| list.iter().map(text_of).collect()),
            };
            let labels = match item.get("labels") {
                None | Some(Value::Null) => Some(Vec::new()),
                Some(map) => map
                    .as_mapping()
                    .and_then(|map| map.iter().map(|(k, v)| Some((text_of(k)?, text_of(v)?))).collect()),
            };
            Ok(TargetGroup {
                targets: targets.ok_or_else(|| bad("targets must be a list of addresses"))?,
                labels: labels.ok_or_else(|| bad("labels must be a mapping of texts"))?,
            })
        })
        .collect()
}

//! Reads a Promtail file: what is used, and a report on every key.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use model::{JOB, Labels, LabelsBuilder};

use super::encoding::Encoding;
use super::path_labels::PathLabels;
use super::pattern::PathPattern;
use super::pipeline::Pipeline;
use super::selector::CompileSelector;
use super::sources::compressed::{self, CompressedConfig};
use super::sources::{SourceConfig, docker, journal, syslog};
use super::stages::metrics::Metric;
use super::stages::{Reading, Stage, read_stages};
use crate::config::{parse_yaml, read_file};
use crate::relabel::{Rule, read_rules, relabel_builder};
use crate::report::{Report, Status};
use crate::section::Section;
use crate::{Error, Result};

/// What a Promtail file asks for.
#[derive(Debug, Clone, Default)]
pub struct TailConfig {
    /// Its scrape configurations with files to tail.
    pub jobs: Vec<TailJob>,
    /// The positions file of a Promtail that ran before.
    pub(crate) positions: Option<String>,
}

/// One scrape configuration.
#[derive(Debug, Clone)]
pub struct TailJob {
    /// Its name.
    pub job_name: String,
    /// The files it tails.
    pub paths: Vec<TailPath>,
    pub(crate) sources: Vec<SourceConfig>,
    pub(crate) pipeline: Pipeline,
}

/// A `__path__` and the labels of its lines.
#[derive(Debug, Clone)]
pub struct TailPath {
    /// The labels that all its lines have, without `filename`.
    pub labels: Labels,
    pub(crate) pattern: PathPattern,
    pub(crate) path_labels: Option<PathLabels>,
    pub(crate) encoding: Option<Encoding>,
}

impl TailPath {
    /// The pattern as the configuration spells it.
    pub fn path(&self) -> &str {
        &self.pattern.text
    }

    /// The labels of the lines of one file.
    pub(crate) fn file_labels(&self, name: &str) -> Labels {
        let mut labels = self.labels.to_builder();
        labels.set("filename", name);
        if let Some(path_labels) = &self.path_labels {
            path_labels.set(name, &mut labels);
        }
        labels.build()
    }
}

const SERVER: &str = "Promtail's own server: everything is on this program's port";
const POSITIONS: &str =
    "what stands in the file is taken over once; then positions are kept in the data folder, with the lines";
const CLIENTS: &str = "lines go to this program's own store";
const NO_EFFECT: &str = "has no effect here";
const SOURCE_LATER: &str = "this source is not supported yet: its lines are not read";
const OTHER_SOURCES: [&str; 12] = [
    "azure_event_hubs",
    "cloudflare",
    "consul_sd_configs",
    "consulagent_sd_configs",
    "file_sd_configs",
    "gcplog",
    "gelf",
    "heroku_drain",
    "kafka",
    "kubernetes_sd_configs",
    "loki_push_api",
    "windows_events",
];

impl TailConfig {
    /// Reads a file. `selectors` compiles what `match` stages select by.
    pub fn read(path: &Path, selectors: CompileSelector<'_>) -> Result<(Self, Report)> {
        let text = read_file(path)?;
        Self::parse(&text, selectors).map_err(|e| match e {
            Error::Config { path: at, why } if at.is_empty() => {
                Error::config(path.display().to_string(), why)
            }
            Error::Config { path: at, why } => Error::config(format!("{}: {at}", path.display()), why),
            other => other,
        })
    }

    /// The metrics that its stages make of lines.
    pub(crate) fn metrics(&self) -> Vec<Arc<Metric>> {
        let stages = self.jobs.iter().flat_map(|job| job.pipeline.stages.iter());
        stages.flat_map(Stage::metrics).collect()
    }

    /// Reads a text.
    pub fn parse(text: &str, selectors: CompileSelector<'_>) -> Result<(Self, Report)> {
        let value = parse_yaml(text)?;
        let report = RefCell::new(Report::default());
        let mut config = TailConfig::default();
        let top = Section::new("", &value, &report)?;
        for job in top.sections("scrape_configs")? {
            config.jobs.push(read_job(&job, Reading { report: &report, selectors })?);
        }
        top.ignored(&["server"], SERVER);
        if let Some(positions) = top.section("positions")? {
            config.positions = positions.text("filename")?;
            positions.ignored(&["sync_period", "ignore_invalid_yaml"], NO_EFFECT);
            positions.finish();
            top.restate("positions", Status::Approximated, POSITIONS);
        }
        top.ignored(&["clients", "client"], CLIENTS);
        top.ignored(&["target_config"], "folders are looked at every 1 to 5 s");
        top.ignored(&["limits_config"], "reading holds when the store is slow; no line is dropped");
        top.ignored(&["global", "options", "tracing", "wal"], NO_EFFECT);
        top.finish();
        Ok((config, report.into_inner()))
    }
}

fn read_job(section: &Section<'_>, reading: Reading<'_>) -> Result<TailJob> {
    let report = reading.report;
    let job_name = section.text("job_name")?.unwrap_or_default();
    let relabel = read_rules(section, "relabel_configs")?;
    let pipeline = Pipeline::new(read_stages(section, "pipeline_stages", reading));
    let path_labels = section.text("path_labels")?;
    let encoding = read_encoding(section)?;
    let mut paths = Vec::new();
    for group in section.sections("static_configs")? {
        let path = read_group(&group, (&job_name, path_labels.as_deref()), &relabel, report)?;
        paths.extend(path.map(|path| TailPath { encoding, ..path }));
    }
    let mut sources = read_sources(section, &job_name, &relabel)?;
    if let Some(inner) = section.section("decompression")? {
        match compressed::read(&inner) {
            Ok(None) => {}
            Ok(Some(settings)) => {
                let own = paths.drain(..).map(|path| CompressedConfig::new(path, settings));
                sources.extend(own.map(SourceConfig::Compressed));
            }
            Err(error) => {
                let why = format!("compressed files are not read: {error}");
                section.restate("decompression", Status::Ignored, &why);
            }
        }
    }
    section.ignored(&OTHER_SOURCES, SOURCE_LATER);
    section.ignored(&["entry_parser"], "deprecated there: use the stages cri or docker");
    section.finish();
    Ok(TailJob { job_name, paths, sources, pipeline })
}

/// One that is not known is reported, and the files are read as they are.
fn read_encoding(section: &Section<'_>) -> Result<Option<Encoding>> {
    let name = section.text("encoding")?.unwrap_or_default();
    Ok(Encoding::named(&name).unwrap_or_else(|why| {
        section.restate("encoding", Status::Ignored, &why);
        None
    }))
}

/// Sources besides files. One that cannot be used is reported; the job's others are read.
fn read_sources(section: &Section<'_>, job: &str, relabel: &[Rule]) -> Result<Vec<SourceConfig>> {
    let mut sources = Vec::new();
    let mut add = |key: &'static str, read: Result<SourceConfig>| match read {
        Ok(source) => sources.push(source),
        Err(error) => section.restate(key, Status::Ignored, &format!("not read: {error}")),
    };
    if let Some(inner) = section.section("journal")? {
        add("journal", journal::read(&inner, job, relabel).map(SourceConfig::Journal));
    }
    if let Some(inner) = section.section("syslog")? {
        add("syslog", syslog::read(&inner, job, relabel).map(SourceConfig::Syslog));
    }
    for inner in section.sections("docker_sd_configs")? {
        add("docker_sd_configs", docker::read(&inner, job, relabel).map(SourceConfig::Docker));
    }
    Ok(sources)
}

/// The paths of one static configuration: none if a rule drops it or it names no path.
fn read_group(
    group: &Section<'_>,
    (job_name, path_labels): (&str, Option<&str>),
    relabel: &[Rule],
    report: &RefCell<Report>,
) -> Result<Option<TailPath>> {
    let pairs = group.pairs("labels")?;
    let targets = group.texts("targets")?.unwrap_or_default();
    if !targets.is_empty() {
        group.restate(
            "targets",
            Status::Approximated,
            "files of this host are read, whatever is written here",
        );
    }
    group.finish();
    let note = |why: &str| {
        report.borrow_mut().add(&group.at("labels"), "__path__", Status::Ignored, why);
        Ok(None)
    };
    let mut labels = LabelsBuilder::default();
    labels.set(JOB, job_name);
    labels.set("__address__", targets.first().map_or("", String::as_str));
    for (name, value) in pairs {
        labels.set(name, value);
    }
    if !relabel_builder(&mut labels, relabel) {
        return note("a relabelling rule drops it: nothing is read");
    }
    let path = labels.value("__path__").to_owned();
    if path.is_empty() {
        return note("there is no __path__: nothing is read");
    }
    let text = Some(labels.value("__path_labels__")).filter(|text| !text.is_empty()).or(path_labels);
    let path_labels = match text.map(PathLabels::parse).transpose() {
        Ok(path_labels) => path_labels,
        Err(why) => {
            report.borrow_mut().add(&group.at("labels"), "path_labels", Status::Ignored, &why);
            None
        }
    };
    match PathPattern::new(&path, Some(labels.value("__path_exclude__"))) {
        Err(why) => note(&why),
        Ok(pattern) => {
            labels.retain(|name, _| !name.starts_with("__"));
            Ok(Some(TailPath { labels: labels.build(), pattern, path_labels, encoding: None }))
        }
    }
}

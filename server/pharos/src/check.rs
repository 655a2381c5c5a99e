//! `pharos check FILE…`: what would be used, approximated or ignored of each file, key by key.

mod sample;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use collect::config::PrometheusConfig;
use collect::report::{Report, Status};
use collect::tail::TailConfig;
use serde_json::json;

use crate::cli::{CheckArgs, ServeArgs};
use crate::config::Config;
use crate::loki::LokiConfig;
use crate::selectors;

/// What a file turned out to be, and what became of its keys.
struct Checked {
    kind: &'static str,
    report: Report,
}

/// Prints the findings; exit 1 if a file cannot be used at all.
pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    let mut all = Vec::new();
    for path in &args.files {
        let result = check(path);
        if result.is_err() {
            code = ExitCode::FAILURE;
        }
        if args.json {
            all.push(match &result {
                Ok(checked) => {
                    json!({"file": path, "kind": checked.kind, "findings": checked.report.findings})
                }
                Err(error) => json!({"file": path, "error": format!("{error:#}")}),
            });
        } else {
            print(path, &result);
        }
    }
    if let Some(file) = &args.sample {
        let mut sampled = Vec::new();
        for path in &args.files {
            sampled.extend(sample::take(path, file, args)?);
        }
        if args.json {
            all.push(json!({"sample": file, "jobs": sample::json(&sampled)}));
        } else {
            print!("{}", sample::text(&sampled));
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(code)
}

fn print(path: &Path, result: &Result<Checked>) {
    match result {
        Err(error) => println!("{}\n  ERROR: {error:#}\n", path.display()),
        Ok(checked) => {
            let count = |status| checked.report.findings.iter().filter(|f| f.status == status).count();
            println!(
                "{}: {}\n  {} keys used, {} approximated, {} ignored, {} unknown",
                path.display(),
                checked.kind,
                count(Status::Used),
                count(Status::Approximated),
                count(Status::Ignored),
                count(Status::Unknown),
            );
            for finding in checked.report.warnings() {
                println!("  {finding}");
            }
            println!();
        }
    }
}

fn check(path: &Path) -> Result<Checked> {
    if path.is_dir() {
        return provisioning(path);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if path.extension().is_some_and(|e| e == "json") || text.trim_start().starts_with('{') {
        return dashboard(path, &text);
    }
    let document: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).context("not YAML")?;
    let has = |key: &str| document.get(key).is_some();
    let jobs = document.get("scrape_configs").and_then(|jobs| jobs.as_sequence());
    let any_job = |keys: &[&str]| {
        jobs.is_some_and(|jobs| jobs.iter().any(|job| keys.iter().any(|key| job.get(*key).is_some())))
    };
    let path_label = text.contains("__path__");
    if has("positions") || has("clients") || path_label || any_job(&["pipeline_stages", "journal", "syslog"])
    {
        let (_, report) = TailConfig::read(path, &selectors::compile)?;
        return Ok(Checked { kind: "Promtail configuration", report });
    }
    if has("schema_config") || has("storage_config") || has("limits_config") || has("auth_enabled") {
        let (_, report) = LokiConfig::read(path)?;
        return Ok(Checked { kind: "Loki configuration", report });
    }
    if has("scrape_configs") || has("global") || has("rule_files") {
        let (_, report) = PrometheusConfig::read(path)?;
        return Ok(Checked { kind: "Prometheus configuration", report });
    }
    if has("providers") || has("datasources") {
        // A file of a provisioning folder: its folder says where dashboards are.
        let folder = path.parent().unwrap_or(Path::new("."));
        let is_part = |name: &str| folder.file_name().is_some_and(|folder| folder == name);
        let root = if is_part("dashboards") || is_part("datasources") {
            folder.parent().unwrap_or(folder)
        } else {
            folder
        };
        return provisioning(root);
    }
    let args = ServeArgs { config: Some(path.to_owned()), ..ServeArgs::default() };
    let config = Config::load(&args, |_| None)?;
    let mut report = Report::default();
    for (key, value) in &config.shown {
        report.add("", key, Status::Used, value.clone());
    }
    Ok(Checked { kind: "Pharos configuration", report })
}

fn dashboard(path: &Path, text: &str) -> Result<Checked> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let imported = dashboards::import(text.as_bytes(), &name)?;
    let mut report = Report::default();
    let parts = imported.report;
    for (texts, status) in [
        (parts.used, Status::Used),
        (parts.approximated, Status::Approximated),
        (parts.unknown, Status::Unknown),
    ] {
        for item in texts {
            report.add("", &item.text, status, "");
        }
    }
    Ok(Checked { kind: "Grafana dashboard", report })
}

fn provisioning(path: &Path) -> Result<Checked> {
    let found = dashboards::provisioning::read(path)?;
    let mut report = Report::default();
    for provider in &found.providers {
        let note = format!("dashboards from {}", provider.path.display());
        report.add("providers", &provider.name, Status::Used, note);
    }
    for source in &found.datasources {
        let known = matches!(source.kind.as_str(), "prometheus" | "loki");
        let status = if known { Status::Approximated } else { Status::Ignored };
        let note = if known { "answered by Pharos itself" } else { "not available in this version" };
        report.add("datasources", &source.name, status, note);
    }
    let library = dashboards::Library::read(&[], &[path.to_owned()]);
    for meta in library.list() {
        let (status, note) = match &meta.error {
            None => (Status::Used, meta.title.clone()),
            Some(error) => (Status::Unknown, error.clone()),
        };
        report.add("", &meta.source, status, note);
    }
    for notice in &found.notices {
        report.add("", notice, Status::Ignored, "");
    }
    Ok(Checked { kind: "Grafana provisioning folder", report })
}

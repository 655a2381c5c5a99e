//! `pharos check promtail.yml --sample FILE`: what each stage makes of each line.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use collect::tail::{SampleLine, TailConfig, TailJob};
use model::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::cli::CheckArgs;
use crate::selectors;

/// A job's name and its lines.
type Sampled = (String, Vec<SampleLine>);

/// Takes the sample's lines through the stages of the jobs of `path`, if that is a Promtail file with jobs for it.
pub(super) fn take(path: &Path, sample: &Path, args: &CheckArgs) -> Result<Vec<Sampled>> {
    let (config, _) = TailConfig::read(path, &selectors::compile)?;
    let bytes = std::fs::read(sample).with_context(|| format!("cannot read {}", sample.display()))?;
    let lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines: Vec<&[u8]> = lines.collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.truncate(args.lines);
    let name = std::path::absolute(sample).unwrap_or_else(|_| sample.to_owned()).display().to_string();
    let mut jobs: Vec<&TailJob> = match &args.job {
        Some(job) => config.jobs.iter().filter(|one| one.job_name == *job).collect(),
        None => config.jobs.iter().filter(|one| one.reads(&name)).collect(),
    };
    if jobs.is_empty() {
        if let Some(job) = &args.job {
            bail!("{} has no job {job:?}", path.display());
        }
        // A sample may lie anywhere: every job may be meant.
        jobs = config.jobs.iter().collect();
    }
    let now_ms = SystemClock.now_ms();
    Ok(jobs.into_iter().map(|job| (job.job_name.clone(), job.sample(&name, &lines, now_ms))).collect())
}

/// For people.
pub(super) fn text(sampled: &[Sampled]) -> String {
    let mut out = String::new();
    for (job, lines) in sampled {
        for (i, line) in lines.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "job {job}, line {}: {}", i + 1, line.line);
            let width = line.steps.iter().map(|step| step.stage.len()).max().unwrap_or(0);
            for step in &line.steps {
                let changes =
                    if step.changes.is_empty() { "no change".to_owned() } else { step.changes.join(", ") };
                let _ = writeln!(out, "  {:width$}  {changes}", step.stage);
            }
            if line.stored.is_empty() {
                let _ = writeln!(out, "  = not stored as a line of its own");
            }
            for entry in &line.stored {
                let time = entry.t_ns.map_or_else(|| "(time of reading)".to_owned(), time);
                let meta =
                    if entry.metadata.is_empty() { String::new() } else { format!(" {}", entry.metadata) };
                let _ = writeln!(out, "  = {time} {}{meta} {}", entry.labels, entry.line);
            }
            out.push('\n');
        }
    }
    out
}

fn time(t_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(t_ns))
        .map_or_else(|_| t_ns.to_string(), |time| time.to_string())
}

/// For programs.
pub(super) fn json(sampled: &[Sampled]) -> Value {
    let line = |line: &SampleLine| {
        let steps = line.steps.iter().map(|step| json!({"stage": step.stage, "changes": step.changes}));
        let stored = line.stored.iter().map(|entry| {
            json!({"time_ns": entry.t_ns, "labels": entry.labels.to_string(), "metadata": entry.metadata.to_string(),
                   "line": entry.line})
        });
        json!({"line": line.line, "steps": steps.collect::<Vec<_>>(), "stored": stored.collect::<Vec<_>>()})
    };
    let job =
        |(job, lines): &Sampled| json!({"job": job, "lines": lines.iter().map(line).collect::<Vec<_>>()});
    sampled.iter().map(job).collect()
}

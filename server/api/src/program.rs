//! What the edge asks of the program around it.

use std::sync::Arc;

use collect::relabel::Step;
use model::{Error, ErrorKind, Labels, LogStats, MetricStats, Result, Selector};
use tokio::sync::watch::Receiver;

/// The program as its edge sees it: state of its collection, and what an operator may ask of it.
pub trait Program: Send + Sync {
    /// `Ok` when data can be written and read; else why not.
    fn ready(&self) -> Result<(), String>;

    /// Reads configuration files again. Errors name the file and the key.
    fn reload(&self) -> Result<(), String>;

    /// Keeps a dashboard's file (JSON) under its uid, in the data folder. Errors say what is in the way.
    fn import_dashboard(&self, _uid: &str, _bytes: &[u8]) -> Result<(), String> {
        Err("this server keeps no dashboards".into())
    }

    /// Whether a dashboard's source is a file that was imported under this uid.
    fn is_imported(&self, _source: &str, _uid: &str) -> bool {
        false
    }

    /// Decides whether a program that was found on this machine is watched. Errors say what is in the way.
    fn watch_found(&self, _id: &str, _watch: bool) -> Result<(), String> {
        Err("this server looks for no programs".into())
    }

    /// What the home page shows.
    fn home(&self) -> Home;

    /// Scrape targets.
    fn targets(&self) -> Vec<TargetStatus>;

    /// Targets that relabelling dropped: their discovered labels.
    fn dropped_targets(&self) -> Vec<Vec<(String, String)>> {
        Vec::new()
    }

    /// Deletes the samples within a range of time of series that match any of `selectors`; durable once it returns.
    fn delete_series(&self, _selectors: &[Selector], _start_ms: i64, _end_ms: i64) -> Result<()> {
        Err(Error::new(ErrorKind::NotFound, "this program has no store to delete from"))
    }

    /// The files that samples lie in.
    fn blocks(&self) -> Vec<Block> {
        Vec::new()
    }

    /// Gives the room of deleted samples back.
    fn clean_tombstones(&self) -> Result<()> {
        Err(Error::new(ErrorKind::NotFound, "this program has no store to clean"))
    }

    /// Copies all samples into a folder of their own below the data folder; its name.
    fn snapshot(&self) -> Result<String> {
        Err(Error::new(ErrorKind::NotFound, "this program has no store to copy"))
    }

    /// The names of all scrape configurations, those without targets too.
    fn scrape_pools(&self) -> Vec<String> {
        Vec::new()
    }

    /// What each relabelling rule of a scrape configuration makes of a target's labels; `None` if there is no such
    /// configuration.
    fn relabel_steps(&self, _pool: &str, _labels: &Labels) -> Option<Vec<Step>> {
        None
    }

    /// Stops the server as SIGTERM does.
    fn quit(&self) {}

    /// Becomes true once the server stops: what stays open for ever ends then.
    fn stopping(&self) -> Receiver<bool>;

    /// How metrics that are pushed over OTLP become series.
    fn otlp_options(&self) -> Arc<wire::otlp::metrics::Options> {
        Arc::default()
    }

    /// The configuration in use, as YAML.
    fn config_yaml(&self) -> String;

    /// Command line flags in use.
    fn flags(&self) -> Vec<(String, String)>;

    /// Pharos' own metrics as exposition text.
    fn metrics_page(&self) -> String;

    /// The page that an exporter would give in its place: `node`, `dcgm`, `nvidia`; none where that is not collected. Blocks.
    fn exporter_page(&self, _name: &str) -> Option<String> {
        None
    }

    /// What is compiled in: version.
    fn version(&self) -> &'static str;
}

/// A file with the samples of a window of time.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// Time of its first sample, ms.
    pub first_ms: i64,
    /// Time of its last sample, ms.
    pub last_ms: i64,
    /// Its series.
    pub series: u64,
    /// Its samples.
    pub samples: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// The names of files that were merged into it.
    pub merged: Vec<String>,
}

/// The home page: see the README's `GET /api/pharos/v1/home`.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Home {
    /// Version of the program.
    pub version: String,
    /// When it started, ms.
    pub started_ms: i64,
    /// Now, ms.
    pub now_ms: i64,
    /// This machine's name.
    pub hostname: String,
    /// Whether host and self metrics are collected.
    pub collecting: bool,
    /// The metric store.
    pub metrics: MetricNumbers,
    /// The log store.
    pub logs: LogNumbers,
    /// The disk under the data folder.
    pub disk: Disk,
    /// Scrape targets.
    pub targets: Vec<TargetStatus>,
    /// Tailed files.
    pub tails: Vec<TailStatus>,
    /// Programs that were found on this machine.
    pub found: Vec<FoundProgram>,
    /// What the user should know: unknown keys, folders not found.
    pub notices: Vec<Notice>,
}

/// A program on this machine that has metrics.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct FoundProgram {
    /// What it is known by: `vllm@127.0.0.1:8000`.
    pub id: String,
    /// `vllm`
    pub kind: String,
    /// `vLLM`
    pub title: String,
    /// Where it answers.
    pub address: String,
    /// Its process; 0 where that cannot be seen.
    pub pid: u32,
    /// Its command line, as far as it can be seen.
    pub command: String,
    /// Whether it is watched by itself.
    pub watched: bool,
    /// The job of the configuration that scrapes it; empty if none does.
    pub job: String,
}

/// [`MetricStats`] as JSON.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct MetricNumbers {
    active_series: u64,
    head_samples: u64,
    partitions: u64,
    disk_bytes: u64,
    appended_samples: u64,
    min_time_ms: Option<i64>,
    max_time_ms: Option<i64>,
}

impl From<MetricStats> for MetricNumbers {
    fn from(stats: MetricStats) -> Self {
        MetricNumbers {
            active_series: stats.active_series,
            head_samples: stats.head_samples,
            partitions: stats.partitions,
            disk_bytes: stats.disk_bytes,
            appended_samples: stats.appended_samples,
            min_time_ms: stats.min_time_ms,
            max_time_ms: stats.max_time_ms,
        }
    }
}

/// [`LogStats`] as JSON.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct LogNumbers {
    streams: u64,
    blocks: u64,
    entries: u64,
    bytes: u64,
    disk_bytes: u64,
    appended_entries: u64,
}

impl From<LogStats> for LogNumbers {
    fn from(stats: LogStats) -> Self {
        LogNumbers {
            streams: stats.streams,
            blocks: stats.blocks,
            entries: stats.entries,
            bytes: stats.bytes,
            disk_bytes: stats.disk_bytes,
            appended_entries: stats.appended_entries,
        }
    }
}

/// The disk under the data folder.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Disk {
    /// The folder.
    pub data_dir: String,
    /// Bytes free.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

/// A scrape target.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct TargetStatus {
    /// Its job.
    pub job: String,
    /// Its instance label.
    pub instance: String,
    /// Where it is scraped; empty for what is read in this process.
    pub url: String,
    /// `up`, `down`, `unknown`.
    pub health: String,
    /// Why it is down.
    pub last_error: String,
    /// When it was scraped last, ms; 0 = never.
    pub last_scrape_ms: i64,
    /// How long that took.
    pub duration_ms: f64,
    /// How often it is scraped.
    pub interval_ms: i64,
    /// How long a scrape may take.
    pub timeout_ms: i64,
    /// Samples of the last scrape.
    pub samples: u64,
    /// Its labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// Its labels before relabelling.
    pub discovered_labels: std::collections::BTreeMap<String, String>,
}

/// A source of lines: a path pattern and the files it found, a Docker daemon and its containers, the journal, syslog.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct TailStatus {
    /// Its job.
    pub job: String,
    /// The path as configured.
    pub path: String,
    /// `reading`, `waiting`, `error`.
    pub state: String,
    /// Why it waits, or what is wrong.
    pub hint: String,
    /// The files, at most 1,000.
    pub files: Vec<TailFile>,
    /// How many there are.
    pub files_total: u64,
    /// Lines read since the start.
    pub lines: u64,
    /// Lines a second, lately.
    pub lines_per_second: f64,
    /// Bytes of files that are not read yet.
    pub lag_bytes: u64,
    /// Lines that stages dropped on purpose.
    pub dropped_lines: u64,
    /// When the last line was read, ms; 0 = never.
    pub last_line_ms: i64,
}

/// A tailed file.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct TailFile {
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes read.
    pub offset: u64,
    /// Lines read since the start.
    pub lines: u64,
    /// When its last line was read, ms; 0 = never.
    pub last_line_ms: i64,
    /// What went wrong last.
    pub last_error: String,
}

/// Something the user should know.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// `info`, `warn`, `error`.
    pub level: String,
    /// The file or the part it comes from.
    pub source: String,
    /// What it is, and what to do.
    pub message: String,
}

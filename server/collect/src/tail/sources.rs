//! Where lines come from besides files that grow: compressed files, Docker's API, the systemd journal, syslog. Each source has threads of its
//! own that fill a bounded channel; the reading thread takes lines from it through the job's stages.

pub(crate) mod bzip2;
pub(crate) mod channel;
pub(crate) mod compressed;
pub(crate) mod docker;
pub(crate) mod http;
pub(crate) mod journal;
pub(crate) mod syslog;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::{Clock, Labels, LabelsBuilder, TailCursor};
use parking_lot::Mutex;

use crate::relabel::{Rule, relabel_builder};
use channel::Sender;

/// What a job reads besides files.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SourceConfig {
    Compressed(compressed::CompressedConfig),
    Docker(docker::DockerConfig),
    Journal(journal::JournalConfig),
    Syslog(syslog::SyslogConfig),
}

/// A line on its way from a source.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) line: Bytes,
    /// Its time, if the source knows.
    pub(crate) t_ns: Option<i64>,
    pub(crate) labels: Labels,
    pub(crate) position: Option<Position>,
}

/// How far a source was read: the time of the last line, and a hash that tells it from others of that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which part of the source: a container, or the whole of it.
    pub(crate) part: Arc<str>,
    pub(crate) time: u64,
    pub(crate) hash: u64,
}

/// What a source says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceState {
    /// Containers, connections: what is read now.
    pub(crate) parts: Vec<(String, String)>,
    /// Why nothing comes; empty if all is well.
    pub(crate) error: String,
    /// Whether it is reading.
    pub(crate) reading: bool,
}

/// What the threads of a source share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) out: Sender,
    pub(crate) state: Arc<Mutex<SourceState>>,
    pub(crate) stopped: Arc<AtomicBool>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where an earlier run stopped.
    pub(crate) resume: Arc<HashMap<String, Position>>,
}

impl Context {
    /// Whether the source has to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self, why: impl Into<String>) {
        let mut state = self.state.lock();
        (state.error, state.reading) = (why.into(), false);
    }

    pub(crate) fn works(&self) {
        let mut state = self.state.lock();
        state.error.clear();
        state.reading = true;
    }

    /// Waits, less if the source has to end; false if it has.
    pub(crate) fn pause(&self, wait: Duration) -> bool {
        const STEP: Duration = Duration::from_millis(100);
        let end = Instant::now() + wait;
        while !self.is_stopped() && Instant::now() < end {
            std::thread::sleep(STEP.min(end.saturating_duration_since(Instant::now())));
        }
        !self.is_stopped()
    }
}

impl SourceConfig {
    /// The name for people, in the place of a path.
    pub(crate) fn name(&self) -> String {
        match self {
            SourceConfig::Compressed(config) => config.path.path().to_owned(),
            SourceConfig::Docker(config) => format!("docker {}", config.host),
            SourceConfig::Journal(config) => match &config.path {
                Some(path) => format!("journal {path}"),
                None => "journal".to_owned(),
            },
            SourceConfig::Syslog(config) => {
                format!("syslog {} {}", if config.udp { "udp" } else { "tcp" }, config.listen)
            }
        }
    }

    /// Starts the source's threads. They end when the context is stopped or its channel closed.
    pub(crate) fn start(&self, context: Context) -> std::io::Result<()> {
        match self {
            SourceConfig::Compressed(config) => compressed::start(config.clone(), context),
            SourceConfig::Docker(config) => docker::start(config.clone(), context),
            SourceConfig::Journal(config) => journal::start(config.clone(), context),
            SourceConfig::Syslog(config) => syslog::start(config.clone(), context),
        }
    }
}

impl Position {
    pub(crate) fn cursor(&self, key: String) -> TailCursor {
        TailCursor {
            key,
            device: 0,
            inode: 0,
            fingerprint: self.hash,
            fingerprint_len: 0,
            offset: self.time,
            gone: false,
        }
    }
}

/// The labels of a line: those given, relabelled, without those that begin with `__`; `None` if a rule drops it.
pub(crate) fn line_labels(mut labels: LabelsBuilder, rules: &[Rule]) -> Option<Labels> {
    if !relabel_builder(&mut labels, rules) {
        return None;
    }
    labels.retain(|name, _| !name.starts_with("__"));
    Some(labels.build())
}

/// A name with `_` in place of what a label's name may not hold.
pub(crate) fn label_part(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests;

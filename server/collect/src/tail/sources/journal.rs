//! The systemd journal, as `journalctl --output json --follow` prints it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use model::{JOB, LabelsBuilder};
use serde_json::Value;
use twox_hash::XxHash3_64;

use super::{Context, Incoming, Position, line_labels};
use crate::relabel::Rule;
use crate::section::Section;
use crate::{Error, Result};

/// How long to wait before `journalctl` is started again.
const RETRY: Duration = Duration::from_secs(5);
/// Most bytes of an entry; the rest of a longer one is left out, and it is counted as broken.
const MAX_ENTRY_BYTES: u64 = 16 << 20;
const DEFAULT_MAX_AGE_MS: i64 = 7 * 3_600_000;

/// The section `journal` of a job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JournalConfig {
    job: String,
    /// The whole entry as JSON is the line, not its message alone.
    json: bool,
    max_age_ms: i64,
    labels: Vec<(String, String)>,
    pub(crate) path: Option<String>,
    matches: Vec<String>,
    relabel: Arc<[Rule]>,
    /// The program; another one in tests.
    pub(crate) program: String,
}

pub(crate) fn read(section: &Section<'_>, job: &str, relabel: &[Rule]) -> Result<JournalConfig> {
    let config = JournalConfig {
        job: job.to_owned(),
        json: section.bool("json")?.unwrap_or(false),
        max_age_ms: section.duration_ms("max_age")?.unwrap_or(DEFAULT_MAX_AGE_MS),
        labels: section.pairs("labels")?,
        path: section.text("path")?.filter(|path| !path.is_empty()),
        matches: section.text("matches")?.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        relabel: relabel.into(),
        program: section.text("journalctl")?.unwrap_or_else(|| "journalctl".to_owned()),
    };
    match config.matches.iter().find(|part| !part.contains('=') && *part != "+") {
        Some(part) => Err(Error::config(section.at("matches"), format!("{part:?} is not FIELD=value"))),
        None => {
            section.finish();
            Ok(config)
        }
    }
}

/// Starts the thread that reads the journal, and starts `journalctl` again when it ends.
pub(crate) fn start(config: JournalConfig, context: Context) -> std::io::Result<()> {
    let mut resume = context.resume.get("").cloned();
    let follow = move || {
        while !context.is_stopped() {
            match follow(&config, &context, &mut resume) {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => context.failed(why),
            }
            if !context.pause(RETRY) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("journal".to_owned()).spawn(follow).map(drop)
}

/// Reads until `journalctl` ends; false if nobody wants more.
fn follow(config: &JournalConfig, context: &Context, last: &mut Option<Position>) -> Result<bool, String> {
    let child = command(config, context.clock.now_ms(), last.as_ref()).spawn();
    let child = child.map_err(|e| format!("cannot run {}: {e}", config.program))?;
    let mut child = Watched::new(child, context.stopped.clone()).map_err(|e| e.to_string())?;
    let Some(out) = child.child.stdout.take() else { return Err("journalctl has no output".to_owned()) };
    context.works();
    let mut reader = BufReader::with_capacity(256 << 10, out);
    let mut entry = Vec::new();
    let mut skip = last.clone();
    let mut times = Times::default();
    while read_entry(&mut reader, &mut entry).map_err(|e| e.to_string())? {
        let Some(incoming) = incoming(config, &entry, &mut times) else { continue };
        let position = incoming.position.clone();
        if is_known(&mut skip, position.as_ref()) {
            continue;
        }
        *last = position.or(last.take());
        if !incoming.labels.is_empty() && !context.out.send(incoming) {
            return Ok(false);
        }
    }
    if context.is_stopped() {
        return Ok(false);
    }
    let mut why = String::new();
    if let Some(errors) = child.child.stderr.take() {
        // What it said is a help, no more.
        let _ = errors.take(2_000).read_to_string(&mut why);
    }
    Err(format!("{} ended: {}", config.program, why.trim()))
}

/// A child that ends with its owner, and when the source has to: a journal may be silent for hours.
struct Watched {
    child: Child,
    ended: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl Watched {
    fn new(child: Child, stopped: Arc<AtomicBool>) -> std::io::Result<Self> {
        const LOOK: Duration = Duration::from_millis(100);
        let (ended, pid) = (Arc::new(AtomicBool::new(false)), child.id());
        let mut watched = Watched { child, ended: ended.clone(), watcher: None };
        let watch = move || {
            while !stopped.load(Ordering::Relaxed) && !ended.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
            }
            if !ended.load(Ordering::Relaxed)
                && let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
            {
                // It may be gone already; its owner has not waited for it yet, so the id is still its own.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        };
        watched.watcher = Some(std::thread::Builder::new().name("journal-stop".to_owned()).spawn(watch)?);
        Ok(watched)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            // It cannot panic, and if it did the child would still have to be ended.
            let _ = watcher.join();
        }
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(config: &JournalConfig, now_ms: i64, last: Option<&Position>) -> Command {
    let since_s = match last {
        Some(position) => (position.time / 1_000_000) as i64,
        None => (now_ms - config.max_age_ms) / 1_000,
    };
    let mut command = Command::new(&config.program);
    command.args(["--output=json", "--all", "--follow", "--lines=all", "--quiet"]);
    command.arg(format!("--since=@{since_s}"));
    command.args(config.path.iter().map(|path| format!("--directory={path}")));
    command.args(&config.matches);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads a line; false at the end.
fn read_entry(reader: &mut impl BufRead, entry: &mut Vec<u8>) -> std::io::Result<bool> {
    entry.clear();
    let n = reader.by_ref().take(MAX_ENTRY_BYTES).read_until(b'\n', entry)?;
    Ok(n > 0)
}

/// Whether an entry was read by an earlier run: all up to the one that it read last.
fn is_known(skip: &mut Option<Position>, position: Option<&Position>) -> bool {
    let (Some(last), Some(position)) = (skip.as_ref(), position) else { return false };
    if position.time > last.time {
        *skip = None;
        return false;
    }
    if position == last {
        *skip = None;
    }
    true
}

/// Tells entries of one microsecond apart.
#[derive(Debug, Default)]
struct Times {
    time: u64,
    nth: i64,
}

impl Times {
    fn ns(&mut self, time: u64) -> i64 {
        self.nth = if time == self.time { (self.nth + 1).min(999) } else { 0 };
        self.time = time;
        (time as i64).saturating_mul(1_000) + self.nth
    }
}

/// An entry as a line; without labels if a rule drops it; nothing if it is broken.
fn incoming(config: &JournalConfig, entry: &[u8], times: &mut Times) -> Option<Incoming> {
    let fields: BTreeMap<String, Value> = serde_json::from_slice(entry).ok()?;
    let time: u64 = text(fields.get("__REALTIME_TIMESTAMP")?).parse().ok()?;
    let cursor = fields.get("__CURSOR").map(text).unwrap_or_default();
    let line = match (config.json, fields.get("MESSAGE")) {
        (true, _) => Bytes::copy_from_slice(entry.trim_ascii_end()),
        (false, message) => Bytes::from(bytes(message?)),
    };
    let mut labels = LabelsBuilder::default();
    labels.set(JOB, config.job.as_str());
    for (name, value) in &config.labels {
        labels.set(name.as_str(), value.as_str());
    }
    for (name, value) in &fields {
        labels.set(format!("__journal_{}", name.to_lowercase()), text(value));
    }
    if let Some(priority) = fields.get("PRIORITY") {
        labels.set("__journal_priority_keyword", keyword(&text(priority)));
    }
    Some(Incoming {
        line,
        t_ns: Some(times.ns(time)),
        labels: line_labels(labels, &config.relabel).unwrap_or_default(),
        position: Some(Position { part: Arc::from(""), time, hash: XxHash3_64::oneshot(cursor.as_bytes()) }),
    })
}

/// The word for a priority (syslog.3).
fn keyword(priority: &str) -> &'static str {
    const WORDS: [&str; 8] = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];
    priority.parse::<usize>().ok().and_then(|n| WORDS.get(n).copied()).unwrap_or("unknown")
}

fn text(value: &Value) -> String {
    String::from_utf8_lossy(&bytes(value)).into_owned()
}

/// A field's bytes: a text, an array of bytes where it is not UTF-8, the last of several values.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(items) if items.iter().all(Value::is_u64) => {
            items.iter().filter_map(|b| u8::try_from(b.as_u64()?).ok()).collect()
        }
        Value::Array(items) => items.last().map(bytes).unwrap_or_default(),
        Value::Null => Vec::new(),
        other => other.to_string().into_bytes(),
    }
}

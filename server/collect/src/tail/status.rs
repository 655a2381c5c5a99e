//! What is being tailed, as of now: for the home page.

use model::Labels;

/// Whether a path gives lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TailState {
    /// At least one file is read.
    Reading,
    /// No file matches yet.
    #[default]
    Waiting,
    /// Files match and none can be read.
    Error,
}

impl TailState {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            TailState::Reading => "reading",
            TailState::Waiting => "waiting",
            TailState::Error => "error",
        }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TailFileStatus {
    /// The path as the configuration spells it.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them were read.
    pub offset: u64,
    /// Lines read since the start.
    pub lines: u64,
    /// When the last one was read, ms.
    pub last_line_ms: Option<i64>,
    /// Why it cannot be read, or what was left out; empty if all is well.
    pub last_error: String,
}

/// Lines that a stage could not work on. They were kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFailure {
    /// The stage.
    pub stage: String,
    /// How many.
    pub count: u64,
    /// Why, the last time.
    pub last_error: String,
}

impl StageFailure {
    pub(crate) fn of((stage, (count, last_error)): (&&'static str, &(u64, String))) -> Self {
        StageFailure { stage: (*stage).to_owned(), count: *count, last_error: last_error.clone() }
    }
}

/// Lines a second, over the last ten seconds or so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate {
    /// Count and time, ms, at the beginning of this window and of the one before.
    windows: [(u64, i64); 2],
    newest: (u64, i64),
}

/// How long a window of [`Rate`] is, ms.
const RATE_WINDOW_MS: i64 = 5_000;

impl Rate {
    /// Notes how many lines there were in all by now.
    pub(crate) fn note(&mut self, count: u64, now_ms: i64) {
        if self.newest.1 == 0 {
            self.windows = [(count, now_ms); 2];
        }
        self.newest = (count, now_ms);
        if now_ms - self.windows[1].1 >= RATE_WINDOW_MS {
            self.windows = [self.windows[1], (count, now_ms)];
        }
    }

    pub(crate) fn per_second(&self) -> f64 {
        let (count, from_ms) = self.windows[0];
        let ms = self.newest.1 - from_ms;
        if ms > 0 { self.newest.0.saturating_sub(count) as f64 * 1_000.0 / ms as f64 } else { 0.0 }
    }
}

/// One `__path__` of a job, or another source of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TailTargetStatus {
    /// The job's name.
    pub job: String,
    /// The path pattern, or the source: `journal`, `syslog tcp 0.0.0.0:1514`.
    pub path: String,
    /// The labels that all its lines have.
    pub labels: Labels,
    /// Whether it gives lines.
    pub state: TailState,
    /// Why it does not, for people.
    pub hint: String,
    /// Its files, at most 1,000.
    pub files: Vec<TailFileStatus>,
    /// How many files there are.
    pub files_total: u64,
    /// Lines read since the start.
    pub lines: u64,
    /// Lines a second, lately.
    pub lines_per_second: f64,
    /// Bytes of its files that are not read yet.
    pub lag_bytes: u64,
    /// Lines that stages dropped on purpose.
    pub dropped_lines: u64,
    /// When the last line was read, ms.
    pub last_line_ms: Option<i64>,
    /// The last thing that went wrong; empty if nothing did.
    pub last_error: String,
    /// Failures of its stages.
    pub stage_failures: Vec<StageFailure>,
}

/// Everything that is tailed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TailStatus {
    /// In the order of the configuration.
    pub targets: Vec<TailTargetStatus>,
    /// Bytes of lines that are read and not durable yet.
    pub in_flight_bytes: u64,
    /// Why the store takes no lines; empty if it does.
    pub sink_error: String,
}

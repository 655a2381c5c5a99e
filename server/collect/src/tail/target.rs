//! One `__path__` of a job: its files as they come, grow, move and go.

mod missed;
mod rescan;

use std::collections::{HashMap, HashSet};

use model::TailCursor;

use super::batch::Filling;
use super::config::{TailJob, TailPath};
use super::file::{Lines, Look, TailedFile};
use super::identity::{Fingerprint, Identity};
use super::pipeline::{Draft, Failures, Output, Pipeline};
use super::status::{Rate, StageFailure, TailFileStatus, TailState, TailTargetStatus};

/// Bytes read of one file before the next has its turn.
const TURN_BYTES: usize = 1 << 20;
/// Files kept open at once by a target; more are opened for each read.
const MAX_OPEN: usize = 256;
/// How often a file that grew lately is looked at, and one that did not, ms.
const MIN_POLL_MS: i64 = 200;
const MAX_POLL_MS: i64 = 1_000;
/// How often a file that cannot be read is tried again, ms.
const FAILED_POLL_MS: i64 = 5_000;
/// Files that are listed in a status.
const MAX_LISTED: usize = 1_000;

/// What a pass over the targets shares.
pub(crate) struct Pass<'a> {
    pub(crate) now_ms: i64,
    /// The newest cursor of each key, as handed to the store.
    pub(crate) book: &'a mut HashMap<String, TailCursor>,
    pub(crate) filling: &'a mut Filling,
    pub(crate) buffer: &'a mut Vec<u8>,
    pub(crate) clock: &'a mut LineClock,
    /// How far a Promtail that ran before read each path, if that was not taken over yet.
    pub(crate) imported: &'a HashMap<String, u64>,
}

impl Pass<'_> {
    pub(crate) fn note(&mut self, cursor: TailCursor) {
        if cursor.gone {
            self.book.remove(&cursor.key);
        } else {
            self.book.insert(cursor.key.clone(), cursor.clone());
        }
        self.filling.cursor(cursor);
    }
}

/// Gives each line its own time, so that equal lines read in one moment are told apart.
#[derive(Debug, Default)]
pub(crate) struct LineClock {
    pub(crate) now_ns: i64,
    pub(crate) last_ns: i64,
}

impl LineClock {
    pub(crate) fn next(&mut self) -> i64 {
        self.last_ns = self.now_ns.max(self.last_ns.saturating_add(1));
        self.last_ns
    }
}

/// A `__path__` and its files.
pub(crate) struct Target {
    job: String,
    /// Tells targets of one job apart in cursors.
    scope: String,
    path: TailPath,
    pipeline: Pipeline,
    files: Vec<TailedFile>,
    /// Files that were read to their end and went away: they may come back under another name.
    retired: HashMap<Identity, (Fingerprint, u64)>,
    /// Names that files lost lately, and how old these are.
    lost: Vec<(String, missed::Age)>,
    errors: Vec<String>,
    failures: Failures,
    hint: String,
    started: bool,
    rescan_at_ms: i64,
    forget_at_ms: i64,
    lines: u64,
    last_line_ms: Option<i64>,
    rate: Rate,
}

impl Target {
    pub(crate) fn new(job: &TailJob, path: &TailPath, ordinal: usize) -> Self {
        let scope = if ordinal == 1 { job.job_name.clone() } else { format!("{}#{ordinal}", job.job_name) };
        Target {
            job: job.job_name.clone(),
            scope: scope.replace('\t', " "),
            path: path.clone(),
            pipeline: job.pipeline.clone(),
            files: Vec::new(),
            retired: HashMap::new(),
            lost: Vec::new(),
            errors: Vec::new(),
            failures: Failures::default(),
            hint: String::new(),
            started: false,
            rescan_at_ms: i64::MIN,
            forget_at_ms: i64::MIN / 2,
            lines: 0,
            last_line_ms: None,
            rate: Rate::default(),
        }
    }

    /// Looks at each file that is due and reads what is new; true if there is more to read. Stops early once the
    /// batch is `full`.
    pub(crate) fn advance(&mut self, pass: &mut Pass<'_>, full: usize) -> bool {
        // A clock set back must not stop the looking.
        if pass.now_ms >= self.rescan_at_ms || self.rescan_at_ms - pass.now_ms > rescan::SLOW_MS {
            self.rescan(pass);
        }
        let (mut busy, mut moved) = (false, false);
        for i in 0..self.files.len() {
            let wait_ms = self.files[i].next_poll_ms.saturating_sub(pass.now_ms);
            if (1..=FAILED_POLL_MS).contains(&wait_ms) {
                continue;
            }
            if pass.filling.bytes >= full {
                busy = true;
                break;
            }
            match self.read_file(i, pass) {
                Ok(step) => {
                    if std::mem::take(&mut self.files[i].failing) {
                        self.files[i].error.clear();
                    }
                    busy |= step == Step::More;
                    moved |= step == Step::Moved;
                }
                Err(error) => {
                    let file = &mut self.files[i];
                    (file.error, file.failing) = (error.to_string(), true);
                    file.next_poll_ms = pass.now_ms + FAILED_POLL_MS;
                }
            }
        }
        if moved {
            self.files.retain(|file| !file.dropped);
            self.rescan(pass);
        }
        self.rate.note(self.lines, pass.now_ms);
        busy || moved || (!self.lost.is_empty() && self.adopt_all_missed(pass))
    }

    fn read_file(&mut self, i: usize, pass: &mut Pass<'_>) -> std::io::Result<Step> {
        let look = self.files[i].look(pass.now_ms)?;
        if look == Look::Moved {
            return Ok(Step::Moved);
        }
        if look == Look::Truncated {
            let file = &self.files[i];
            if file.handle().is_some_and(|opened| self.copied_from(file, opened).is_some()) {
                self.drop_copy(i, pass);
                return Ok(Step::Moved);
            }
            self.restart(i, pass);
        }
        let mut lines = Lines::new();
        let (mut total, mut more) = (0, look != Look::Unchanged);
        let file = &mut self.files[i];
        while more && total < TURN_BYTES {
            let consumed = file.read(pass.buffer, pass.now_ms, &mut lines)?;
            total += consumed;
            more = consumed > 0 && file.offset < file.size;
        }
        if !lines.is_empty() {
            file.lines += lines.len() as u64;
            file.last_line_ms = Some(pass.now_ms);
            self.lines += lines.len() as u64;
            self.last_line_ms = Some(pass.now_ms);
        }
        self.send(i, lines, pass);
        let file = &mut self.files[i];
        let quiet_ms = pass.now_ms - file.last_growth_ms;
        file.next_poll_ms =
            if more { pass.now_ms } else { pass.now_ms + (quiet_ms / 8).clamp(MIN_POLL_MS, MAX_POLL_MS) };
        if file.is_open() && !more && file.leaving_since.is_none() && self.files.len() > MAX_OPEN {
            self.files[i].close();
        }
        Ok(if more { Step::More } else { Step::Done })
    }

    /// Sends lines of a file through the stages and notes how far it is through.
    fn send(&mut self, i: usize, lines: Lines, pass: &mut Pass<'_>) {
        let file = &mut self.files[i];
        let mut drafts = Vec::with_capacity(lines.len());
        let mut out = Output { drafts: &mut drafts, failures: &mut self.failures };
        for (start, line) in lines {
            let draft = Draft::new(line, start, file.labels.clone(), pass.clock.next());
            self.pipeline.push(draft, &mut file.progress, pass.now_ms, &mut out);
        }
        self.pipeline.release(&mut file.progress, pass.now_ms, &mut out);
        drafts.into_iter().for_each(|draft| pass.filling.push(draft));
        let through = self.pipeline.held(&file.progress).unwrap_or(file.offset);
        if through != file.noted_offset {
            file.noted_offset = through;
            let cursor = file.cursor(through);
            pass.note(cursor);
        }
    }

    /// The file was written anew: what stages hold of the old content is let go, what was not read of it is
    /// looked for in a copy, and reading begins at the start.
    fn restart(&mut self, i: usize, pass: &mut Pass<'_>) {
        self.let_go(i, pass);
        let rest = self.find_copy(i, pass.now_ms);
        let file = &mut self.files[i];
        file.restart();
        file.noted_offset = 0;
        let cursor = file.cursor(0);
        pass.note(cursor);
        let Some((copy, known)) = rest else { return };
        let cursor = copy.cursor(copy.offset);
        let copied = (copy.name.clone(), missed::Age::of_file(None, &copy.location));
        match known {
            Some(j) => {
                self.let_go(j, pass);
                let old = std::mem::replace(&mut self.files[j], copy);
                pass.note(TailCursor { gone: true, ..old.cursor(old.offset) });
            }
            None => self.files.push(copy),
        }
        pass.note(cursor);
        if let (name, Some(age)) = copied {
            self.lost.push((name, age));
        }
    }

    /// A copy of another file was written over it: its lines are read there.
    fn drop_copy(&mut self, i: usize, pass: &mut Pass<'_>) {
        self.let_go(i, pass);
        let file = &mut self.files[i];
        file.dropped = true;
        let cursor = file.cursor(file.offset);
        pass.note(TailCursor { gone: true, ..cursor });
    }

    /// Sends on what stages hold of a file.
    fn let_go(&mut self, i: usize, pass: &mut Pass<'_>) {
        let mut drafts = Vec::new();
        let mut out = Output { drafts: &mut drafts, failures: &mut self.failures };
        self.pipeline.release(&mut self.files[i].progress, i64::MAX, &mut out);
        drafts.into_iter().for_each(|draft| pass.filling.push(draft));
    }

    pub(crate) fn status(&self) -> TailTargetStatus {
        let read = self.files.iter().take(MAX_LISTED).map(|file| TailFileStatus {
            path: file.name.clone(),
            size: file.size,
            offset: file.offset,
            lines: file.lines,
            last_line_ms: file.last_line_ms,
            last_error: file.error.clone(),
        });
        let mut files: Vec<TailFileStatus> = read.collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let failed = files.iter().find(|file| !file.last_error.is_empty());
        let failed = failed.map(|file| format!("{}: {}", file.path, file.last_error));
        let last_error = failed.or_else(|| self.errors.first().cloned()).unwrap_or_default();
        let readable = self.files.iter().any(|file| !file.failing);
        let state = match (readable, last_error.is_empty()) {
            (true, _) => TailState::Reading,
            (false, true) => TailState::Waiting,
            (false, false) => TailState::Error,
        };
        let hint = match state {
            TailState::Reading => String::new(),
            TailState::Waiting => self.hint.clone(),
            TailState::Error => last_error.clone(),
        };
        let failures = self.failures.by_stage.iter();
        TailTargetStatus {
            job: self.job.clone(),
            path: self.path.pattern.text.clone(),
            labels: self.path.labels.clone(),
            state,
            hint,
            files_total: self.files.len() as u64,
            files,
            lines: self.lines,
            dropped_lines: self.failures.dropped,
            last_line_ms: self.last_line_ms,
            lines_per_second: self.rate.per_second(),
            lag_bytes: self.files.iter().map(|file| file.size.saturating_sub(file.offset)).sum(),
            last_error,
            stage_failures: failures.map(StageFailure::of).collect(),
        }
    }

    fn identities(&self) -> HashSet<Identity> {
        self.files.iter().map(|file| file.identity).collect()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Done,
    More,
    Moved,
}

//! The log's thread: takes what waits, writes it, syncs once, tells those who wait.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::DiskFile;
use crate::wal::Segment;
use crate::wal::group::Group;
use crate::wal::log::{Phase, Shared, State, Waiting};
use crate::wal::segment::{HEADER_BYTES, Header, path_of};

/// Space that must be there before writing goes on after a failure, so that it does not fail again at once.
const PROBE_BYTES: usize = 256 << 10;

/// Zeros that a busy log writes ahead at once, at least.
const LEAST_AHEAD: u64 = 64 << 10;

/// Records that are written together and are larger cost their file's inode no more than they do themselves.
const SMALL: u64 = 32 << 10;

/// Zeros are written in such pieces: the kernel keeps, and counts as written, a page of the size of a write as one.
const PIECE: [u8; 8 << 10] = [0; 8 << 10];

/// A log that syncs again within this time is busy.
const BUSY: Duration = Duration::from_millis(50);

/// The longest wait for others who may share a sync.
const MOST_PATIENCE: Duration = Duration::from_millis(2);

/// Others who are waited for, at most.
const MOST_EXPECTED: usize = 64;

pub(super) struct Writer {
    shared: Arc<Shared>,
    open: Option<OpenSegment>,
    /// The sequence of the next file to be made; a failed one's number may be used again.
    next: u64,
    /// How much of the segment before the next one counts.
    before_bytes: u64,
    /// How many may want the next sync: those of the last one and those who came while it ran.
    expected: usize,
    /// How long a sync takes, as an average that forgets.
    sync_time: Duration,
    last_sync: Instant,
}

struct OpenSegment {
    sequence: u64,
    file: Box<dyn DiskFile>,
    written: u64,
    synced: u64,
    /// The file's length: zeros follow what is written. Beyond all measure where there are to be none.
    len: u64,
}

/// What the thread found to do.
enum Task {
    /// What waits, those who wait for it, and how many they are.
    Write(Vec<Waiting>, Arc<Group>, usize),
    Probe,
    End,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, next: u64, before_bytes: u64) -> Self {
        Writer {
            shared,
            open: None,
            next,
            before_bytes,
            expected: 0,
            sync_time: Duration::ZERO,
            last_sync: Instant::now(),
        }
    }

    pub(super) fn run(&mut self) {
        loop {
            match self.next_task() {
                Task::End => {
                    if let Some(open) = self.open.take() {
                        cut(&open);
                    }
                    return;
                }
                Task::Probe => self.probe(),
                Task::Write(waiting, group, waiters) => {
                    // A defect must not leave those who wait hanging for ever.
                    let written = catch_unwind(AssertUnwindSafe(|| self.write(waiting)))
                        .unwrap_or_else(|_| Err(io::Error::other("the log's thread has a defect")));
                    match written {
                        Ok(()) => {
                            let came = self.shared.state.lock().waiters;
                            self.expected = (waiters + came).min(MOST_EXPECTED);
                            group.decide(Ok(()));
                        }
                        Err(error) => self.fail(&error, &group),
                    }
                }
            }
        }
    }

    fn next_task(&self) -> Task {
        let shared = &self.shared;
        let mut state = shared.state.lock();
        loop {
            if matches!(state.phase, Phase::Failed(_)) {
                if state.stop {
                    return Task::End;
                }
                if shared.wake.wait_for(&mut state, shared.options.retry).timed_out() {
                    return Task::Probe;
                }
                continue;
            }
            if state.hurry || state.stop {
                if state.waiting.is_empty() && state.stop {
                    state.group.decide(Ok(()));
                    return Task::End;
                }
                self.await_others(&mut state);
                return take(&mut state);
            }
            match state.since {
                None => shared.wake.wait(&mut state),
                Some(since) => {
                    let due = since + shared.options.group;
                    if Instant::now() >= due || shared.wake.wait_until(&mut state, due).timed_out() {
                        return take(&mut state);
                    }
                }
            }
        }
    }

    /// Gives those who shared the last syncs a moment to come back.
    fn await_others(&self, state: &mut MutexGuard<'_, State>) {
        let until = Instant::now() + self.sync_time.min(MOST_PATIENCE);
        while state.waiters < self.expected && !state.stop {
            if self.shared.wake.wait_until(state, until).timed_out() {
                return;
            }
        }
    }

    fn write(&mut self, waiting: Vec<Waiting>) -> io::Result<()> {
        let bytes: u64 = waiting.iter().map(|part| part.bytes.len() as u64).sum();
        for part in waiting {
            if part.begins {
                self.sync()?;
                self.begin(part.segment)?;
            }
            let open = self.open.as_mut().ok_or_else(|| io::Error::other("no segment is open"))?;
            debug_assert_eq!(open.sequence, part.segment, "records wait in order of their segments");
            if !part.bytes.is_empty() {
                open.file.write_at(open.written, &part.bytes)?;
                open.written += part.bytes.len() as u64;
            }
        }
        if bytes <= SMALL && self.last_sync.elapsed() < BUSY {
            self.write_ahead();
        }
        let began = Instant::now();
        self.sync()?;
        self.last_sync = Instant::now();
        self.sync_time = (self.sync_time * 7 + (self.last_sync - began)) / 8;
        Ok(())
    }

    /// Lengthens the file by zeros where the last ones are used up; where that fails, the segment does without.
    fn write_ahead(&mut self) {
        let most = self.shared.options.ahead_bytes;
        let Some(open) = self.open.as_mut().filter(|open| open.len < open.written && most > 0) else {
            return;
        };
        let ahead = (open.written / 4).max(LEAST_AHEAD).min(most);
        open.len = open.written;
        while open.len < open.written + ahead {
            if open.file.write_at(open.len, &PIECE).is_err() {
                cut(open);
                open.len = u64::MAX;
                return;
            }
            open.len += PIECE.len() as u64;
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let Some(open) = self.open.as_mut().filter(|open| open.synced < open.written) else { return Ok(()) };
        open.file.sync()?;
        open.synced = open.written;
        let (sequence, bytes) = (open.sequence, open.synced);
        let mut state = self.shared.state.lock();
        if let Some(segment) = state.segments.iter_mut().find(|segment| segment.sequence == sequence) {
            segment.bytes = bytes;
        }
        Ok(())
    }

    /// Makes the file of segment `sequence` with its name durable; the segment before is synced.
    fn begin(&mut self, sequence: u64) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|open| open.sequence == sequence) {
            // The probe after a failure made it already.
            return Ok(());
        }
        if let Some(before) = self.open.take() {
            self.before_bytes = before.synced;
            cut(&before);
        }
        self.open = Some(self.make(sequence, 0)?);
        self.next = sequence + 1;
        Ok(())
    }

    fn make(&self, sequence: u64, probe_bytes: usize) -> io::Result<OpenSegment> {
        let path = path_of(&self.shared.dir, sequence);
        let made = self.make_file(&path, sequence, probe_bytes);
        if made.is_err() {
            // No half-made file stays in the way of the next try.
            let _ = self.shared.disk.remove(&path);
        }
        let file = made?;
        let written = HEADER_BYTES as u64;
        let mut state = self.shared.state.lock();
        state.segments.retain(|segment| segment.sequence != sequence);
        state.segments.push(Segment { sequence, path, bytes: written });
        Ok(OpenSegment { sequence, file, written, synced: written, len: written })
    }

    fn make_file(&self, path: &Path, sequence: u64, probe_bytes: usize) -> io::Result<Box<dyn DiskFile>> {
        let file = self.shared.disk.create(path)?;
        file.write_at(0, &Header { sequence, before_bytes: self.before_bytes }.encode())?;
        if probe_bytes > 0 {
            file.write_at(HEADER_BYTES as u64, &vec![0; probe_bytes])?;
            file.sync()?;
            file.set_len(HEADER_BYTES as u64)?;
        }
        file.sync()?;
        self.shared.disk.sync_dir(&self.shared.dir)?;
        Ok(file)
    }

    /// Gives the open segment up, and all that waits: nobody is told that it is durable.
    fn fail(&mut self, error: &io::Error, group: &Group) {
        let why = match error.kind() {
            io::ErrorKind::StorageFull => {
                "the disk is full: nothing can be written until there is space".into()
            }
            _ => format!("the log cannot be written: {error}"),
        };
        tracing::error!(dir = %self.shared.dir.display(), %error, "the log cannot be written; trying again");
        if let Some(open) = self.open.take() {
            self.before_bytes = open.synced;
            // Best effort: the next segment's header cuts it off as well.
            let _ = open.file.set_len(open.synced);
        }
        let later = {
            let mut state = self.shared.state.lock();
            state.phase = Phase::Failed(why.clone());
            state.waiting.clear();
            state.waiting_bytes = 0;
            state.since = None;
            state.hurry = false;
            state.waiters = 0;
            state.open_bytes = 0;
            std::mem::take(&mut state.group)
        };
        group.decide(Err(why.clone()));
        later.taken.store(true, Ordering::Release);
        later.decide(Err(why));
    }

    fn probe(&mut self) {
        match self.make(self.next, PROBE_BYTES) {
            Err(error) => {
                tracing::debug!(dir = %self.shared.dir.display(), %error, "the log still cannot be written");
            }
            Ok(open) => {
                tracing::info!(dir = %self.shared.dir.display(), "the log can be written again");
                self.shared.state.lock().phase = Phase::NeedsSegment(open.sequence);
                self.next = open.sequence + 1;
                self.open = Some(open);
            }
        }
    }
}

fn take(state: &mut State) -> Task {
    let group = std::mem::take(&mut state.group);
    group.taken.store(true, Ordering::Release);
    state.hurry = false;
    state.since = None;
    state.waiting_bytes = 0;
    let waiters = std::mem::take(&mut state.waiters);
    Task::Write(std::mem::take(&mut state.waiting), group, waiters)
}

/// Gives back what a segment's file has beyond what was written. Best effort: the next segment's header says as well
/// how much of it counts, and zeros are no records.
fn cut(segment: &OpenSegment) {
    let _ = segment.file.set_len(segment.written);
}

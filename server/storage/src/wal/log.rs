//! The log as its owner sees it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::wal::group::{Group, Ticket};
use crate::wal::replay::{Record, Replayed, replay};
use crate::wal::segment::{self, FRAME_BYTES, HEADER_BYTES, push_record};
use crate::wal::writer::Writer;
use crate::wal::{Position, Segment, WalOptions};
use crate::{Disk, Error, Result};

/// Bytes of one segment that wait for the disk.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) segment: u64,
    /// The segment starts with these bytes.
    pub(super) begins: bool,
    pub(super) bytes: Vec<u8>,
}

/// What the owner may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Records go into this segment.
    Open(u64),
    /// The next call must be `begin_segment`, with this sequence.
    NeedsSegment(u64),
    /// The disk failed; the thread tries it again.
    Failed(String),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Bytes of the open segment, those that wait included.
    pub(super) open_bytes: u64,
    pub(super) waiting: Vec<Waiting>,
    pub(super) waiting_bytes: usize,
    /// When the oldest waiting record was appended.
    pub(super) since: Option<Instant>,
    pub(super) group: Arc<Group>,
    pub(super) hurry: bool,
    /// How many wait for the sync of what waits for the disk.
    pub(super) waiters: usize,
    pub(super) stop: bool,
    pub(super) segments: Vec<Segment>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) wake: Condvar,
    pub(super) options: WalOptions,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
}

impl Shared {
    /// Somebody waits: sync as soon as no other sync runs.
    pub(super) fn hurry(&self) {
        let mut state = self.state.lock();
        state.hurry = true;
        state.waiters += 1;
        drop(state);
        self.wake.notify_one();
    }
}

/// A write-ahead log. Dropping it syncs what waits and ends its thread.
#[derive(Debug)]
pub struct Wal {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Wal {
    /// Opens the log in folder `dir` (made if missing): hands out the records of segments `>= from`, cuts a torn
    /// tail, and goes on in a new segment, which [`Wal::begin_segment`] has to begin.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: WalOptions,
        from: u64,
        on_record: &mut dyn FnMut(Record<'_>) -> Result<()>,
    ) -> Result<(Wal, Replayed)> {
        disk.create_dir_all(dir).map_err(Error::io("create", dir))?;
        let report = replay(&*disk, dir, (from, options.independent_records), on_record)?;
        for blank in &report.blank {
            disk.remove(&blank.path).map_err(Error::io("remove", &blank.path))?;
        }
        let segments = segment::list(&*disk, dir).map_err(Error::io("list", dir))?;
        let last = segments.last().map_or(0, |segment| segment.sequence);
        let valid = match report.last {
            Some((sequence, bytes)) if sequence == last => bytes,
            _ => segments.last().map_or(0, |segment| segment.bytes),
        };
        if report.torn_bytes > 0 {
            tracing::warn!(dir = %dir.display(), bytes = report.torn_bytes, "cut the torn tail of the log");
        }
        // Never below `from`, so that a caller's "sealed up to" stays true if all files are gone.
        let next = (last + 1).max(from);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                phase: Phase::NeedsSegment(next),
                open_bytes: 0,
                waiting: Vec::new(),
                waiting_bytes: 0,
                since: None,
                group: Arc::default(),
                hurry: false,
                waiters: 0,
                stop: false,
                segments,
            }),
            wake: Condvar::new(),
            options,
            disk,
            dir: dir.to_path_buf(),
        });
        let mut writer = Writer::new(Arc::clone(&shared), next, valid);
        let thread = std::thread::Builder::new()
            .name("wal".into())
            .spawn(move || writer.run())
            .map_err(Error::io("start the log's thread for", dir))?;
        Ok((Wal { shared, thread: Some(thread) }, report))
    }

    /// Whether [`Wal::begin_segment`] is to be called before the next [`Wal::append`]: at the start, when the open
    /// segment is full, and after a failure that is over.
    pub fn wants_segment(&self) -> bool {
        let state = self.shared.state.lock();
        match state.phase {
            Phase::Open(_) => state.open_bytes >= self.shared.options.segment_bytes,
            Phase::NeedsSegment(_) => true,
            Phase::Failed(_) => false,
        }
    }

    /// Begins a segment with the owner's full state: the records that make later ones readable. Returns the new
    /// segment's sequence number. The state is durable before or with the first record appended after it.
    pub fn begin_segment<R: AsRef<[u8]>>(&self, records: impl IntoIterator<Item = R>) -> Result<u64> {
        let mut state = self.shared.state.lock();
        let sequence = match &state.phase {
            Phase::Open(open) => open + 1,
            Phase::NeedsSegment(sequence) => *sequence,
            Phase::Failed(why) => return Err(Error::Unavailable(why.clone())),
        };
        let mut bytes = Vec::new();
        for record in records {
            self.check_size(record.as_ref().len())?;
            push_record(&mut bytes, sequence, record.as_ref());
        }
        state.phase = Phase::Open(sequence);
        state.open_bytes = (HEADER_BYTES + bytes.len()) as u64;
        state.waiting_bytes += bytes.len();
        state.waiting.push(Waiting { segment: sequence, begins: true, bytes });
        if note_append(&mut state) {
            self.shared.wake.notify_one();
        }
        Ok(sequence)
    }

    /// Appends a record. It is durable once the ticket says so; later records never become durable before it.
    pub fn append(&self, record: &[u8]) -> Result<Ticket> {
        self.check_size(record.len())?;
        let mut state = self.shared.state.lock();
        let sequence = match &state.phase {
            Phase::Open(sequence) => *sequence,
            Phase::NeedsSegment(_) => return Err(Error::Unavailable("the log begins a new segment".into())),
            Phase::Failed(why) => return Err(Error::Unavailable(why.clone())),
        };
        let needed = FRAME_BYTES + record.len();
        let max = self.shared.options.max_waiting_bytes;
        if state.waiting_bytes > 0 && state.waiting_bytes + needed > max {
            let why = format!(
                "the disk is too slow: {} bytes of log wait, the bound is {max}",
                state.waiting_bytes
            );
            return Err(Error::Unavailable(why));
        }
        match state.waiting.last_mut() {
            Some(last) if last.segment == sequence => push_record(&mut last.bytes, sequence, record),
            _ => {
                let mut bytes = Vec::with_capacity(needed);
                push_record(&mut bytes, sequence, record);
                state.waiting.push(Waiting { segment: sequence, begins: false, bytes });
            }
        }
        state.waiting_bytes += needed;
        state.open_bytes += needed as u64;
        let unannounced = note_append(&mut state);
        let position = Position { segment: sequence, offset: state.open_bytes };
        let (group, shared) = (Arc::clone(&state.group), Arc::clone(&self.shared));
        Ok(Ticket { group, shared, position, unannounced })
    }

    /// A ticket for everything appended so far.
    pub fn flush(&self) -> Result<()> {
        let ticket = {
            let state = self.shared.state.lock();
            let segment = match &state.phase {
                Phase::Open(sequence) | Phase::NeedsSegment(sequence) => *sequence,
                Phase::Failed(why) => return Err(Error::Unavailable(why.clone())),
            };
            let position = Position { segment, offset: state.open_bytes };
            let (group, shared) = (Arc::clone(&state.group), Arc::clone(&self.shared));
            Ticket { group, shared, position, unannounced: false }
        };
        ticket.wait()
    }

    /// `Unavailable` with the reason while the log cannot be written.
    pub fn health(&self) -> Result<()> {
        match &self.shared.state.lock().phase {
            Phase::Failed(why) => Err(Error::Unavailable(why.clone())),
            _ => Ok(()),
        }
    }

    /// The sequence number of the segment that records go into, or of the one that will be next.
    pub fn open_segment(&self) -> u64 {
        let state = self.shared.state.lock();
        match &state.phase {
            Phase::Open(sequence) | Phase::NeedsSegment(sequence) => *sequence,
            Phase::Failed(_) => state.segments.last().map_or(1, |segment| segment.sequence + 1),
        }
    }

    /// Bytes appended to the open segment.
    pub fn open_bytes(&self) -> u64 {
        self.shared.state.lock().open_bytes
    }

    /// The segments on disk, in order.
    pub fn segments(&self) -> Vec<Segment> {
        self.shared.state.lock().segments.clone()
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.shared.state.lock().segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Unlinks the segments `<= sequence`, never the open one. Returns how many.
    pub fn drop_through(&self, sequence: u64) -> Result<usize> {
        let doomed: Vec<Segment> = {
            let state = self.shared.state.lock();
            let open = match &state.phase {
                Phase::Open(open) => *open,
                _ => u64::MAX,
            };
            let last = state.segments.last().map_or(0, |segment| segment.sequence);
            // The newest file stays until it has a successor: sequence numbers go on from it.
            let bound = sequence.min(open.saturating_sub(1)).min(last.saturating_sub(1));
            state.segments.iter().filter(|segment| segment.sequence <= bound).cloned().collect()
        };
        for segment in &doomed {
            match self.shared.disk.remove(&segment.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &segment.path)(error));
                }
                _ => self.shared.state.lock().segments.retain(|kept| kept.sequence != segment.sequence),
            }
        }
        if !doomed.is_empty() {
            self.shared.disk.sync_dir(&self.shared.dir).map_err(Error::io("sync", &self.shared.dir))?;
        }
        Ok(doomed.len())
    }

    /// Syncs what waits and ends the thread.
    pub fn close(mut self) -> Result<()> {
        let flushed = self.flush();
        self.stop();
        flushed
    }

    fn stop(&mut self) {
        self.shared.state.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the log's thread has panicked");
        }
    }

    fn check_size(&self, len: usize) -> Result<()> {
        let max = self.shared.options.max_record_bytes.min(u32::MAX as usize);
        if len > max {
            return Err(Error::Limit(format!("a log record has {len} bytes, the bound is {max}")));
        }
        Ok(())
    }
}

/// Notes when the oldest waiting record came; true if the log's thread does not know of any yet.
fn note_append(state: &mut State) -> bool {
    let first = state.since.is_none();
    if first {
        state.since = Some(Instant::now());
    }
    first
}

impl Drop for Wal {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop();
        }
    }
}

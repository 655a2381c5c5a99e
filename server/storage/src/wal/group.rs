//! Records that are synced together, and those who wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Commit, CommitTicket};
use parking_lot::{Condvar, Mutex};

use crate::wal::Position;
use crate::wal::log::Shared;
use crate::{Error, Result};

/// Called with the outcome of a group's sync.
type Done = Box<dyn FnOnce(Result<()>) + Send>;

/// The fate of all records that share one sync.
#[derive(Default)]
pub(super) struct Group {
    state: Mutex<Fate>,
    decided: Condvar,
    /// Taken by the log's thread: its sync is under way or over.
    pub(super) taken: AtomicBool,
}

#[derive(Default)]
struct Fate {
    outcome: Option<Result<(), String>>,
    /// Those who want to be called rather than wait.
    listeners: Vec<Done>,
    /// Threads that wait.
    waiting: usize,
}

impl Group {
    pub(super) fn decide(&self, outcome: Result<(), String>) {
        let (listeners, waiting) = {
            let mut state = self.state.lock();
            if state.outcome.is_none() {
                state.outcome = Some(outcome.clone());
            }
            (std::mem::take(&mut state.listeners), state.waiting)
        };
        for done in listeners {
            done(outcome.clone().map_err(Error::Unavailable));
        }
        if waiting > 0 {
            self.decided.notify_all();
        }
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").field("outcome", &self.state.lock().outcome).finish_non_exhaustive()
    }
}

/// Waits for the sync of a record. Dropped, it leaves the record to the next timed sync.
#[derive(Debug)]
pub struct Ticket {
    pub(super) group: Arc<Group>,
    pub(super) shared: Arc<Shared>,
    pub(super) position: Position,
    /// Nobody has woken the log's thread for this record yet: whoever waits wakes it once, and so does the drop.
    pub(super) unannounced: bool,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.unannounced {
            self.shared.wake.notify_one();
        }
    }
}

impl Ticket {
    /// Where the record ends.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Blocks until the record is durable; `Unavailable` if it could not be written.
    pub fn wait(mut self) -> Result<()> {
        self.hurry();
        let mut state = self.group.state.lock();
        state.waiting += 1;
        loop {
            match &state.outcome {
                Some(outcome) => return outcome.clone().map_err(Error::Unavailable),
                None => self.group.decided.wait(&mut state),
            }
        }
    }

    /// Calls `done` with what `wait` would return, on the log's thread or at once. It must not block.
    pub fn notify(mut self, done: impl FnOnce(Result<()>) + Send + 'static) {
        let mut state = self.group.state.lock();
        let Some(outcome) = state.outcome.clone() else {
            state.listeners.push(Box::new(done));
            drop(state);
            return self.hurry();
        };
        drop(state);
        done(outcome.map_err(Error::Unavailable));
    }

    fn hurry(&mut self) {
        self.unannounced = false;
        if !self.group.taken.load(Ordering::Acquire) {
            self.shared.hurry();
        }
    }

    /// The outcome, if it is known already.
    pub fn outcome(&self) -> Option<Result<()>> {
        self.group.state.lock().outcome.clone().map(|outcome| outcome.map_err(Error::Unavailable))
    }
}

impl Commit for Ticket {
    fn wait(self: Box<Self>) -> model::Result<()> {
        Ok(Ticket::wait(*self)?)
    }

    fn notify(self: Box<Self>, done: Box<dyn FnOnce(model::Result<()>) + Send>) {
        Ticket::notify(*self, move |outcome| done(outcome.map_err(Into::into)));
    }
}

impl From<Ticket> for CommitTicket {
    fn from(ticket: Ticket) -> Self {
        CommitTicket::of(ticket)
    }
}

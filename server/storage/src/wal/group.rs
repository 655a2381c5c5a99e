//! Records that are synced together, and those who wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::CommitTicket;
use parking_lot::{Condvar, Mutex};

use crate::wal::Position;
use crate::wal::log::Shared;
use crate::{Error, Result};

/// The fate of all records that share one sync.
#[derive(Debug, Default)]
pub(super) struct Group {
    outcome: Mutex<Option<Result<(), String>>>,
    decided: Condvar,
    /// Taken by the log's thread: its sync is under way or over.
    pub(super) taken: AtomicBool,
}

impl Group {
    pub(super) fn decide(&self, outcome: Result<(), String>) {
        let mut slot = self.outcome.lock();
        if slot.is_none() {
            *slot = Some(outcome);
        }
        self.decided.notify_all();
    }
}

/// Waits for the sync of a record.
#[derive(Debug)]
pub struct Ticket {
    pub(super) group: Arc<Group>,
    pub(super) shared: Arc<Shared>,
    pub(super) position: Position,
}

impl Ticket {
    /// Where the record ends.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Blocks until the record is durable; `Unavailable` if it could not be written.
    pub fn wait(self) -> Result<()> {
        if !self.group.taken.load(Ordering::Acquire) {
            self.shared.hurry();
        }
        let mut outcome = self.group.outcome.lock();
        loop {
            match &*outcome {
                Some(Ok(())) => return Ok(()),
                Some(Err(why)) => return Err(Error::Unavailable(why.clone())),
                None => self.group.decided.wait(&mut outcome),
            }
        }
    }

    /// The outcome, if it is known already.
    pub fn outcome(&self) -> Option<Result<()>> {
        self.group.outcome.lock().as_ref().map(|outcome| match outcome {
            Ok(()) => Ok(()),
            Err(why) => Err(Error::Unavailable(why.clone())),
        })
    }
}

impl From<Ticket> for CommitTicket {
    fn from(ticket: Ticket) -> Self {
        CommitTicket::new(move || Ok(ticket.wait()?))
    }
}

//! What a running query carries: its deadline, its budget, and whether anybody still waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, ErrorKind, Result};

/// Bounds of one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time the query may take.
    pub timeout: Duration,
    /// Samples (or log entries) it may read.
    pub max_samples: u64,
    /// Bytes of memory it may hold at once.
    pub max_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { timeout: Duration::from_secs(120), max_samples: 500_000_000, max_bytes: 2 << 30 }
    }
}

/// Shared by a query and whoever may stop it. Long loops call [`Control::check`] every few thousand steps.
#[derive(Debug)]
pub struct Control {
    limits: Limits,
    deadline: Instant,
    cancelled: AtomicBool,
    samples: AtomicU64,
    bytes: AtomicU64,
    peak_bytes: AtomicU64,
}

impl Control {
    /// A query that starts now under `limits`.
    pub fn new(limits: Limits) -> Self {
        Control {
            limits,
            deadline: Instant::now() + limits.timeout,
            cancelled: AtomicBool::new(false),
            samples: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            peak_bytes: AtomicU64::new(0),
        }
    }

    /// Tells the query that nobody waits for it any more.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// An error once the query is cancelled or late.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "query was cancelled"));
        }
        if Instant::now() > self.deadline {
            let seconds = self.limits.timeout.as_secs_f64();
            return Err(Error::new(ErrorKind::Timeout, format!("query timed out after {seconds} s")));
        }
        Ok(())
    }

    /// Counts samples (or entries) that were read.
    pub fn read_samples(&self, n: u64) -> Result<()> {
        let total = self.samples.fetch_add(n, Ordering::Relaxed) + n;
        if total > self.limits.max_samples {
            let max = self.limits.max_samples;
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "query needs more than its budget of {max} samples (it had read {total}): narrow the time range, \
                     add label matchers or use a longer step"
                ),
            ));
        }
        Ok(())
    }

    /// Reserves memory; give it back with [`Control::release_bytes`].
    pub fn reserve_bytes(&self, n: u64) -> Result<()> {
        let total = self.bytes.fetch_add(n, Ordering::Relaxed) + n;
        self.peak_bytes.fetch_max(total, Ordering::Relaxed);
        if total > self.limits.max_bytes {
            self.bytes.fetch_sub(n, Ordering::Relaxed);
            let (needed, max) = (total >> 20, self.limits.max_bytes >> 20);
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "query needs {needed} MiB of memory, its budget is {max} MiB: narrow the time range, add label \
                     matchers or use a longer step"
                ),
            ));
        }
        Ok(())
    }

    /// Gives reserved memory back.
    pub fn release_bytes(&self, n: u64) {
        self.bytes.fetch_sub(n, Ordering::Relaxed);
    }

    /// Samples read so far.
    pub fn samples(&self) -> u64 {
        self.samples.load(Ordering::Relaxed)
    }

    /// The most memory that was reserved at once.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed)
    }
}

impl Default for Control {
    fn default() -> Self {
        Control::new(Limits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_when_cancelled_late_or_over_budget() {
        let limits = Limits { max_samples: 10, max_bytes: 100, ..Limits::default() };
        let control = Control::new(limits);
        assert!(control.check().is_ok());
        assert!(control.read_samples(10).is_ok());
        assert_eq!(control.read_samples(1).map_err(|e| e.kind()), Err(ErrorKind::Limit));
        assert!(control.reserve_bytes(100).is_ok());
        assert_eq!(control.reserve_bytes(1).map_err(|e| e.kind()), Err(ErrorKind::Limit));
        control.release_bytes(100);
        assert!(control.reserve_bytes(1).is_ok());
        control.cancel();
        assert_eq!(control.check().map_err(|e| e.kind()), Err(ErrorKind::Cancelled));
        let late = Control::new(Limits { timeout: Duration::ZERO, ..Limits::default() });
        while Instant::now() <= late.deadline {}
        assert_eq!(late.check().map_err(|e| e.kind()), Err(ErrorKind::Timeout));
    }
}

//! Lines that wait to be sent: so many bytes of them; beyond it the oldest are left out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Bytes of lines that may wait.
const MAX_BYTES: usize = 32 << 20;
/// What a line weighs besides its text.
const LINE_BYTES: usize = 64;

/// A line with its time, ns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) t_ns: u64,
    pub(super) text: String,
}

/// Lines in order.
#[derive(Debug, Default)]
pub(super) struct Buffer(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: VecDeque<Line>,
    bytes: usize,
    left_out: usize,
    /// Until when what is left may still be sent, once nothing more comes.
    deadline: Option<Instant>,
}

impl Buffer {
    /// Never waits.
    pub(super) fn push(&self, line: Line) {
        let mut inner = self.0.lock();
        inner.bytes += line.text.len() + LINE_BYTES;
        inner.lines.push_back(line);
        while inner.bytes > MAX_BYTES {
            let Some(oldest) = inner.lines.pop_front() else { break };
            inner.bytes -= oldest.text.len() + LINE_BYTES;
            inner.left_out += 1;
        }
    }

    /// The first lines, some `bytes` of them; they stay.
    pub(super) fn first(&self, bytes: usize) -> Vec<Line> {
        let inner = self.0.lock();
        let mut taken = 0;
        let few = inner.lines.iter().take_while(|line| {
            let fits = taken == 0 || taken + line.text.len() <= bytes;
            taken += line.text.len() + LINE_BYTES;
            fits
        });
        few.cloned().collect()
    }

    /// Removes the lines up to a time; those that were not stored are counted.
    pub(super) fn remove(&self, t_ns: u64, stored: bool) {
        let mut inner = self.0.lock();
        while inner.lines.front().is_some_and(|line| line.t_ns <= t_ns) {
            let Some(line) = inner.lines.pop_front() else { break };
            inner.bytes -= line.text.len() + LINE_BYTES;
            inner.left_out += usize::from(!stored);
        }
    }

    /// Nothing more comes; what is left may be sent for so long.
    pub(super) fn finish(&self, wait: Duration) {
        self.0.lock().deadline = Some(Instant::now() + wait);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.deadline().is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.lock().deadline
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().lines.len()
    }

    /// Lines that were never stored and wait no more.
    pub(super) fn left_out(&self) -> usize {
        self.0.lock().left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_and_counts() {
        let buffer = Buffer::default();
        let line = |t_ns: u64, bytes: usize| Line { t_ns, text: "x".repeat(bytes) };
        buffer.push(line(1, MAX_BYTES / 2));
        buffer.push(line(2, 10));
        assert_eq!(buffer.first(1).len(), 1, "one line however long");
        assert_eq!(buffer.first(MAX_BYTES).len(), 2);
        buffer.push(line(3, MAX_BYTES / 2));
        assert_eq!((buffer.len(), buffer.left_out()), (2, 1), "the oldest is left out");
        buffer.remove(2, true);
        buffer.remove(3, false);
        assert_eq!((buffer.len(), buffer.left_out()), (0, 2));
        assert!(!buffer.is_finished());
        buffer.finish(Duration::ZERO);
        assert!(buffer.is_finished());
    }
}

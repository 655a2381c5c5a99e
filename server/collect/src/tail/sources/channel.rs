//! A channel that holds so many bytes of lines at most: who sends more, waits. Memory stays bounded, nothing is lost.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::Incoming;

/// Bytes of lines that may wait in a channel.
pub(crate) const MAX_BYTES: usize = 4 << 20;
/// What a line weighs besides its text.
const LINE_BYTES: usize = 128;

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    room: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Incoming>,
    bytes: usize,
    senders: usize,
    closed: bool,
}

/// The sending end; all of a source's threads have one.
pub(crate) struct Sender(Arc<Shared>);

/// The receiving end; senders are told when it is dropped.
pub(crate) struct Receiver(Arc<Shared>);

/// A new channel.
pub(crate) fn channel() -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    shared.queue.lock().senders = 1;
    (Sender(shared.clone()), Receiver(shared))
}

fn weight(line: &Incoming) -> usize {
    line.line.len() + LINE_BYTES
}

impl Sender {
    /// Waits for room; false if nobody receives any more.
    pub(crate) fn send(&self, line: Incoming) -> bool {
        let mut queue = self.0.queue.lock();
        while queue.bytes >= MAX_BYTES && !queue.closed {
            self.0.room.wait(&mut queue);
        }
        if queue.closed {
            return false;
        }
        queue.bytes += weight(&line);
        queue.lines.push_back(line);
        true
    }

    /// Takes the line if there is room; false if there is none, or nobody receives.
    pub(crate) fn try_send(&self, line: Incoming) -> bool {
        let mut queue = self.0.queue.lock();
        if queue.bytes >= MAX_BYTES || queue.closed {
            return false;
        }
        queue.bytes += weight(&line);
        queue.lines.push_back(line);
        true
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.queue.lock().senders += 1;
        Sender(self.0.clone())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.queue.lock().senders -= 1;
    }
}

impl Receiver {
    /// Lines that are there, some `bytes` of them.
    pub(crate) fn take(&self, bytes: usize) -> Vec<Incoming> {
        let mut queue = self.0.queue.lock();
        let (mut lines, mut taken) = (Vec::new(), 0);
        while taken < bytes {
            let Some(line) = queue.lines.pop_front() else { break };
            taken += weight(&line);
            lines.push(line);
        }
        queue.bytes -= taken;
        self.0.room.notify_all();
        lines
    }

    /// Whether nothing is there and nothing can come.
    pub(crate) fn is_done(&self) -> bool {
        let queue = self.0.queue.lock();
        queue.senders == 0 && queue.lines.is_empty()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.queue.lock().closed = true;
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::Labels;

    use super::*;

    fn line(text: Vec<u8>) -> Incoming {
        Incoming { line: Bytes::from(text), t_ns: None, labels: Labels::empty(), position: None }
    }

    #[test]
    fn holds_senders_and_tells_both_ends() {
        let (sender, receiver) = channel();
        let big = || line(vec![b'x'; MAX_BYTES]);
        assert!(sender.try_send(big()) && !sender.try_send(line(vec![])));
        let other = sender.clone();
        let waits = std::thread::spawn(move || other.send(big()));
        assert_eq!(receiver.take(1).len(), 1);
        assert!(waits.join().unwrap(), "sent once there was room");
        drop(sender);
        assert!(!receiver.is_done());
        assert_eq!((receiver.take(1).len(), receiver.is_done()), (1, true));
        let (sender, receiver) = channel();
        assert!(sender.try_send(big()));
        let waits = std::thread::spawn(move || sender.send(big()));
        drop(receiver);
        assert!(!waits.join().unwrap(), "told that nobody receives");
    }
}

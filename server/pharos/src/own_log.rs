//! Events of this program as a stream of its own log store: `{job="pharos", level="…"}`, lines in logfmt.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use model::{Clock, Entry, Labels, LogBatch, LogSink, StreamEntries, SystemClock};
use parking_lot::{Condvar, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Events that wait for the store. The oldest are dropped: the log on standard error has them all.
const MOST_WAITING: usize = 10_000;
/// How long events are gathered before they are appended together.
const GATHER: Duration = Duration::from_millis(250);

#[derive(Default)]
struct Queue {
    events: VecDeque<(i64, Level, String)>,
    stopping: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    closed: AtomicBool,
}

/// Gathers events; [`OwnLog::keep`] says where they go.
#[derive(Clone)]
pub(crate) struct OwnLog {
    shared: Arc<Shared>,
}

/// Stops the thread that appends events, after the last of them.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl OwnLog {
    pub(crate) fn new() -> Self {
        let (queue, wake) = (Mutex::default(), Condvar::new());
        OwnLog { shared: Arc::new(Shared { queue, wake, closed: AtomicBool::new(false) }) }
    }

    /// Events are not wanted.
    pub(crate) fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.queue.lock().events.clear();
    }

    /// Appends events to `sink` from now on, those gathered so far first.
    pub(crate) fn keep(&self, sink: Arc<dyn LogSink>, instance: &str) -> std::io::Result<Keeper> {
        let (shared, instance) = (self.shared.clone(), instance.to_owned());
        let thread = std::thread::Builder::new()
            .name("own-log".into())
            .spawn(move || append(&shared, &*sink, &instance))?;
        Ok(Keeper { shared: self.shared.clone(), thread: Some(thread) })
    }
}

impl Keeper {
    /// Appends what waits and stops.
    pub(crate) fn stop(mut self) {
        self.shared.queue.lock().stopping = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn append(shared: &Shared, sink: &dyn LogSink, instance: &str) {
    loop {
        let (events, stopping) = {
            let mut queue = shared.queue.lock();
            if !queue.stopping {
                shared.wake.wait_for(&mut queue, GATHER);
            }
            (std::mem::take(&mut queue.events), queue.stopping)
        };
        if !events.is_empty() {
            // A failure is not logged: that would come back here. The store says on its own that it cannot write.
            let _ = sink.append(&batch(events, instance));
        }
        if stopping {
            return;
        }
    }
}

fn batch(events: VecDeque<(i64, Level, String)>, instance: &str) -> LogBatch {
    let mut batch = LogBatch::default();
    for (t_ns, level, line) in events {
        let level = level.as_str().to_ascii_lowercase();
        let labels = Labels::from_pairs([("job", "pharos"), ("instance", instance), ("level", &level)]);
        let entry = Entry { t_ns, line: Bytes::from(line), metadata: Labels::empty() };
        match batch.streams.iter_mut().find(|stream| stream.labels == labels) {
            Some(stream) => stream.entries.push(entry),
            None => batch.streams.push(StreamEntries { labels, entries: vec![entry] }),
        }
    }
    batch
}

impl<S: Subscriber> Layer<S> for OwnLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if self.shared.closed.load(Ordering::Relaxed) {
            return;
        }
        let metadata = event.metadata();
        let mut line = Line(format!(
            "level={} target={}",
            metadata.level().as_str().to_ascii_lowercase(),
            metadata.target()
        ));
        event.record(&mut line);
        let mut queue = self.shared.queue.lock();
        if queue.events.len() >= MOST_WAITING {
            queue.events.pop_front();
        }
        queue.events.push_back((SystemClock.now_ns(), *metadata.level(), line.0));
    }
}

/// A line of logfmt.
struct Line(String);

impl Line {
    fn add(&mut self, name: &str, value: &str) {
        let name = if name == "message" { "msg" } else { name };
        let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '=');
        // Writing to a String cannot fail.
        let _ = if plain { write!(self.0, " {name}={value}") } else { write!(self.0, " {name}={value:?}") };
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<(String, String)>>);

    impl LogSink for Kept {
        fn append(&self, batch: &LogBatch) -> model::Result<model::Appended> {
            for stream in &batch.streams {
                for entry in &stream.entries {
                    let line = String::from_utf8_lossy(&entry.line).into_owned();
                    self.0.lock().push((stream.labels.value("level").to_owned(), line));
                }
            }
            Ok(model::Appended { accepted: 0, rejected: Vec::new(), commit: model::CommitTicket::done() })
        }

        fn cursors(&self) -> model::Result<Vec<model::TailCursor>> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn events_become_lines_of_logfmt() {
        use tracing_subscriber::layer::SubscriberExt;
        let own = OwnLog::new();
        let subscriber = tracing_subscriber::registry().with(own.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(file = "a b.yml", line = 3, "odd key");
            tracing::info!("ready");
        });
        let sink = Arc::new(Kept::default());
        own.keep(sink.clone(), "box").expect("a thread").stop();
        let kept = sink.0.lock().clone();
        let target = module_path!();
        assert_eq!(kept[0].0, "warn");
        assert_eq!(kept[0].1, format!("level=warn target={target} msg=\"odd key\" file=\"a b.yml\" line=3"));
        assert_eq!(kept[1].1, format!("level=info target={target} msg=ready"));
    }
}

//! The store against a plain list of entries: any order of appends, flushes, merges, restarts, crashes and faults.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use model::{
    Control, Direction, Entry, ErrorKind, Labels, LineFilter, LineFilterOp, LogBatch, LogSelect, LogSink,
    LogSource, ManualClock, MatchOp, Matcher, Need, StreamEntries, TailCursor,
};
use proptest::prelude::*;
use storage::disk::{Fault, Operation, Survives};
use storage::{Disk, FaultDisk};

use super::LogStore;
use crate::{Config, RetentionClass};

mod crash;
mod erase;
mod faults;
mod property;

const FOLDER: &str = "/logs";

/// A store on a disk in memory, small enough that every mechanism is at work.
struct Bench {
    disk: FaultDisk,
    clock: Arc<ManualClock>,
    config: Config,
    store: Option<LogStore>,
}

impl Bench {
    fn new(bound: Option<usize>) -> Self {
        let config = Config {
            block_bytes: 80,
            flush_bytes: 1 << 40,
            window_ns: 1000,
            max_label_values: bound,
            merge_at: 2,
            ..Config::default()
        };
        Bench::with(config)
    }

    fn with(config: Config) -> Self {
        let disk = FaultDisk::new();
        let mut bench = Bench { disk, clock: Arc::new(ManualClock::new(0)), config, store: None };
        bench.open().expect("opens");
        bench
    }

    fn open(&mut self) -> model::Result<()> {
        self.store = None;
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: Arc<dyn model::Clock> = Arc::clone(&self.clock) as Arc<dyn model::Clock>;
        self.store = Some(LogStore::open(Path::new(FOLDER), self.config.clone(), clock, disk)?);
        Ok(())
    }

    fn reopen(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().expect("closes");
        }
        self.open().expect("opens");
    }

    fn crash(&mut self, survives: Survives) {
        self.store = None;
        self.disk.restart(survives);
        self.open().expect("opens after a crash");
    }

    fn store(&self) -> &LogStore {
        self.store.as_ref().expect("is open")
    }

    fn append(&self, labels: &Labels, entries: Vec<Entry>) -> model::Result<()> {
        let streams = vec![StreamEntries { labels: labels.clone(), entries }];
        self.store().append(&LogBatch { streams, cursors: Vec::new() })?.commit.wait()
    }

    fn partitions(&self) -> Vec<String> {
        self.store().state.read().partitions.iter().map(|p| p.row.path.clone()).collect()
    }
}

fn entry(time: i64, line: &str) -> Entry {
    Entry { t_ns: time, line: Bytes::copy_from_slice(line.as_bytes()), metadata: Labels::empty() }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

fn everything() -> LogSelect {
    LogSelect {
        matchers: Vec::new(),
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        filters: Vec::new(),
        direction: Direction::Forward,
        need: Need::Lines,
        arrivals: None,
    }
}

type Line = (i64, Vec<u8>, Labels);
type Numbered = (i64, u64, Vec<u8>, Labels);

/// What a scan gives: for each stream its lines in order of (time, arrival).
fn read(store: &LogStore, select: &LogSelect) -> BTreeMap<Labels, Vec<Line>> {
    let control = Control::default();
    let scan = store.scan(select, &control).expect("scans");
    let mut found: BTreeMap<Labels, Vec<Numbered>> = BTreeMap::new();
    let parts = scan.parts();
    assert!(match select.direction {
        Direction::Forward => parts.is_sorted_by_key(|part| part.min_ns),
        Direction::Backward => parts.is_sorted_by_key(|part| std::cmp::Reverse(part.max_ns)),
    });
    for (part, said) in parts.iter().enumerate() {
        let batch = scan.read(part, &control).expect("reads");
        assert!(batch.len() as u64 <= said.entries);
        assert!(batch.timestamps.iter().all(|t| said.min_ns <= *t && *t <= said.max_ns));
        let mut last: BTreeMap<u32, (i64, u64)> = BTreeMap::new();
        for i in 0..batch.len() {
            let key = (batch.timestamps[i], batch.sequence[i]);
            let before = last.insert(batch.stream_of[i], key);
            assert!(before.is_none_or(|before| before < key), "out of order within a part");
            let line = match select.need {
                Need::Lines => batch.lines[i].to_vec(),
                Need::Sizes => batch.sizes[i].to_string().into_bytes(),
                Need::Timestamps => Vec::new(),
            };
            let stream = batch.streams[batch.stream_of[i] as usize].clone();
            found.entry(stream).or_default().push((key.0, key.1, line, batch.metadata(i)));
        }
    }
    assert_eq!(scan.warnings(), Vec::<String>::new());
    let strip = |mut lines: Vec<Numbered>| {
        lines.sort_by_key(|line| (line.0, line.1));
        lines.into_iter().map(|(time, _, line, metadata)| (time, line, metadata)).collect()
    };
    found.into_iter().map(|(labels, lines)| (labels, strip(lines))).collect()
}

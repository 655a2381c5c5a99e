//! A log store in memory: plain loops over all entries, to test engines and the HTTP edge with.

use std::collections::BTreeSet;
use std::sync::Mutex;

use model::{
    Appended, CommitTicket, Control, Direction, Entry, EntryBatch, Labels, LogBatch, LogScan, LogSelect,
    LogSink, LogSource, LogStats, Matcher, Need, Result, ScanPart, Selector, TailCursor, matches_all,
};

#[derive(Debug, Clone)]
struct Stored {
    labels: Labels,
    entry: Entry,
    sequence: u64,
}

/// Entries in order of arrival, read in parts of a fixed size, which therefore overlap in time.
#[derive(Debug)]
pub struct MemoryLogs {
    entries: Mutex<Vec<Stored>>,
    cursors: Mutex<Vec<TailCursor>>,
    part_entries: usize,
}

impl MemoryLogs {
    /// An empty store with parts of `part_entries` entries.
    pub fn new(part_entries: usize) -> Self {
        MemoryLogs { entries: Mutex::default(), cursors: Mutex::default(), part_entries: part_entries.max(1) }
    }

    /// Adds an entry.
    pub fn push(&self, labels: &Labels, entry: Entry) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let known = entries.iter().any(|stored| {
            stored.labels == *labels && stored.entry.t_ns == entry.t_ns && stored.entry.line == entry.line
        });
        if !known {
            let sequence = entries.len() as u64;
            entries.push(Stored { labels: labels.clone(), entry, sequence });
        }
    }

    fn matching(&self, selectors: &[Selector], start_ns: i64, end_ns: i64) -> Vec<Labels> {
        let entries = self.entries.lock().expect("no holder panics");
        let wanted = |stored: &&Stored| {
            (start_ns..end_ns).contains(&stored.entry.t_ns)
                && (selectors.is_empty() || selectors.iter().any(|s| matches_all(s, &stored.labels)))
        };
        let found: BTreeSet<Labels> =
            entries.iter().filter(wanted).map(|stored| stored.labels.clone()).collect();
        found.into_iter().collect()
    }
}

impl LogSink for MemoryLogs {
    fn append(&self, batch: &LogBatch) -> Result<Appended> {
        let mut accepted = 0;
        for stream in &batch.streams {
            for entry in &stream.entries {
                self.push(&stream.labels, entry.clone());
                accepted += 1;
            }
        }
        let mut cursors = self.cursors.lock().expect("no holder panics");
        for cursor in &batch.cursors {
            cursors.retain(|old| old.key != cursor.key);
            if !cursor.gone {
                cursors.push(cursor.clone());
            }
        }
        Ok(Appended { accepted, rejected: Vec::new(), commit: CommitTicket::done() })
    }

    fn cursors(&self) -> Result<Vec<TailCursor>> {
        Ok(self.cursors.lock().expect("no holder panics").clone())
    }
}

struct Scan {
    parts: Vec<ScanPart>,
    entries: Vec<Vec<Stored>>,
    need: Need,
}

impl LogScan for Scan {
    fn parts(&self) -> &[ScanPart] {
        &self.parts
    }

    fn read(&self, part: usize, control: &Control) -> Result<EntryBatch> {
        let entries = &self.entries[part];
        control.read_samples(entries.len() as u64)?;
        let mut batch = EntryBatch::default();
        let with_metadata = entries.iter().any(|stored| !stored.entry.metadata.is_empty());
        for Stored { labels, entry, sequence } in entries {
            let stream = batch.streams.iter().position(|l| l == labels).unwrap_or_else(|| {
                batch.streams.push(labels.clone());
                batch.streams.len() - 1
            });
            batch.stream_of.push(stream as u32);
            batch.timestamps.push(entry.t_ns);
            batch.sequence.push(*sequence);
            if self.need >= Need::Sizes {
                batch.sizes.push(entry.line.len() as u32);
            }
            if self.need == Need::Lines {
                batch.lines.push(entry.line.clone());
                if with_metadata {
                    batch.metadata.push(entry.metadata.clone());
                }
            }
        }
        Ok(batch)
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    fn has_metadata(&self) -> bool {
        self.entries.iter().flatten().any(|stored| !stored.entry.metadata.is_empty())
    }
}

fn selected(select: &LogSelect, stored: &Stored) -> bool {
    (select.start_ns..select.end_ns).contains(&stored.entry.t_ns)
        && select.matchers.iter().all(|m: &Matcher| m.matches(stored.labels.value(m.name())))
        && select.filters.iter().all(|filter| filter.passes(&stored.entry.line))
        && select.arrivals.as_ref().is_none_or(|wanted| wanted.contains(&stored.sequence))
}

impl LogSource for MemoryLogs {
    fn scan(&self, select: &LogSelect, control: &Control) -> Result<Box<dyn LogScan>> {
        control.check()?;
        let all = self.entries.lock().expect("no holder panics");
        let mut parts: Vec<(ScanPart, Vec<Stored>)> = Vec::new();
        for chunk in all.chunks(self.part_entries) {
            let mut entries: Vec<Stored> = chunk.iter().filter(|s| selected(select, s)).cloned().collect();
            entries.sort_by(|a, b| {
                (&a.labels, a.entry.t_ns, a.sequence).cmp(&(&b.labels, b.entry.t_ns, b.sequence))
            });
            let times = || entries.iter().map(|stored| stored.entry.t_ns);
            let (Some(min_ns), Some(max_ns)) = (times().min(), times().max()) else {
                continue;
            };
            let bytes = entries.iter().map(|stored| stored.entry.line.len() as u64).sum();
            parts.push((ScanPart { min_ns, max_ns, entries: entries.len() as u64, bytes }, entries));
        }
        match select.direction {
            Direction::Forward => parts.sort_by_key(|(part, _)| part.min_ns),
            Direction::Backward => parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.max_ns)),
        }
        let (parts, entries) = parts.into_iter().unzip();
        Ok(Box::new(Scan { parts, entries, need: select.need }))
    }

    fn series(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        _control: &Control,
    ) -> Result<Vec<Labels>> {
        Ok(self.matching(selectors, start_ns, end_ns))
    }

    fn label_names(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        _control: &Control,
    ) -> Result<Vec<String>> {
        let streams = self.matching(selectors, start_ns, end_ns);
        let names: BTreeSet<&str> =
            streams.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        _control: &Control,
    ) -> Result<Vec<String>> {
        let streams = self.matching(selectors, start_ns, end_ns);
        let values: BTreeSet<&str> = streams.iter().filter_map(|labels| labels.get(name)).collect();
        Ok(values.into_iter().map(str::to_owned).collect())
    }

    fn arrivals(&self) -> u64 {
        let all = self.entries.lock().expect("no holder panics");
        all.iter().map(|stored| stored.sequence + 1).max().unwrap_or(0)
    }

    fn stats(&self) -> LogStats {
        let entries = self.entries.lock().expect("no holder panics");
        let streams: BTreeSet<&Labels> = entries.iter().map(|stored| &stored.labels).collect();
        LogStats {
            streams: streams.len() as u64,
            entries: entries.len() as u64,
            bytes: entries.iter().map(|stored| stored.entry.line.len() as u64).sum(),
            appended_entries: entries.len() as u64,
            ..LogStats::default()
        }
    }
}

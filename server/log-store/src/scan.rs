//! Reading lines: what may match is listed first, each part is read on demand.

use std::sync::Arc;

use model::{
    Control, Direction, EntryBatch, Labels, LogScan, LogSelect, LogSource, LogStats, Matcher, Need, ScanPart,
    Selector,
};
use parking_lot::Mutex;

use crate::block::BlockHead;
use crate::clue::Clue;
use crate::eraser::{self, Eraser};
use crate::filter::Filters;
use crate::partition::{Directory, Partition, damage};
use crate::rows::Rows;
use crate::store::LogStore;
use crate::tail::{Body, MemoryBlock, State};

mod block;
mod series;
mod tail;

/// What a query asks, ready to run.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) select: LogSelect,
    pub(crate) filters: Filters,
    pub(crate) clue: Clue,
}

/// Whether a stream matches, as far as its labels without the demoted ones tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of its entries matches.
    No,
    /// All match.
    Yes,
    /// It depends on demoted labels.
    Depends,
}

/// Judges a stream some of whose entries have the labels `demoted` besides.
pub(crate) fn judge(matchers: &[Matcher], labels: &Labels, demoted: &[String]) -> Verdict {
    let mut verdict = Verdict::Yes;
    for matcher in matchers {
        let value = labels.value(matcher.name());
        if value.is_empty() && demoted.iter().any(|name| name == matcher.name()) {
            verdict = Verdict::Depends;
        } else if !matcher.matches(value) {
            return Verdict::No;
        }
    }
    verdict
}

/// Where the entries of a part are.
#[derive(Debug)]
enum Place {
    Tail(Labels, Vec<Arc<Rows>>),
    Memory(Arc<MemoryBlock>),
    Disk(Arc<Partition>, Arc<Directory>, usize),
}

#[derive(Debug)]
struct Scan {
    question: Question,
    parts: Vec<ScanPart>,
    places: Vec<Place>,
    /// Requests to delete that are not done.
    erasers: Vec<Arc<Eraser>>,
    /// What was asked for, where the requests need more.
    need: Need,
    warnings: Mutex<Vec<String>>,
}

impl LogSource for LogStore {
    fn scan(&self, select: &LogSelect, control: &Control) -> model::Result<Box<dyn LogScan>> {
        control.check()?;
        let mut question = Question {
            filters: Filters::new(&select.filters),
            clue: Clue::of_filters(&select.filters),
            select: select.clone(),
        };
        let mut found = Found { question: &question, parts: Vec::new(), warnings: Vec::new() };
        let (partitions, erasers) = {
            let state = self.state.read();
            found.add_memory(&state);
            (Arc::clone(&state.partitions), Arc::clone(&state.erasers))
        };
        for partition in partitions.iter() {
            control.check()?;
            found.add_partition(partition);
        }
        let Found { mut parts, warnings, .. } = found;
        match select.direction {
            Direction::Backward => parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.max_ns)),
            Direction::Forward => parts.sort_by_key(|(part, _)| part.min_ns),
        }
        let (parts, places) = parts.into_iter().unzip();
        let concerns =
            |e: &Eraser| e.deletion.start_ns < select.end_ns && select.start_ns <= e.deletion.end_ns;
        let erasers: Vec<_> = erasers.iter().filter(|e| !e.deletion.done && concerns(e)).cloned().collect();
        question.select.need = eraser::need(&erasers, select.need);
        let warnings = Mutex::new(warnings);
        Ok(Box::new(Scan { question, parts, places, erasers, need: select.need, warnings }))
    }

    fn series(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> model::Result<Vec<Labels>> {
        series::series(self, selectors, (start_ns, end_ns), control)
    }

    fn label_names(
        &self,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> model::Result<Vec<String>> {
        series::label_names(self, selectors, (start_ns, end_ns), control)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Selector],
        start_ns: i64,
        end_ns: i64,
        control: &Control,
    ) -> model::Result<Vec<String>> {
        series::label_values(self, name, (selectors, start_ns, end_ns), control)
    }

    fn arrivals(&self) -> u64 {
        self.state.read().next_sequence
    }

    fn stats(&self) -> LogStats {
        self.numbers()
    }
}

struct Found<'a> {
    question: &'a Question,
    parts: Vec<(ScanPart, Place)>,
    warnings: Vec<String>,
}

impl Found<'_> {
    fn overlaps(&self, min: i64, max: i64) -> bool {
        min < self.question.select.end_ns && max >= self.question.select.start_ns
    }

    /// Whether what holds numbers of arrival up to `last` may hold one that is wanted.
    fn may_be_new(&self, last: u64) -> bool {
        self.question.select.arrivals.as_ref().is_none_or(|wanted| wanted.start <= last)
    }

    fn add_memory(&mut self, state: &State) {
        let matchers = &self.question.select.matchers;
        for (key, stream) in &state.streams {
            let mut raw = stream.chunks.clone();
            for pending in &stream.pending {
                if !self.may_be_new(pending.last_sequence) {
                    continue;
                }
                match &*pending.body.read() {
                    Body::Rows(rows) => raw.extend(rows.iter().cloned()),
                    Body::Blocks(blocks) => blocks.iter().for_each(|block| self.add_memory_block(block)),
                }
            }
            raw.retain(|rows| {
                let names = || tail::demoted_names(rows);
                self.may_be_new(rows.sequence.last().copied().unwrap_or(0))
                    && self.overlaps(rows.min, rows.max)
                    && judge(matchers, &key.labels, &names()) != Verdict::No
            });
            if raw.is_empty() {
                continue;
            }
            let part = ScanPart {
                min_ns: raw.iter().map(|rows| rows.min).min().unwrap_or(0),
                max_ns: raw.iter().map(|rows| rows.max).max().unwrap_or(0),
                entries: raw.iter().map(|rows| rows.len() as u64).sum(),
                bytes: raw.iter().map(|rows| rows.bytes() as u64).sum(),
            };
            self.parts.push((part, Place::Tail(key.labels.clone(), raw)));
        }
    }

    fn add_memory_block(&mut self, block: &Arc<MemoryBlock>) {
        let head = &block.sealed.head;
        if self.overlaps(head.min(), head.max())
            && block.dictionary.may_hold(&self.question.clue, head.ascii, head.complete)
            && let Some(part) = self.part_of(head, &block.sealed.streams)
        {
            self.parts.push((part, Place::Memory(Arc::clone(block))));
        }
    }

    fn add_partition(&mut self, partition: &Arc<Partition>) {
        if !self.overlaps(partition.row.start, partition.row.end) || !self.may_be_new(partition.row.max_id) {
            return;
        }
        let directory = match partition.directory() {
            Ok(directory) => directory,
            Err(error) => {
                let path = &partition.row.path;
                self.warnings.push(format!("partition {path}: {error}; its lines are left out"));
                return;
            }
        };
        for block in &partition.candidates(&directory, &self.question.clue) {
            let head = &directory.blocks[block as usize];
            if let Some(part) = self.part_of(head, &directory.streams) {
                let place = Place::Disk(Arc::clone(partition), Arc::clone(&directory), block as usize);
                self.parts.push((part, place));
            }
        }
    }

    /// What a block has to say to the query; `None` if nothing.
    fn part_of(&self, head: &BlockHead, streams: &[Labels]) -> Option<ScanPart> {
        let (mut min, mut max, mut entries) = (i64::MAX, i64::MIN, 0);
        for run in &head.runs {
            let labels = &streams[run.stream as usize];
            if self.overlaps(run.min, run.max)
                && judge(&self.question.select.matchers, labels, &head.demoted) != Verdict::No
            {
                (min, max) = (min.min(run.min), max.max(run.max));
                entries += u64::from(run.count);
            }
        }
        // A block of several streams has of one about as many bytes as it has of its lines.
        let share = entries as f64 / head.entries().max(1) as f64;
        let bytes = (head.raw as f64 * share).ceil() as u64;
        (entries > 0).then_some(ScanPart { min_ns: min, max_ns: max, entries, bytes })
    }
}

impl LogScan for Scan {
    fn parts(&self) -> &[ScanPart] {
        &self.parts
    }

    fn read(&self, part: usize, control: &Control) -> model::Result<EntryBatch> {
        control.check()?;
        let mut batch = self.read_part(part)?;
        if !self.erasers.is_empty() {
            eraser::erase(&mut batch, &self.erasers, self.need);
        }
        control.read_samples(batch.len() as u64)?;
        Ok(batch)
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.lock().clone()
    }

    fn has_metadata(&self) -> bool {
        self.places.iter().any(|place| match place {
            Place::Tail(_, chunks) => {
                chunks.iter().any(|rows| rows.extras.iter().any(|e| !e.metadata.is_empty()))
            }
            Place::Memory(block) => block.sealed.head.metadata,
            Place::Disk(_, directory, i) => directory.blocks[*i].metadata,
        })
    }
}

impl Scan {
    fn read_part(&self, part: usize) -> model::Result<EntryBatch> {
        let Some(place) = self.places.get(part) else {
            return Err(model::Error::internal(format!(
                "a scan of {} parts has no part {part}",
                self.places.len()
            )));
        };
        let (outcome, what) = match place {
            Place::Tail(labels, chunks) => return Ok(tail::read(&self.question, labels, chunks)),
            Place::Memory(block) => {
                let read =
                    block::read(&self.question, (&block.sealed.head, &block.sealed.streams), &*block.sealed);
                (read, None)
            }
            Place::Disk(partition, directory, i) => {
                let stored = crate::partition::Stored { partition, directory, block: *i };
                let read = block::read(&self.question, (&directory.blocks[*i], &directory.streams), &stored);
                (read, Some((partition, *i)))
            }
        };
        match (outcome, what) {
            (Ok(batch), _) => Ok(batch),
            (Err(error), Some((partition, block))) if error.kind() != model::ErrorKind::Internal => {
                let warning = damage(partition, block, &error);
                tracing::warn!("{warning}");
                let mut warnings = self.warnings.lock();
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
                Ok(EntryBatch::default())
            }
            (Err(error), _) => Err(error.into()),
        }
    }
}

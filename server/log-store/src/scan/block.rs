//! Reading a block: times first, then only what is still needed.

use std::ops::Range;

use bytes::Bytes;
use model::{EntryBatch, Labels, Matcher, Need, matches_all};

use super::{Question, Verdict, judge};
use crate::Result;
use crate::block::{
    BlockHead, Columns, LabelCache, Parts, Times, read_bloom, read_columns, read_sizes, read_text,
    read_times, starts_of,
};
use crate::bloom::{Bloom, hash_pair};
use crate::clue::Clue;
use crate::codec::Reader;
use crate::demotion::joined;
use crate::filter::{Filters, LineView};
use crate::rare::{self, RareLines};

/// The entries of a block that match, in order of (time, arrival) within each stream.
pub(super) fn read(
    question: &Question,
    (head, streams): (&BlockHead, &[Labels]),
    parts: &impl Parts,
) -> Result<EntryBatch> {
    let mut verdicts = verdicts(question, head, streams);
    if !may_match(question, (head, streams), &mut verdicts, parts)? {
        return Ok(EntryBatch::default());
    }
    let times = read_times(head, parts)?;
    let ranges = ranges(question, head, &verdicts, &times);
    if ranges.is_empty() {
        return Ok(EntryBatch::default());
    }
    let need = question.select.need;
    let lines = match rare_lines(question, head, parts)? {
        Some(rare) => rare,
        None => read_lines(question, head, parts)?,
    };
    let columns = match need == Need::Lines || !head.demoted.is_empty() {
        true => read_columns(head, parts)?,
        false => Columns::default(),
    };
    let mut building = Building::new(question, &columns, &times, &lines);
    for (run, rows) in ranges {
        let stream = &streams[head.runs[run].stream as usize];
        building.add(stream, rows, verdicts[run] == Verdict::Depends);
    }
    Ok(building.finish())
}

/// What is needed of the lines.
fn read_lines(question: &Question, head: &BlockHead, parts: &impl Parts) -> Result<Lines> {
    let (need, filters) = (question.select.need, !question.filters.is_empty());
    let mut lines = Lines::default();
    if need >= Need::Sizes || filters {
        lines.sizes = read_sizes(head, parts)?;
    }
    if need == Need::Lines || filters {
        lines.starts = starts_of(&lines.sizes);
        lines.text = read_text(head, parts)?;
    }
    Ok(lines)
}

/// The lines that a filter asks for, if the block keeps them apart.
fn rare_lines(question: &Question, head: &BlockHead, parts: &impl Parts) -> Result<Option<Lines>> {
    let Some((filter, needle)) = question.filters.needle().filter(|(_, needle)| rare::is_known(needle))
    else {
        return Ok(None);
    };
    let bytes = read_bloom(parts)?;
    let mut reader = Reader(&bytes);
    Bloom::read(&mut reader)?;
    Bloom::read(&mut reader)?;
    let Some(RareLines { lines, starts, sizes, text }) = rare::read(reader, head.entries() as usize, needle)?
    else {
        return Ok(None);
    };
    Ok(Some(Lines { text, starts, sizes, rare: Some((filter, lines)) }))
}

fn verdicts(question: &Question, head: &BlockHead, streams: &[Labels]) -> Vec<Verdict> {
    let one = |stream: u32| judge(&question.select.matchers, &streams[stream as usize], &head.demoted);
    head.runs.iter().map(|run| one(run.stream)).collect()
}

/// Asks the bloom: for ids of the filters, and for values of demoted labels.
fn may_match(
    question: &Question,
    (head, streams): (&BlockHead, &[Labels]),
    verdicts: &mut [Verdict],
    parts: &impl Parts,
) -> Result<bool> {
    let depends = verdicts.contains(&Verdict::Depends);
    if !depends && !question.clue.needs_bloom() {
        return Ok(verdicts.contains(&Verdict::Yes));
    }
    let bytes = read_bloom(parts)?;
    let mut reader = Reader(&bytes);
    let (ids, grams) = (Bloom::read(&mut reader)?, Bloom::read(&mut reader)?);
    if !may_hold(&question.clue, ids, grams) {
        return Ok(false);
    }
    let lacks = |matcher: &&Matcher| {
        matcher.is_positive()
            && head.demoted.iter().any(|name| name == matcher.name())
            && matcher.literal_values().is_some_and(|values| {
                values
                    .iter()
                    .all(|value| !value.is_empty() && !ids.may_hold(hash_pair(matcher.name(), value)))
            })
    };
    let lacking: Vec<&str> = question.select.matchers.iter().filter(lacks).map(Matcher::name).collect();
    for (run, verdict) in head.runs.iter().zip(verdicts.iter_mut()) {
        // A stream that has the label as its own was judged by that.
        let labels = &streams[run.stream as usize];
        if *verdict == Verdict::Depends && lacking.iter().any(|name| labels.get(name).is_none()) {
            *verdict = Verdict::No;
        }
    }
    Ok(verdicts.iter().any(|verdict| *verdict != Verdict::No))
}

fn may_hold(clue: &Clue, ids: Bloom<'_>, grams: Bloom<'_>) -> bool {
    match clue {
        Clue::Anything => true,
        Clue::All(clues) => clues.iter().all(|clue| may_hold(clue, ids, grams)),
        Clue::Any(clues) => clues.iter().any(|clue| may_hold(clue, ids, grams)),
        Clue::Text(needle) => {
            needle.ids.iter().all(|hash| ids.may_hold(*hash))
                && needle.grams.iter().all(|hash| grams.may_hold(*hash))
        }
    }
}

/// For each run that matches the entries within the time wanted.
fn ranges(
    question: &Question,
    head: &BlockHead,
    verdicts: &[Verdict],
    times: &Times,
) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    for (i, run) in head.runs.iter().enumerate() {
        let of_run = &times.times[from..from + run.count as usize];
        let start = from + of_run.partition_point(|time| *time < question.select.start_ns);
        let end = from + of_run.partition_point(|time| *time < question.select.end_ns);
        from += run.count as usize;
        if start < end && verdicts[i] != Verdict::No {
            found.push((i, start..end));
        }
    }
    found
}

#[derive(Debug, Default)]
struct Lines {
    text: Bytes,
    starts: Vec<u32>,
    sizes: Vec<u32>,
    /// Only these lines are there: those that pass the filter of this number.
    rare: Option<(usize, Vec<u32>)>,
}

impl Lines {
    /// Appends the lines of `rows` that pass the filters.
    fn select(&self, filters: &Filters, rows: Range<usize>, out: &mut Vec<u32>) {
        let view = LineView { text: &self.text, starts: &self.starts, sizes: &self.sizes };
        let Some((filter, rare)) = &self.rare else { return filters.select(view, rows, out) };
        let first = rare.partition_point(|line| (*line as usize) < rows.start);
        let within = rare[first..].iter().take_while(|line| (**line as usize) < rows.end);
        out.extend(within.filter(|line| filters.passes_others(*filter, view.line(**line as usize))));
    }
}

struct Building<'a> {
    question: &'a Question,
    times: &'a Times,
    lines: &'a Lines,
    has_metadata: bool,
    demoted: LabelCache<'a>,
    metadata: LabelCache<'a>,
    batch: EntryBatch,
    selected: Vec<u32>,
}

impl<'a> Building<'a> {
    fn new(question: &'a Question, columns: &'a Columns, times: &'a Times, lines: &'a Lines) -> Self {
        Building {
            question,
            times,
            lines,
            has_metadata: question.select.need == Need::Lines && columns.has_metadata(),
            demoted: LabelCache::new(columns, true),
            metadata: LabelCache::new(columns, false),
            batch: EntryBatch::default(),
            selected: Vec::new(),
        }
    }

    /// Adds the entries of `rows` that pass the filters.
    fn add(&mut self, base: &Labels, rows: Range<usize>, depends: bool) {
        let filters = &self.question.filters;
        let arrivals = self.question.select.arrivals.as_ref();
        if filters.is_empty() && self.demoted.is_empty() && arrivals.is_none() {
            self.add_all(base, rows);
            return;
        }
        self.selected.clear();
        if filters.is_empty() {
            self.selected.extend(rows.map(|i| i as u32));
        } else {
            self.lines.select(filters, rows, &mut self.selected);
        }
        let mut selected = std::mem::take(&mut self.selected);
        if let Some(wanted) = arrivals {
            selected.retain(|i| wanted.contains(&self.times.sequence[*i as usize]));
        }
        let mut indexes = Indexes { base, depends, known: Vec::new() };
        for i in &selected {
            let i = *i as usize;
            if let Some(stream) = indexes.of(self, i) {
                self.push(stream, i);
            }
        }
        self.selected = selected;
    }

    fn add_all(&mut self, base: &Labels, rows: Range<usize>) {
        let stream = self.batch.streams.len() as u32;
        self.batch.streams.push(base.clone());
        let batch = &mut self.batch;
        batch.stream_of.resize(batch.stream_of.len() + rows.len(), stream);
        batch.timestamps.extend_from_slice(&self.times.times[rows.clone()]);
        batch.sequence.extend_from_slice(&self.times.sequence[rows.clone()]);
        if self.question.select.need >= Need::Sizes {
            batch.sizes.extend_from_slice(&self.lines.sizes[rows.clone()]);
        }
        if self.question.select.need == Need::Lines {
            batch.lines.reserve(rows.len());
            rows.for_each(|i| self.push_line(i));
        }
    }

    fn push(&mut self, stream: u32, i: usize) {
        self.batch.stream_of.push(stream);
        self.batch.timestamps.push(self.times.times[i]);
        self.batch.sequence.push(self.times.sequence[i]);
        if self.question.select.need >= Need::Sizes {
            self.batch.sizes.push(self.lines.sizes[i]);
        }
        if self.question.select.need == Need::Lines {
            self.push_line(i);
        }
    }

    fn push_line(&mut self, i: usize) {
        let start = self.lines.starts[i] as usize;
        self.batch.lines.push(self.lines.text.slice(start..start + self.lines.sizes[i] as usize));
        if self.has_metadata {
            let index = self.metadata.index(i) as usize;
            self.batch.metadata.push(self.metadata.labels[index].clone());
        }
    }

    fn finish(mut self) -> EntryBatch {
        if self.batch.metadata.iter().all(Labels::is_empty) {
            self.batch.metadata = Vec::new();
        }
        self.batch
    }
}

/// Streams of one run: its labels with each combination of demoted ones.
struct Indexes<'a> {
    base: &'a Labels,
    depends: bool,
    /// For each combination: not seen, does not match, or its index.
    known: Vec<Option<Option<u32>>>,
}

impl Indexes<'_> {
    fn of(&mut self, building: &mut Building<'_>, i: usize) -> Option<u32> {
        let demoted = building.demoted.index(i) as usize;
        if self.known.len() <= demoted {
            self.known.resize(demoted + 1, None);
        }
        if let Some(known) = self.known[demoted] {
            return known;
        }
        let full = joined(self.base, &building.demoted.labels[demoted]);
        let matches = !self.depends || matches_all(&building.question.select.matchers, &full);
        let index = matches.then(|| {
            building.batch.streams.push(full);
            building.batch.streams.len() as u32 - 1
        });
        self.known[demoted] = Some(index);
        index
    }
}

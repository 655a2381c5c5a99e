//! Reading one batch: each chunk is unpacked once, each column of times is decoded once, and series with the same
//! times share one allocation.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Control, Histogram, Series};
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::{Entry, Part, Selected, Source};
use crate::Result;
use crate::chunk::{Chunk, Run};
use crate::head::Samples;
use crate::merge_runs::{merge_runs, push_start, without};
use crate::partition::IndexGroup;
use crate::tombstones::cuts_of_group;
use crate::values::Scratch;

/// A series' index in its group, and its entry in the batch.
type Wanted = (usize, usize);

/// Ranges of time that are deleted of a series.
type Cuts = Vec<(i64, i64)>;

/// Columns of times that pieces are made of.
type Pieces = SmallVec<[u32; 4]>;

/// A series while its pieces are put together.
#[derive(Debug, Default)]
struct Building {
    pieces: Pieces,
    values: Vec<f64>,
    histograms: Vec<(u32, Arc<Histogram>)>,
    starts: Vec<(u32, i64)>,
}

/// The batch while it is read.
struct Reading<'a> {
    selected: &'a Selected,
    /// Columns, clipped to the range. Never empty.
    columns: Vec<Vec<i64>>,
    of_head: HashMap<(*const i64, usize), u32, FxBuildHasher>,
    building: Vec<Building>,
    scratch: Scratch,
    values: Vec<f64>,
}

/// Reads the series of `entries`; those without samples in the range are left out.
pub(super) fn read(selected: &Selected, entries: &[Entry], control: &Control) -> model::Result<Vec<Series>> {
    let mut reading = Reading {
        selected,
        columns: Vec::new(),
        of_head: HashMap::default(),
        building: entries.iter().map(|_| Building::default()).collect(),
        scratch: Scratch::default(),
        values: Vec::new(),
    };
    // (source, group, series, entry), in order of acknowledgement.
    let mut wanted: Vec<(u16, u32, u16, u32)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        wanted.extend(entry.parts.iter().filter_map(|part| match *part {
            Part::Disk { opened, series, group } => Some((opened, group, series, at as u32)),
            Part::Head(_) => None,
        }));
    }
    wanted.sort_unstable();
    for of_group in wanted.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        control.check()?;
        let series: Vec<Wanted> = of_group.iter().map(|w| (w.2 as usize, w.3 as usize)).collect();
        reading.read_group(&selected.sources[usize::from(of_group[0].0)], of_group[0].1, &series);
    }
    for (at, entry) in entries.iter().enumerate() {
        for part in &entry.parts {
            if let Part::Head(head) = part {
                reading.read_head(at, &selected.head[*head as usize]);
            }
        }
    }
    let series = reading.finish(entries);
    control.read_samples(series.iter().map(|s| s.values.len() as u64).sum())?;
    Ok(series)
}

impl Reading<'_> {
    /// Reads what `series`, as (index in the group, entry), have in a group. What is damaged is skipped.
    fn read_group(&mut self, source: &Source, number: u32, series: &[Wanted]) {
        let block = match source.opened.block_of(number) {
            Ok(block) => block,
            Err(error) => return self.selected.warn(error.to_string()),
        };
        let Some(group) = block.group(number) else { return };
        let cuts = match source.tombstones.is_empty() {
            true => Vec::new(),
            false => cuts_of_group(&source.tombstones, group),
        };
        let (start, end) = (self.selected.start_ms, self.selected.end_ms);
        for address in group.chunks.iter().filter(|chunk| chunk.first <= end && chunk.last >= start) {
            let outcome = source
                .opened
                .chunk(*address, number)
                .and_then(|chunk| self.read_chunk(source, (number, group), &chunk, (series, &cuts)));
            if let Err(error) = outcome {
                self.selected.warn(error.to_string());
            }
        }
    }

    fn read_chunk(
        &mut self,
        source: &Source,
        (number, group): (u32, &IndexGroup),
        chunk: &Chunk,
        (series, cuts): (&[Wanted], &[Cuts]),
    ) -> Result<()> {
        let damaged = |what: &str| {
            let why = format!("{what} do not decode");
            source.opened.partition.damaged(format!("a chunk of group {number}"), why)
        };
        debug_assert_eq!(chunk.series(), group.len());
        // For each column of the chunk: its length, and the part of it that is wanted.
        let mut clips: Vec<Option<Clip>> = vec![None; chunk.columns()];
        for &(index, entry) in series {
            let Some(column) = chunk.column_of(index) else { continue };
            let clip = match clips[column as usize] {
                Some(clip) => clip,
                None => {
                    let times = chunk.times(column).ok_or_else(|| damaged("its times"))?;
                    let clip = self.clip(times);
                    *clips[column as usize].insert(clip)
                }
            };
            if clip.from >= clip.to {
                continue;
            }
            self.values.clear();
            chunk
                .values(index, clip.len, &mut self.scratch, &mut self.values)
                .filter(|()| self.values.len() == clip.len)
                .ok_or_else(|| damaged("its values"))?;
            let (histograms, starts) = chunk
                .extras(index, &self.values, &mut self.scratch)
                .ok_or_else(|| damaged("its histograms"))?;
            let cuts = cuts.get(index).map_or(&[][..], Vec::as_slice);
            if cuts.is_empty() {
                self.building[entry].push(clip, &self.values, &histograms, &starts);
            } else {
                let times = self.columns[clip.column as usize].clone();
                let mut whole = Building::default();
                whole.push(clip, &self.values, &histograms, &starts);
                self.push_run(entry, without(&whole.into_run(times), cuts));
            }
        }
        Ok(())
    }

    /// Keeps the part of a column that lies in the range.
    fn clip(&mut self, mut times: Vec<i64>) -> Clip {
        let len = times.len();
        let from = times.partition_point(|t| *t < self.selected.start_ms);
        let to = times.partition_point(|t| *t <= self.selected.end_ms).max(from);
        let column = self.columns.len() as u32;
        if from < to {
            times.truncate(to);
            times.drain(..from);
            self.columns.push(times);
        }
        Clip { column, len, from, to }
    }

    fn push_run(&mut self, entry: usize, run: Run) {
        if run.times.is_empty() {
            return;
        }
        let len = run.times.len();
        let clip = Clip { column: self.columns.len() as u32, len, from: 0, to: len };
        self.columns.push(run.times);
        self.building[entry].push(clip, &run.values, &run.histograms, &run.starts);
    }

    fn read_head(&mut self, entry: usize, samples: &Samples) {
        let (start, end) = (self.selected.start_ms, self.selected.end_ms);
        if !samples.is_plain() {
            let run = samples.run(start, end, &mut self.scratch);
            return self.push_run(entry, run);
        }
        for chunk in samples.chunks() {
            let key = (chunk.times.as_ptr(), chunk.times.len());
            let from = chunk.times.partition_point(|t| *t < start);
            let to = chunk.times.partition_point(|t| *t <= end).max(from);
            if from == to {
                continue;
            }
            let columns = &mut self.columns;
            let column = *self.of_head.entry(key).or_insert_with(|| {
                columns.push(chunk.times[from..to].to_vec());
                (columns.len() - 1) as u32
            });
            self.values.clear();
            chunk.values(&mut self.scratch, &mut self.values);
            let clip = Clip { column, len: chunk.times.len(), from, to };
            self.building[entry].push(clip, &self.values, &[], &[]);
        }
        let (times, values) = samples.raw();
        if times.is_empty() {
            return;
        }
        // The tails of a target's series are equal: the last column will do for most.
        let same = self.columns.last().is_some_and(|last| last == times);
        if !same {
            self.columns.push(times.to_vec());
        }
        let column = (self.columns.len() - 1) as u32;
        let clip = Clip { column, len: times.len(), from: 0, to: times.len() };
        self.building[entry].push(clip, values, &[], &[]);
    }

    fn finish(self, entries: &[Entry]) -> Vec<Series> {
        let columns = self.columns;
        let mut shared: HashMap<Pieces, Arc<[i64]>, FxBuildHasher> = HashMap::default();
        let mut by_content: Vec<Arc<[i64]>> = Vec::new();
        let mut all = Vec::with_capacity(entries.len());
        for (entry, building) in entries.iter().zip(self.building) {
            if building.pieces.is_empty() {
                continue;
            }
            let labels = entry.labels.clone();
            let first = |piece: u32| columns[piece as usize][0];
            let last = |piece: u32| columns[piece as usize].last().copied().unwrap_or(i64::MIN);
            let ascending = building.pieces.windows(2).all(|pair| last(pair[0]) < first(pair[1]));
            if !ascending {
                let (run, _) = merge_runs(building.into_runs(&columns));
                let timestamps = share(&mut by_content, run.times);
                let (histograms, starts) = (run.histograms, run.starts);
                all.push(Series { labels, timestamps, values: run.values, histograms, starts });
                continue;
            }
            let Building { pieces, values, histograms, starts } = building;
            let timestamps = match shared.get(&pieces) {
                Some(timestamps) => Arc::clone(timestamps),
                None => {
                    let times: Vec<i64> =
                        pieces.iter().flat_map(|piece| columns[*piece as usize].iter().copied()).collect();
                    let timestamps = share(&mut by_content, times);
                    shared.insert(pieces, Arc::clone(&timestamps));
                    timestamps
                }
            };
            all.push(Series { labels, timestamps, values, histograms, starts });
        }
        all
    }
}

/// Columns that are compared by content with a new one, at most.
const MAX_COMPARED: usize = 8;

/// One allocation for equal columns that follow each other closely.
fn share(known: &mut Vec<Arc<[i64]>>, times: Vec<i64>) -> Arc<[i64]> {
    if let Some(same) = known.iter().rev().take(MAX_COMPARED).find(|column| ***column == *times) {
        return Arc::clone(same);
    }
    let column: Arc<[i64]> = times.into();
    known.push(Arc::clone(&column));
    column
}

/// Which part of a decoded column is wanted, and where that part is kept.
#[derive(Debug, Clone, Copy)]
struct Clip {
    column: u32,
    len: usize,
    from: usize,
    to: usize,
}

impl Building {
    fn push(
        &mut self,
        clip: Clip,
        values: &[f64],
        histograms: &[(u32, Arc<Histogram>)],
        starts: &[(u32, i64)],
    ) {
        let base = self.values.len() as u32;
        let (from, to) = (clip.from as u32, clip.to as u32);
        self.pieces.push(clip.column);
        self.values.extend_from_slice(&values[clip.from..clip.to]);
        let within = histograms.iter().filter(|(i, _)| (from..to).contains(i));
        self.histograms.extend(within.map(|(i, h)| (base + i - from, Arc::clone(h))));
        let earlier = starts.partition_point(|(i, _)| *i <= from);
        push_start(&mut self.starts, base, earlier.checked_sub(1).map_or(0, |i| starts[i].1));
        for (i, start) in &starts[earlier..] {
            if *i < to {
                push_start(&mut self.starts, base + i - from, *start);
            }
        }
    }

    /// As one run over `times`.
    fn into_run(self, times: Vec<i64>) -> Run {
        Run { times, values: self.values, histograms: self.histograms, starts: self.starts }
    }

    /// Its pieces as runs of their own.
    fn into_runs(self, columns: &[Vec<i64>]) -> Vec<Run> {
        let pieces = self.pieces.clone();
        let times: Vec<i64> = pieces.iter().flat_map(|p| columns[*p as usize].iter().copied()).collect();
        let whole = self.into_run(times);
        let mut at = 0;
        let mut runs = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let to = at + columns[piece as usize].len();
            let part = whole.part(at, to);
            let mut starts = Vec::new();
            push_start(&mut starts, 0, part.start_ms);
            starts.extend(part.starts.iter().map(|(i, start)| (i - part.base, *start)));
            runs.push(Run {
                times: part.times.to_vec(),
                values: part.values.to_vec(),
                histograms: part.histograms.iter().map(|(i, h)| (i - part.base, Arc::clone(h))).collect(),
                starts,
            });
            at = to;
        }
        runs
    }
}

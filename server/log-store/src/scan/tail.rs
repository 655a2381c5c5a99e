//! Reading rows that are in memory.

use std::sync::Arc;

use bytes::Bytes;
use model::{EntryBatch, Labels, Need, matches_all};
use rustc_hash::FxHashMap;

use super::{Question, Verdict, judge};
use crate::demotion::joined;
use crate::rows::{Pick, Rows, SharedText, sort_picks};

/// Names of labels that some rows have as demoted ones.
pub(super) fn demoted_names(rows: &Rows) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for extra in &rows.extras {
        for (name, _) in extra.demoted.iter() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The entries of one stream's rows that match, in order of (time, arrival).
pub(super) fn read(question: &Question, labels: &Labels, chunks: &[Arc<Rows>]) -> EntryBatch {
    let mut streams =
        Streams { base: labels, question, known: FxHashMap::default(), batch: EntryBatch::default() };
    let mut picks = Vec::new();
    let mut lines = Vec::new();
    for (chunk, rows) in chunks.iter().enumerate() {
        let verdict = judge(&question.select.matchers, labels, &demoted_names(rows));
        if verdict == Verdict::No {
            continue;
        }
        lines.clear();
        question.filters.select(rows.view(), 0..rows.len(), &mut lines);
        let (start, end) = (question.select.start_ns, question.select.end_ns);
        let arrived = |row: usize| {
            question.select.arrivals.as_ref().is_none_or(|wanted| wanted.contains(&rows.sequence[row]))
        };
        picks.extend(
            lines
                .iter()
                .filter(|row| (start..end).contains(&rows.times[**row as usize]) && arrived(**row as usize))
                .map(|row| Pick { chunk: chunk as u32, row: *row }),
        );
    }
    sort_picks(chunks, &mut picks);
    let texts: Vec<Bytes> = match question.select.need {
        Need::Lines => chunks.iter().map(|rows| Bytes::from_owner(SharedText(Arc::clone(rows)))).collect(),
        Need::Timestamps | Need::Sizes => Vec::new(),
    };
    for pick in picks {
        let (rows, i) = (&chunks[pick.chunk as usize], pick.row as usize);
        let Some(stream) = streams.index(rows, i) else { continue };
        let batch = &mut streams.batch;
        batch.stream_of.push(stream);
        batch.timestamps.push(rows.times[i]);
        batch.sequence.push(rows.sequence[i]);
        if question.select.need >= Need::Sizes {
            batch.sizes.push(rows.sizes[i]);
        }
        if question.select.need == Need::Lines {
            let start = rows.starts[i] as usize;
            batch.lines.push(texts[pick.chunk as usize].slice(start..start + rows.sizes[i] as usize));
            batch.metadata.push(rows.extra(i).map(|extra| extra.metadata.clone()).unwrap_or_default());
        }
    }
    let mut batch = streams.batch;
    if batch.metadata.iter().all(Labels::is_empty) {
        batch.metadata = Vec::new();
    }
    batch
}

/// The batch's streams: the base labels with each combination of demoted ones.
struct Streams<'a> {
    base: &'a Labels,
    question: &'a Question,
    /// Demoted labels and the stream's index; `None` = it does not match.
    known: FxHashMap<Labels, Option<u32>>,
    batch: EntryBatch,
}

impl Streams<'_> {
    fn index(&mut self, rows: &Rows, i: usize) -> Option<u32> {
        let demoted = rows.extra(i).map(|extra| extra.demoted.clone()).unwrap_or_default();
        if let Some(index) = self.known.get(&demoted) {
            return *index;
        }
        let full = joined(self.base, &demoted);
        let index = matches_all(&self.question.select.matchers, &full).then(|| {
            self.batch.streams.push(full);
            self.batch.streams.len() as u32 - 1
        });
        self.known.insert(demoted, index);
        index
    }
}

//! Log queries: the newest (or oldest) lines that get through the pipeline.

use std::ops::Range;

use bytes::Bytes;
use model::{Direction, EntryBatch, LogScan, LogSelect, Need, ScanPart};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::Result;
use crate::answer::{RangeParams, Stream, StreamEntry};
use crate::ast::{LogExpr, Stage};
use crate::line::{Category, Line};
use crate::scan::{Env, Plan};
use crate::stages::{Pipeline, Wanted};

/// Parts read at once, at most, for each thread.
const PARTS_PER_THREAD: usize = 4;

struct Hit {
    labels: model::Labels,
    stream_labels: model::Labels,
    entry: StreamEntry,
}

impl Hit {
    /// Falls for what the direction wants first.
    fn rank(&self, direction: Direction) -> (i64, u64) {
        rank(direction, self.entry.t_ns, self.entry.sequence)
    }
}

/// Sorts what comes first in `direction` to the front.
fn rank(direction: Direction, t_ns: i64, sequence: u64) -> (i64, u64) {
    match direction {
        Direction::Forward => (t_ns, sequence),
        // Complements reverse the order and cannot overflow.
        Direction::Backward => (!t_ns, !sequence),
    }
}

/// The best that a part can hold.
fn best_of(part: &ScanPart, direction: Direction) -> i64 {
    match direction {
        Direction::Forward => part.min_ns,
        Direction::Backward => !part.max_ns,
    }
}

struct Query<'a> {
    env: &'a Env<'a>,
    params: RangeParams,
    pipeline: Pipeline,
    /// Tells cheaply which lines cannot get through.
    filter: Option<Pipeline>,
}

/// The streams that answer `log`.
pub(crate) fn evaluate(
    log: &LogExpr,
    params: RangeParams,
    arrivals: Option<Range<u64>>,
    env: &Env<'_>,
) -> Result<Vec<Stream>> {
    let plan = Plan::new(log)?;
    let pipeline = Pipeline::compile(&plan.stages, &Wanted::All)?;
    let filter = filter_pipeline(&plan.stages)?;
    let select = LogSelect {
        matchers: plan.matchers,
        start_ns: params.start_ns,
        end_ns: params.end_ns,
        filters: plan.filters,
        direction: params.direction,
        need: Need::Lines,
        arrivals,
    };
    if params.limit == 0 || params.start_ns >= params.end_ns {
        return Ok(Vec::new());
    }
    let scan = env.source.scan(&select, env.control)?;
    env.counters.offered(scan.parts());
    let query = Query { env, params, pipeline, filter };
    let hits = query.hits(scan.as_ref())?;
    env.warn(scan.warnings());
    Ok(streams(hits))
}

/// The stages up to the last label filter behind a parser, extracting no more than they read.
fn filter_pipeline(stages: &[Stage]) -> Result<Option<Pipeline>> {
    let Some(last) = stages.iter().rposition(|stage| matches!(stage, Stage::LabelFilter(_))) else {
        return Ok(None);
    };
    let head = &stages[..=last];
    let parses = head
        .iter()
        .any(|s| matches!(s, Stage::Json(fields) if fields.is_empty()) || matches!(s, Stage::Logfmt(_)));
    if !parses {
        return Ok(None);
    }
    Pipeline::compile_whole(head, &Wanted::only([])).map(Some)
}

impl Query<'_> {
    /// So many hits are enough to read on, until what is left is worse: all, where most are thinned out later.
    fn enough(&self) -> usize {
        if self.params.interval_ns > 0 { usize::MAX } else { self.params.limit }
    }

    /// The first `limit` hits in order. Parts are read in waves that grow, so that a query that is soon content
    /// reads little and one that is not uses all threads.
    fn hits(&self, scan: &dyn LogScan) -> Result<Vec<Hit>> {
        let direction = self.params.direction;
        let most = rayon::current_num_threads() * PARTS_PER_THREAD;
        let mut hits: Vec<Hit> = Vec::new();
        let (mut next, mut wave) = (0, 1);
        let parts = scan.parts();
        while next < parts.len() {
            self.env.control.check()?;
            let full = hits.len() >= self.enough();
            let worst = hits.last().filter(|_| full).map(|hit| hit.rank(direction).0);
            if worst.is_some_and(|worst| best_of(&parts[next], direction) > worst) {
                break;
            }
            let end = (next + wave).min(parts.len());
            let found: Vec<Vec<Hit>> = (next..end)
                .into_par_iter()
                .map(|part| self.hits_of_part(scan, part, worst))
                .collect::<Result<_>>()?;
            hits.extend(found.into_iter().flatten());
            hits.sort_by_key(|hit| hit.rank(direction));
            hits.truncate(self.enough());
            next = end;
            wave = (wave * 2).min(most).min(self.likely_parts(hits.len(), next));
        }
        if self.params.interval_ns > 0 {
            thin(&mut hits, self.params.interval_ns);
            hits.truncate(self.params.limit);
        }
        Ok(hits)
    }

    /// How many more parts will likely fill the limit, given the hits of those that were read, with some to spare;
    /// never fewer than there are threads.
    fn likely_parts(&self, hits: usize, read: usize) -> usize {
        let missing = self.enough().saturating_sub(hits) as f64;
        let likely = missing * read as f64 / hits as f64 * 1.25;
        (likely.ceil() as usize).max(rayon::current_num_threads())
    }

    fn hits_of_part(&self, scan: &dyn LogScan, part: usize, worst: Option<i64>) -> Result<Vec<Hit>> {
        self.env.control.check()?;
        let batch = scan.read(part, self.env.control)?;
        self.env.counters.read(&batch);
        let order = order(&batch, self.params.direction);
        let mut hits = Vec::new();
        let mut line = Line { now_ns: self.env.now_ns, ..Line::default() };
        let (mut tried, mut passed) = (0u32, 0u32);
        let none = model::Labels::empty();
        for i in order {
            let t_ns = batch.timestamps[i];
            if worst.is_some_and(|worst| rank(self.params.direction, t_ns, 0).0 > worst) {
                break;
            }
            let stream = &batch.streams[batch.stream_of[i] as usize];
            let metadata = batch.metadata.get(i).unwrap_or(&none);
            let text = &batch.lines[i];
            // Where most lines pass anyway, asking first costs more than it saves.
            if let Some(filter) = &self.filter
                && (tried < 64 || passed * 4 < tried)
            {
                tried += 1;
                line.start(t_ns, text, stream, metadata);
                if !filter.apply(&mut line) {
                    continue;
                }
                passed += 1;
            }
            line.start(t_ns, text, stream, metadata);
            if !self.pipeline.apply(&mut line) {
                continue;
            }
            hits.push(hit(&mut line, text, batch.sequence[i]));
            if hits.len() >= self.enough() {
                break;
            }
        }
        Ok(hits)
    }
}

/// Leaves hits that are `interval_ns` or more apart, the first one among them.
fn thin(hits: &mut Vec<Hit>, interval_ns: i64) {
    let mut last: Option<i64> = None;
    hits.retain(|hit| {
        let t_ns = hit.entry.t_ns;
        let keep = last.is_none_or(|last| t_ns.abs_diff(last) >= interval_ns.unsigned_abs());
        if keep {
            last = Some(t_ns);
        }
        keep
    });
}

fn hit(line: &mut Line<'_>, text: &Bytes, sequence: u64) -> Hit {
    let (labels, stream_labels) = (line.labels.to_labels(), line.labels.of_category(Category::Stream));
    let plain = line.labels.is_plain();
    let category = |c| if plain { model::Labels::empty() } else { line.labels.of_category(c) };
    let (metadata, parsed) = (category(Category::Metadata), category(Category::Parsed));
    let text = line.rewritten.take().map_or_else(|| text.clone(), Bytes::from);
    Hit {
        labels,
        stream_labels,
        entry: StreamEntry { t_ns: line.t_ns, sequence, line: text, metadata, parsed },
    }
}

/// Indexes of the batch's entries, those that `direction` wants first in front.
fn order(batch: &EntryBatch, direction: Direction) -> Vec<usize> {
    let key = |i: usize| (batch.timestamps[i], batch.sequence[i]);
    let mut order: Vec<usize> = (0..batch.len()).collect();
    if !order.is_sorted_by_key(|i| key(*i)) {
        order.sort_unstable_by_key(|i| key(*i));
    }
    if direction == Direction::Backward {
        order.reverse();
    }
    order
}

/// Hits by their labels; the order of each stream's entries stays.
fn streams(hits: Vec<Hit>) -> Vec<Stream> {
    let mut index: FxHashMap<(model::Labels, model::Labels), usize> = FxHashMap::default();
    let mut streams: Vec<Stream> = Vec::new();
    for hit in hits {
        let at = *index.entry((hit.labels.clone(), hit.stream_labels.clone())).or_insert_with(|| {
            let stream = Stream { labels: hit.labels, stream_labels: hit.stream_labels, entries: Vec::new() };
            streams.push(stream);
            streams.len() - 1
        });
        streams[at].entries.push(hit.entry);
    }
    streams.sort_by(|a, b| (&a.labels, &a.stream_labels).cmp(&(&b.labels, &b.stream_labels)));
    streams
}

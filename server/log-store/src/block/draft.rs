//! A block while it is filled.

use model::Labels;
use storage::blob::{self, Codec};

use super::{BlockHead, Columns, PARTS, Part, Run, Sealed};
use crate::bloom;
use crate::codec::{pack, put_signed, put_varint};
use crate::rows::{Extra, Rows};
use crate::{rare, words};

/// Level for the lines: higher ones gain nothing on log lines of this block size.
const TEXT_LEVEL: i32 = 1;
/// Level for the small columns.
const COLUMN_LEVEL: i32 = 3;

/// Collects entries stream by stream, in order of (time, arrival) within each.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    streams: Vec<Labels>,
    runs: Vec<Run>,
    rows: Rows,
}

impl Draft {
    /// Entries that follow belong to `stream`.
    pub(crate) fn begin_run(&mut self, stream: &Labels) {
        let known = self.streams.iter().rposition(|known| known == stream);
        let index = known.unwrap_or_else(|| {
            self.streams.push(stream.clone());
            self.streams.len() - 1
        });
        self.runs.push(Run { stream: index as u32, count: 0, min: i64::MAX, max: i64::MIN });
    }

    /// Adds an entry to the run that was begun last.
    pub(crate) fn push(&mut self, time: i64, sequence: u64, line: &[u8], extra: Option<&Extra>) {
        let run = self.runs.last_mut().expect("a run was begun before its entries");
        run.count += 1;
        run.min = run.min.min(time);
        run.max = run.max.max(time);
        self.rows.push(time, sequence, line, extra);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    pub(crate) fn entries(&self) -> usize {
        self.rows.len()
    }

    /// Builds the parts.
    pub(crate) fn seal(mut self) -> Sealed {
        self.runs.retain(|run| run.count > 0);
        let rows = &self.rows;
        let found = words::vocabulary(&rows.text);
        let columns = match rows.extras.is_empty() {
            true => Columns::default(),
            false => Columns::of_extras(&rows.extra_of, &rows.extras),
        };
        let mut parts: [Vec<u8>; PARTS] = Default::default();
        parts[Part::Text as usize] = blob::seal(&rows.text, Codec::Zstd(TEXT_LEVEL));
        parts[Part::Times as usize] = blob::seal(&encode_times(&self.runs, rows), Codec::Zstd(COLUMN_LEVEL));
        parts[Part::Sizes as usize] = blob::seal(&encode_sizes(&rows.sizes), Codec::Zstd(COLUMN_LEVEL));
        let mut rare_lines = Vec::new();
        rare::build(rows, &found, &mut rare_lines);
        let mut ids = found.ids;
        if !columns.is_empty() {
            let mut out = Vec::new();
            columns.encode(&mut out);
            parts[Part::Columns as usize] = blob::seal(&out, Codec::Zstd(COLUMN_LEVEL));
            for column in &columns.0 {
                ids.extend(column.values.iter().map(|value| bloom::hash_pair(&column.name, value)));
            }
        }
        let mut filters = Vec::new();
        let mut grams = found.grams;
        bloom::build(&mut ids, bloom::WHOLE, &mut filters);
        bloom::build(&mut grams, bloom::GRAM, &mut filters);
        filters.append(&mut rare_lines);
        parts[Part::Bloom as usize] = blob::seal(&filters, Codec::Raw);
        parts[Part::Words as usize] = blob::seal(&found.words, Codec::Zstd(COLUMN_LEVEL));
        let head = BlockHead {
            raw: rows.bytes() as u64,
            ascii: found.ascii,
            complete: found.complete,
            metadata: columns.has_metadata(),
            demoted: columns.demoted_names(),
            lens: std::array::from_fn(|part| parts[part].len() as u32),
            runs: self.runs,
        };
        Sealed { head, streams: self.streams, parts }
    }
}

/// Per run the distances of its times, then for the block its sequence numbers as consecutive runs.
fn encode_times(runs: &[Run], rows: &Rows) -> Vec<u8> {
    let mut out = Vec::new();
    let mut from = 0;
    let mut deltas = Vec::new();
    for run in runs {
        deltas.clear();
        let times = &rows.times[from..from + run.count as usize];
        let mut before = run.min;
        for time in times {
            deltas.push(time.wrapping_sub(before) as u64);
            before = *time;
        }
        pack(&deltas, &mut out);
        from += times.len();
    }
    let mut next: u64 = 0;
    for chunk in rows.sequence.chunk_by(|a, b| a.wrapping_add(1) == *b) {
        put_varint(&mut out, chunk.len() as u64);
        put_signed(&mut out, chunk[0].wrapping_sub(next) as i64);
        next = chunk[0].wrapping_add(chunk.len() as u64);
    }
    out
}

fn encode_sizes(sizes: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let wide: Vec<u64> = sizes.iter().map(|size| u64::from(*size)).collect();
    pack(&wide, &mut out);
    out
}

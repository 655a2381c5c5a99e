//! Entries of one stream by column, in order of arrival: what the tail is made of.

use std::sync::Arc;

use model::Labels;

use crate::filter::LineView;

/// What an entry carries besides its line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Extra {
    /// Labels of its stream that were demoted.
    pub(crate) demoted: Labels,
    /// Structured metadata.
    pub(crate) metadata: Labels,
}

impl Extra {
    pub(crate) fn is_empty(&self) -> bool {
        self.demoted.is_empty() && self.metadata.is_empty()
    }
}

/// Entries by column.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) times: Vec<i64>,
    pub(crate) sequence: Vec<u64>,
    /// The lines, each followed by a newline.
    pub(crate) text: Vec<u8>,
    pub(crate) starts: Vec<u32>,
    pub(crate) sizes: Vec<u32>,
    /// For each entry its index in `extras`; empty if no entry has any.
    pub(crate) extra_of: Vec<u32>,
    pub(crate) extras: Vec<Extra>,
    pub(crate) min: i64,
    pub(crate) max: i64,
    /// Whether `times` never fall.
    pub(crate) sorted: bool,
}

impl Default for Rows {
    fn default() -> Self {
        Rows {
            times: Vec::new(),
            sequence: Vec::new(),
            text: Vec::new(),
            starts: Vec::new(),
            sizes: Vec::new(),
            extra_of: Vec::new(),
            extras: Vec::new(),
            min: i64::MAX,
            max: i64::MIN,
            sorted: true,
        }
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn push(&mut self, time: i64, sequence: u64, line: &[u8], extra: Option<&Extra>) {
        self.sorted &= self.max <= time || self.times.is_empty();
        self.min = self.min.min(time);
        self.max = self.max.max(time);
        match extra.filter(|extra| !extra.is_empty()) {
            None if self.extras.is_empty() => {}
            extra => self.push_extra(extra),
        }
        self.times.push(time);
        self.sequence.push(sequence);
        self.starts.push(self.text.len() as u32);
        self.sizes.push(line.len() as u32);
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }

    fn push_extra(&mut self, extra: Option<&Extra>) {
        if self.extras.is_empty() {
            self.extras.push(Extra::default());
            self.extra_of.resize(self.times.len(), 0);
        }
        let index = match extra {
            None => 0,
            // Entries of one stream come in runs, so the last one is the likely one.
            Some(extra) if self.extras.last() == Some(extra) => self.extras.len() - 1,
            Some(extra) => {
                self.extras.push(extra.clone());
                self.extras.len() - 1
            }
        };
        self.extra_of.push(index as u32);
    }

    pub(crate) fn extra(&self, i: usize) -> Option<&Extra> {
        self.extra_of.get(i).map(|index| &self.extras[*index as usize])
    }

    pub(crate) fn line(&self, i: usize) -> &[u8] {
        &self.text[self.starts[i] as usize..][..self.sizes[i] as usize]
    }

    pub(crate) fn view(&self) -> LineView<'_> {
        LineView { text: &self.text, starts: &self.starts, sizes: &self.sizes }
    }

    /// Raw bytes of the lines.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() - self.len()
    }

    /// Adds all entries of `other`, which arrived later.
    pub(crate) fn append(&mut self, other: &Rows) {
        for i in 0..other.len() {
            self.push(other.times[i], other.sequence[i], other.line(i), other.extra(i));
        }
    }
}

/// The text of rows that are shared with a reader.
#[derive(Debug)]
pub(crate) struct SharedText(pub(crate) Arc<Rows>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        &self.0.text
    }
}

/// An entry of some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) chunk: u32,
    pub(crate) row: u32,
}

/// All entries of `chunks` in order of (time, arrival).
pub(crate) fn in_order(chunks: &[Arc<Rows>]) -> Vec<Pick> {
    let all = chunks.iter().enumerate().flat_map(|(chunk, rows)| {
        (0..rows.len()).map(move |row| Pick { chunk: chunk as u32, row: row as u32 })
    });
    let mut picks: Vec<Pick> = all.collect();
    sort_picks(chunks, &mut picks);
    picks
}

/// Sorts picks by (time, arrival).
pub(crate) fn sort_picks(chunks: &[Arc<Rows>], picks: &mut [Pick]) {
    let key = |pick: &Pick| {
        let rows = &chunks[pick.chunk as usize];
        (rows.times[pick.row as usize], rows.sequence[pick.row as usize])
    };
    if !picks.is_sorted_by_key(key) {
        picks.sort_unstable_by_key(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_what_was_pushed() {
        let extra = Extra { metadata: Labels::from_pairs([("trace_id", "1")]), ..Extra::default() };
        let mut rows = Rows::default();
        rows.push(5, 0, b"a\n", None);
        rows.push(3, 1, b"", Some(&extra));
        rows.push(9, 2, b"\xff", None);
        assert_eq!((rows.min, rows.max, rows.sorted, rows.bytes()), (3, 9, false, 3));
        assert_eq!((rows.line(0), rows.line(1), rows.line(2)), (&b"a\n"[..], &b""[..], &b"\xff"[..]));
        let with_extra: Vec<bool> = (0..3).map(|i| rows.extra(i).is_some_and(|e| !e.is_empty())).collect();
        assert_eq!(with_extra, [false, true, false]);
        let mut twice = Rows::default();
        twice.append(&rows);
        assert_eq!((twice.extra(1), &twice.text), (Some(&extra), &rows.text));
        let picks = in_order(&[Arc::new(rows)]);
        assert_eq!(picks.iter().map(|p| p.row).collect::<Vec<_>>(), [1, 0, 2]);
    }
}

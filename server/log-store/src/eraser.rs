//! Requests to delete lines: readers leave out what they cover from the beginning, maintenance takes it off the disk.

use std::sync::Arc;

use model::{Deletion, EntryBatch, Labels, LineFilter, LineFilterOp, MatchOp, Matcher, Need};

use crate::codec::{Reader, put_bytes, put_signed, put_varint};
use crate::filter::Filters;
use crate::scan::{Verdict, judge};
use crate::{Error, Result};

/// Requests that are remembered: the oldest ones that are done make room.
pub(crate) const MOST_DELETIONS: usize = 1_000;
/// Bytes that a regex of a request may compile to.
const REGEX_BYTES: usize = 10 << 20;

/// A request, ready to be asked.
#[derive(Debug)]
pub(crate) struct Eraser {
    pub(crate) deletion: Deletion,
    /// Entries with this number of arrival or a greater one came after the request.
    pub(crate) before: u64,
    filters: Filters,
}

impl Eraser {
    pub(crate) fn new(deletion: Deletion, before: u64) -> Self {
        Eraser { filters: Filters::new(&deletion.filters), deletion, before }
    }

    /// Whether it may cover an entry of this stream (labels without demoted ones) between two times.
    pub(crate) fn concerns(&self, labels: &Labels, demoted: &[String], (min, max): (i64, i64)) -> bool {
        self.deletion.start_ns <= max
            && min <= self.deletion.end_ns
            && judge(&self.deletion.matchers, labels, demoted) != Verdict::No
    }

    /// Whether it covers an entry of a stream, by its whole labels.
    pub(crate) fn covers(&self, labels: &Labels, time: i64, sequence: u64, line: &[u8]) -> bool {
        sequence < self.before
            && (self.deletion.start_ns..=self.deletion.end_ns).contains(&time)
            && model::matches_all(&self.deletion.matchers, labels)
            && self.filters.passes(line)
    }

    fn needs_lines(&self) -> bool {
        !self.filters.is_empty()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let deletion = &self.deletion;
        put_bytes(out, deletion.id.as_bytes());
        put_bytes(out, deletion.query.as_bytes());
        for time in [deletion.start_ns, deletion.end_ns, deletion.created_ms] {
            put_signed(out, time);
        }
        put_varint(out, self.before);
        put_varint(out, u64::from(deletion.done));
        put_varint(out, deletion.matchers.len() as u64);
        for matcher in &deletion.matchers {
            put_varint(out, matcher.op() as u64);
            put_bytes(out, matcher.name().as_bytes());
            put_bytes(out, matcher.value().as_bytes());
        }
        put_varint(out, deletion.filters.len() as u64);
        for filter in &deletion.filters {
            let (kind, texts): (u64, Vec<&str>) = match &filter.op {
                LineFilterOp::Contains(needles) => (0, needles.iter().map(String::as_str).collect()),
                LineFilterOp::NotContains(needles) => (1, needles.iter().map(String::as_str).collect()),
                LineFilterOp::Matches(regex) => (2, vec![regex.as_str()]),
                LineFilterOp::NotMatches(regex) => (3, vec![regex.as_str()]),
            };
            put_varint(out, kind);
            put_varint(out, texts.len() as u64);
            texts.iter().for_each(|text| put_bytes(out, text.as_bytes()));
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let (id, query) = (reader.text()?.to_owned(), reader.text()?.to_owned());
        let (start_ns, end_ns, created_ms) = (reader.signed()?, reader.signed()?, reader.signed()?);
        let (before, done) = (reader.varint()?, reader.varint()? != 0);
        let mut matchers = Vec::new();
        for _ in 0..reader.count()? {
            const OPS: [MatchOp; 4] = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
            let op =
                OPS.get(reader.varint()? as usize).ok_or_else(|| Error::corrupt("an unknown operator"))?;
            let (name, value) = (reader.text()?, reader.text()?);
            matchers.push(Matcher::new(*op, name, value).map_err(|error| Error::corrupt(error.to_string()))?);
        }
        let mut filters = Vec::new();
        for _ in 0..reader.count()? {
            filters.push(LineFilter { op: filter_op(reader)? });
        }
        let deletion = Deletion { id, matchers, filters, start_ns, end_ns, query, created_ms, done };
        Ok(Eraser::new(deletion, before))
    }
}

fn filter_op(reader: &mut Reader<'_>) -> Result<LineFilterOp> {
    let kind = reader.varint()?;
    let mut texts = Vec::new();
    for _ in 0..reader.count()? {
        texts.push(reader.text()?.to_owned());
    }
    let regex = |texts: Vec<String>| {
        let pattern = texts.into_iter().next().unwrap_or_default();
        let built = regex::bytes::RegexBuilder::new(&pattern).size_limit(REGEX_BYTES).build();
        built.map_err(|error| Error::corrupt(error.to_string()))
    };
    match kind {
        0 => Ok(LineFilterOp::Contains(texts)),
        1 => Ok(LineFilterOp::NotContains(texts)),
        2 => regex(texts).map(LineFilterOp::Matches),
        3 => regex(texts).map(LineFilterOp::NotMatches),
        other => Err(Error::corrupt(format!("{other} is no kind of filter"))),
    }
}

/// All requests, as the manifest keeps them.
pub(crate) fn encode(erasers: &[Arc<Eraser>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, erasers.len() as u64);
    erasers.iter().for_each(|eraser| eraser.encode(&mut out));
    out
}

/// What [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Arc<Eraser>>> {
    let mut reader = Reader(bytes);
    (0..reader.count()?).map(|_| Eraser::decode(&mut reader).map(Arc::new)).collect()
}

/// What has to be read of each entry for the requests to be asked.
pub(crate) fn need(erasers: &[Arc<Eraser>], need: Need) -> Need {
    if erasers.iter().any(|eraser| eraser.needs_lines()) { Need::Lines } else { need }
}

/// Takes what the requests cover out of a batch that was read with [`need`], and then what nobody asked for.
pub(crate) fn erase(batch: &mut EntryBatch, erasers: &[Arc<Eraser>], wanted: Need) {
    let keep: Vec<bool> = (0..batch.len())
        .map(|i| {
            let labels = &batch.streams[batch.stream_of[i] as usize];
            let line = batch.lines.get(i).map_or(&b""[..], |line| line);
            !erasers.iter().any(|e| e.covers(labels, batch.timestamps[i], batch.sequence[i], line))
        })
        .collect();
    if keep.contains(&false) {
        retain(&mut batch.stream_of, &keep);
        retain(&mut batch.timestamps, &keep);
        retain(&mut batch.sequence, &keep);
        retain(&mut batch.sizes, &keep);
        retain(&mut batch.lines, &keep);
        retain(&mut batch.metadata, &keep);
    }
    if wanted < Need::Lines {
        batch.lines = Vec::new();
        batch.metadata = Vec::new();
    }
    if wanted < Need::Sizes {
        batch.sizes = Vec::new();
    }
}

/// A column that nobody read is empty and stays so.
fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
    let mut i = 0;
    column.retain(|_| {
        i += 1;
        keep[i - 1]
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_they_were_kept() {
        let op = |op, value: &str| Matcher::new(op, "job", value).expect("valid");
        let regex = regex::bytes::Regex::new("(?i)x+").expect("valid");
        let deletion = Deletion {
            id: "a".into(),
            matchers: vec![op(MatchOp::Regex, "a|b"), op(MatchOp::NotEqual, "c")],
            filters: vec![
                LineFilter { op: LineFilterOp::Contains(vec!["u".into(), "v".into()]) },
                LineFilter { op: LineFilterOp::NotMatches(regex) },
            ],
            start_ns: -5,
            end_ns: 9,
            query: "{job=~\"a|b\"}".into(),
            created_ms: 7,
            done: true,
        };
        let bytes = encode(&[Arc::new(Eraser::new(deletion, 3))]);
        let back = decode(&bytes).expect("reads");
        assert_eq!(encode(&back), bytes);
        let labels = Labels::from_pairs([("job", "b")]);
        let covers = |time, sequence, line: &str| back[0].covers(&labels, time, sequence, line.as_bytes());
        assert!(covers(-5, 2, "u") && covers(9, 0, "v") && !covers(10, 0, "u") && !covers(0, 3, "u"));
        assert!(!covers(0, 0, "uX") && !covers(0, 0, "w"));
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}

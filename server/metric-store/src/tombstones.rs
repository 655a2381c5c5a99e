//! Deletions: durable, applied at read, physical once partitions are merged.

use model::{Labels, MatchOp, Matcher, Selector};

use crate::partition::IndexGroup;
use crate::schema::TOMBSTONES;
use crate::varint::{self, Reader};
use crate::{Error, Result};

/// Samples of series that pass `matchers`, within a range of time, in partitions below an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tombstone {
    pub(crate) matchers: Selector,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// What came later stays.
    pub(crate) before_order: u64,
}

impl Tombstone {
    /// Its key in the manifest.
    pub(crate) fn key(number: u64) -> Vec<u8> {
        [TOMBSTONES, &number.to_be_bytes()].concat()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        varint::put_signed(&mut out, self.start_ms);
        varint::put_signed(&mut out, self.end_ms);
        varint::put(&mut out, self.before_order);
        varint::put(&mut out, self.matchers.len() as u64);
        for matcher in &self.matchers {
            out.push(op_number(matcher.op()));
            varint::put_bytes(&mut out, matcher.name().as_bytes());
            varint::put_bytes(&mut out, matcher.value().as_bytes());
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        Tombstone::read(&mut Reader::new(bytes)).ok_or_else(|| Error::Damaged {
            partition: "meta.redb".into(),
            what: "a tombstone".into(),
            why: "it does not decode".into(),
        })
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (start_ms, end_ms, before_order) = (reader.signed()?, reader.signed()?, reader.varint()?);
        let mut matchers = Vec::new();
        for _ in 0..reader.count(3)? {
            let op = op_of(reader.byte()?)?;
            matchers.push(Matcher::new(op, reader.text()?, reader.text()?).ok()?);
        }
        Some(Tombstone { matchers, start_ms, end_ms, before_order })
    }

    /// Whether it can hide anything of a partition.
    pub(crate) fn concerns(&self, order: u64, bounds: (i64, i64)) -> bool {
        order < self.before_order && self.start_ms <= bounds.1 && self.end_ms >= bounds.0
    }
}

/// For a group's series the ranges of time that are deleted.
pub(crate) fn cuts_of_group(tombstones: &[Tombstone], group: &IndexGroup) -> Vec<Vec<(i64, i64)>> {
    let mut cuts = vec![Vec::new(); group.len()];
    for tombstone in tombstones {
        if let Some(pass) = group.select(&tombstone.matchers) {
            for (cuts, _) in cuts.iter_mut().zip(pass).filter(|(_, pass)| *pass) {
                cuts.push((tombstone.start_ms, tombstone.end_ms));
            }
        }
    }
    cuts
}

/// The ranges of time that are deleted of one series.
pub(crate) fn cuts_of_series(tombstones: &[Tombstone], labels: &Labels) -> Vec<(i64, i64)> {
    let hits = tombstones.iter().filter(|t| model::matches_all(&t.matchers, labels));
    hits.map(|t| (t.start_ms, t.end_ms)).collect()
}

const OPS: [MatchOp; 4] = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];

fn op_number(op: MatchOp) -> u8 {
    OPS.iter().position(|o| *o == op).unwrap_or(0) as u8
}

fn op_of(number: u8) -> Option<MatchOp> {
    OPS.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_and_concerns_what_was_there() {
        let matchers = vec![
            Matcher::equal("a", "b"),
            Matcher::new(MatchOp::NotRegex, "c", "d|e.*").expect("a valid regex"),
        ];
        let tombstone = Tombstone { matchers, start_ms: i64::MIN, end_ms: 5, before_order: 3 };
        assert_eq!(Tombstone::decode(&tombstone.encode()).expect("own bytes"), tombstone);
        assert!(Tombstone::decode(&tombstone.encode()[..5]).is_err());
        assert!(tombstone.concerns(2, (0, 9)));
        assert!(!tombstone.concerns(3, (0, 9)));
        assert!(!tombstone.concerns(2, (6, 9)));
        assert_eq!(cuts_of_series(&[tombstone], &Labels::of_metric("x")), vec![]);
    }
}

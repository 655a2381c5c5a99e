//! Writes protobuf pages.

use model::{Histogram, MetricKind, Span};

use super::{KINDS, ProtoValue};
use crate::native::put_spans;
use crate::protobuf::Writer;

/// A page on its way out: families, each with its metrics.
#[derive(Debug, Default)]
pub struct ProtoWriter {
    page: Writer,
    /// The family in hand.
    family: Writer,
}

impl ProtoWriter {
    /// Ends the family in hand and begins another one.
    pub fn family(&mut self, name: &str, kind: MetricKind) {
        self.end_family();
        let number = KINDS.iter().position(|known| *known == kind).unwrap_or(UNTYPED);
        self.family.bytes(1, name.as_bytes());
        self.family.varint(3, number as u64);
    }

    /// A metric of the family with its time. A float is untyped whatever the family's kind; a histogram with custom
    /// buckets, for which this format has no words, is a classic one.
    pub fn metric<'l>(
        &mut self,
        labels: impl IntoIterator<Item = (&'l str, &'l str)>,
        t_ms: i64,
        value: ProtoValue<'_>,
    ) {
        self.family.message(4, |m| {
            for (name, value) in labels {
                m.message(1, |m| {
                    m.bytes(1, name.as_bytes());
                    m.bytes(2, value.as_bytes());
                });
            }
            match value {
                ProtoValue::Float(value) => m.message(5, |m| m.double(1, value)),
                ProtoValue::Histogram(h) if h.is_custom() => m.message(7, |m| classic(m, h)),
                ProtoValue::Histogram(h) => m.message(7, |m| native(m, h)),
            }
            m.varint(6, t_ms as u64);
        });
    }

    fn end_family(&mut self) {
        let family = std::mem::take(&mut self.family).bytes;
        if !family.is_empty() {
            self.page.raw_varint(family.len() as u64);
            self.page.bytes.extend_from_slice(&family);
        }
    }

    /// The page.
    pub fn finish(mut self) -> Vec<u8> {
        self.end_family();
        self.page.bytes
    }
}

/// The place of `Unknown` among the kinds.
const UNTYPED: usize = 3;

fn native(m: &mut Writer, h: &Histogram) {
    m.double(2, h.sum);
    m.double(4, h.count);
    m.sint(5, i64::from(h.schema));
    m.double(6, h.zero_threshold);
    m.double(8, h.zero_count);
    put_spans(m, 9, &h.negative_spans);
    m.packed_doubles(11, &h.negative_buckets);
    // A span of no buckets says of an empty one that it is native.
    let none = [Span { offset: 0, length: 0 }];
    let empty = h.positive_spans.is_empty() && h.negative_spans.is_empty();
    put_spans(m, 12, if empty { &none } else { &h.positive_spans });
    m.packed_doubles(14, &h.positive_buckets);
}

fn classic(m: &mut Writer, h: &Histogram) {
    m.double(2, h.sum);
    count(m, (1, 4), h.count);
    for (bound, cumulative) in h.cumulative() {
        m.message(3, |m| {
            m.double(2, bound);
            count(m, (1, 4), cumulative);
        });
    }
}

/// A count as an integer where it is one: old readers know no other.
fn count(m: &mut Writer, (integer, float): (u32, u32), value: f64) {
    if value.fract() == 0.0 && (0.0..9e15).contains(&value) {
        m.varint(integer, value as u64);
    } else {
        m.double(float, value);
    }
}

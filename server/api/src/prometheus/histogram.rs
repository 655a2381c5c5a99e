//! A native histogram as Prometheus' API writes it: count, sum, buckets with their bounds.

use model::{Histogram, Span};

use crate::json;

/// Schema of custom buckets.
const CUSTOM: i32 = -53;

/// Appends `{"count":…,"sum":…,"buckets":[[boundaries,lower,upper,count],…]}`; empty buckets are left out.
pub(crate) fn write(out: &mut String, histogram: &Histogram) {
    out.push_str("{\"count\":\"");
    json::float(out, histogram.count);
    out.push_str("\",\"sum\":\"");
    json::float(out, histogram.sum);
    out.push('"');
    let buckets = buckets(histogram);
    if !buckets.is_empty() {
        out.push_str(",\"buckets\":[");
        for (i, bucket) in buckets.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            out.push('[');
            out.push(char::from(b'0' + bucket.boundaries));
            for value in [bucket.lower, bucket.upper, bucket.count] {
                out.push_str(",\"");
                json::float(out, value);
                out.push('"');
            }
            out.push(']');
        }
        out.push(']');
    }
    out.push('}');
}

struct Bucket {
    /// 0 open left, 1 open right, 2 open both, 3 closed both.
    boundaries: u8,
    lower: f64,
    upper: f64,
    count: f64,
}

/// The buckets that hold something, by rising bounds.
fn buckets(histogram: &Histogram) -> Vec<Bucket> {
    let bound = |index: i32| bound(index, histogram);
    let custom = histogram.schema == CUSTOM;
    let boundaries = |lower: f64, upper: f64, first: bool| match custom {
        true if first => 3,
        true => 0,
        false if lower < 0.0 && upper > 0.0 => 3,
        false if lower < 0.0 => 1,
        false => 0,
    };
    let mut all = Vec::new();
    let negative = indexes(&histogram.negative_spans).zip(&histogram.negative_buckets);
    for (index, &count) in negative {
        let (lower, upper) = (-bound(index), -bound(index.saturating_sub(1)));
        all.push(Bucket { boundaries: boundaries(lower, upper, false), lower, upper, count });
    }
    all.reverse();
    if histogram.zero_count != 0.0 {
        let width = histogram.zero_threshold;
        all.push(Bucket { boundaries: 3, lower: -width, upper: width, count: histogram.zero_count });
    }
    for (index, &count) in indexes(&histogram.positive_spans).zip(&histogram.positive_buckets) {
        let (lower, upper) = (bound(index.saturating_sub(1)), bound(index));
        all.push(Bucket { boundaries: boundaries(lower, upper, index == 0), lower, upper, count });
    }
    all.retain(|bucket| bucket.count != 0.0);
    all
}

/// The bucket indexes that spans cover.
fn indexes(spans: &[Span]) -> impl Iterator<Item = i32> {
    let mut next = 0_i32;
    spans.iter().flat_map(move |span| {
        let first = next.saturating_add(span.offset);
        next = first.saturating_add(span.length as i32);
        first..next
    })
}

/// The upper bound of bucket `index`.
fn bound(index: i32, histogram: &Histogram) -> f64 {
    if histogram.schema != CUSTOM {
        return (f64::from(index) * 2_f64.powi(-histogram.schema)).exp2();
    }
    match usize::try_from(index) {
        Err(_) => f64::NEG_INFINITY,
        Ok(index) => histogram.custom_bounds.get(index).copied().unwrap_or(f64::INFINITY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_with_bounds() {
        let histogram = Histogram {
            count: 6.0,
            sum: 18.4,
            zero_count: 1.0,
            zero_threshold: 0.001,
            positive_spans: vec![Span { offset: 0, length: 2 }, Span { offset: 1, length: 1 }],
            positive_buckets: vec![1.0, 0.0, 2.0],
            negative_spans: vec![Span { offset: 1, length: 1 }],
            negative_buckets: vec![2.0],
            ..Histogram::default()
        };
        let mut out = String::new();
        write(&mut out, &histogram);
        assert_eq!(
            out,
            r#"{"count":"6","sum":"18.4","buckets":[[1,"-2","-1","2"],[3,"-0.001","0.001","1"],[0,"0.5","1","1"],[0,"4","8","2"]]}"#
        );
    }
}

//! A native histogram as Prometheus' API writes it: count, sum, buckets with their bounds.

use model::{Bucket, Histogram};

use crate::json;

/// Appends `{"count":…,"sum":…,"buckets":[[boundaries,lower,upper,count],…]}`; empty buckets are left out.
pub(crate) fn write(out: &mut String, histogram: &Histogram) {
    out.push_str("{\"count\":\"");
    json::float(out, histogram.count);
    out.push_str("\",\"sum\":\"");
    json::float(out, histogram.sum);
    out.push('"');
    let buckets = histogram.buckets();
    let mut populated = buckets.iter().filter(|bucket| bucket.count != 0.0).peekable();
    if populated.peek().is_some() {
        out.push_str(",\"buckets\":[");
        for (i, bucket) in populated.enumerate() {
            if i > 0 {
                out.push(',');
            }
            out.push('[');
            out.push(boundaries(bucket));
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

/// 0 open left, 1 open right, 2 open both, 3 closed both.
fn boundaries(bucket: &Bucket) -> char {
    match (bucket.lower_inclusive, bucket.upper_inclusive) {
        (false, true) => '0',
        (true, false) => '1',
        (false, false) => '2',
        (true, true) => '3',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Span;

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

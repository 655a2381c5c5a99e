//! A histogram as text, as `count_values` writes it into a label.

use model::Histogram;

use crate::number::format_short;

/// `{count:4, sum:5, (0.5,1]:1, (1,2]:3}`; empty buckets are left out.
pub(crate) fn text(histogram: &Histogram) -> String {
    let mut out = format!("{{count:{}, sum:{}", format_short(histogram.count), format_short(histogram.sum));
    for bucket in histogram.buckets().iter().filter(|bucket| bucket.count != 0.0) {
        let open = if bucket.lower_inclusive { '[' } else { '(' };
        let close = if bucket.upper_inclusive { ']' } else { ')' };
        let [lower, upper, count] = [bucket.lower, bucket.upper, bucket.count].map(format_short);
        out.push_str(&format!(", {open}{lower},{upper}{close}:{count}"));
    }
    out.push('}');
    out
}

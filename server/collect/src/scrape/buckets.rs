//! Bounds on native histograms: those with too many or too fine buckets get coarser. Source: Prometheus'
//! `native_histogram_bucket_limit` and `native_histogram_min_bucket_factor`.

use model::{Histogram, Span};

/// The schema of custom bounds.
pub(super) const CUSTOM: i32 = -53;
const COARSEST: i32 = -4;

/// Applies both bounds; 0 = none. The error says that no resolution is coarse enough.
pub(super) fn bound(histogram: &mut Histogram, limit: u64, min_factor: f64) -> Result<(), String> {
    if min_factor > 1.0 && histogram.schema != CUSTOM {
        while histogram.schema > finest(min_factor) {
            halve(histogram);
        }
    }
    if limit == 0 {
        return Ok(());
    }
    let count = |h: &Histogram| (h.positive_buckets.len() + h.negative_buckets.len()) as u64;
    while count(histogram) > limit {
        if histogram.schema == CUSTOM || histogram.schema <= COARSEST {
            let (n, schema) = (count(histogram), histogram.schema);
            return Err(format!("a histogram of schema {schema} has {n} buckets, the limit is {limit}"));
        }
        halve(histogram);
    }
    Ok(())
}

/// The finest schema whose buckets grow by `factor` at least.
fn finest(factor: f64) -> i32 {
    let schema = (-factor.log2().log2()).floor();
    schema.clamp(-4.0, 8.0) as i32
}

/// Puts two buckets each into one.
fn halve(h: &mut Histogram) {
    h.schema -= 1;
    merge(&mut h.positive_spans, &mut h.positive_buckets);
    merge(&mut h.negative_spans, &mut h.negative_buckets);
}

fn merge(spans: &mut Vec<Span>, buckets: &mut Vec<f64>) {
    let mut counts = buckets.iter().copied();
    let mut merged: Vec<(i32, f64)> = Vec::with_capacity(buckets.len());
    let mut index = 0i32;
    for span in spans.iter() {
        index = index.saturating_add(span.offset);
        for count in counts.by_ref().take(span.length as usize) {
            let wider = (index.saturating_sub(1) >> 1) + 1;
            match merged.last_mut() {
                Some((last, sum)) if *last == wider => *sum += count,
                _ => merged.push((wider, count)),
            }
            index = index.saturating_add(1);
        }
    }
    *spans = spans_of(merged.iter().map(|(index, _)| *index));
    *buckets = merged.into_iter().map(|(_, count)| count).collect();
}

/// The runs of ascending bucket indices.
pub(super) fn spans_of(indices: impl Iterator<Item = i32>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0i32;
    for index in indices {
        match spans.last_mut() {
            Some(span) if index == next => span.length += 1,
            _ => spans.push(Span { offset: index.saturating_sub(next), length: 1 }),
        }
        next = index.saturating_add(1);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(schema: i32, first: i32, buckets: &[f64]) -> Histogram {
        Histogram {
            schema,
            positive_spans: vec![Span { offset: first, length: buckets.len() as u32 }],
            positive_buckets: buckets.to_vec(),
            ..Histogram::default()
        }
    }

    #[test]
    fn too_many_buckets_become_coarser() {
        let mut h = histogram(2, -1, &[1.0, 2.0, 3.0, 4.0, 5.0]);
        bound(&mut h, 3, 0.0).unwrap();
        // Buckets -1 | 0 | 1, 2 | 3 become 0 | 0 | 1 | 2.
        assert_eq!((h.schema, &h.positive_buckets[..]), (1, &[3.0, 7.0, 5.0][..]));
        assert_eq!(h.positive_spans, [Span { offset: 0, length: 3 }]);
        let sum: f64 = h.positive_buckets.iter().sum();
        assert_eq!(sum, 15.0);
    }

    #[test]
    fn what_cannot_be_coarser_is_refused() {
        let mut h = histogram(CUSTOM, 0, &[1.0, 2.0]);
        assert!(bound(&mut h, 1, 0.0).unwrap_err().contains("has 2 buckets, the limit is 1"));
        let mut h = histogram(COARSEST, -40, &[1.0; 90]);
        assert!(bound(&mut h, 2, 0.0).is_err());
    }

    #[test]
    fn factors_choose_the_resolution() {
        let check = |factor: f64, schema: i32| {
            let mut h = histogram(8, 1, &[1.0; 10]);
            bound(&mut h, 0, factor).unwrap();
            assert_eq!(h.schema, schema, "{factor}");
        };
        check(1.1, 2);
        check(2.0, 0);
        check(1.002, 8);
        check(100_000.0, -4);
    }
}

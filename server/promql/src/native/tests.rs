//! Laws of histogram arithmetic, on many histograms.

use model::Histogram;
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

use super::*;

/// Counts are whole: sums are exact, and laws hold to the bit.
fn count() -> impl Strategy<Value = f64> {
    (0..1_000_u32).prop_map(f64::from)
}

fn of_buckets(native: Native) -> Histogram {
    let count = native.positive.iter().chain(&native.negative).map(|(_, n)| n).sum::<f64>();
    let native = Native { count: count + native.zero_count, ..native };
    Arc::unwrap_or_clone(native.into_histogram())
}

/// With zero buckets of one width: where widths differ, which buckets go into the zero bucket depends on the
/// resolution at that moment, and so on the order.
fn exponential() -> impl Strategy<Value = Histogram> {
    with_width(Just(0.001))
}

fn of_any_width() -> impl Strategy<Value = Histogram> {
    with_width(prop_oneof![Just(0.0), Just(0.001), Just(0.3), Just(2.0)])
}

fn with_width(width: impl Strategy<Value = f64>) -> impl Strategy<Value = Histogram> {
    let buckets = || btree_map(-20..20_i32, count(), 0..12);
    (-2..4_i32, width, count(), -500..500_i32, buckets(), buckets()).prop_map(
        |(schema, width, zero, sum, positive, negative)| {
            // Nothing lies in the zero bucket and in another one.
            let outside = |buckets: std::collections::BTreeMap<i32, f64>| {
                let begins = |i: i32| bucket_bound(i - 1, schema, &[]);
                buckets.into_iter().filter(|(i, _)| begins(*i) >= width).collect()
            };
            of_buckets(Native {
                hint: CounterResetHint::Unknown,
                schema,
                zero_threshold: width,
                zero_count: zero,
                count: 0.0,
                sum: f64::from(sum),
                positive: outside(positive),
                negative: outside(negative),
                bounds: Vec::new(),
            })
        },
    )
}

fn custom() -> impl Strategy<Value = Histogram> {
    (btree_set(-5..10_i32, 0..6), proptest::collection::vec(count(), 7), -500..500_i32).prop_map(
        |(bounds, counts, sum)| {
            let positive = (0..=bounds.len()).map(|i| (i as i32, counts[i])).collect();
            of_buckets(Native {
                hint: CounterResetHint::Unknown,
                schema: CUSTOM_BUCKETS,
                zero_threshold: 0.0,
                zero_count: 0.0,
                count: 0.0,
                sum: f64::from(sum),
                positive,
                negative: Vec::new(),
                bounds: bounds.into_iter().map(f64::from).collect(),
            })
        },
    )
}

fn two() -> impl Strategy<Value = (Histogram, Histogram)> {
    prop_oneof![(exponential(), exponential()), (custom(), custom())]
}

fn three() -> impl Strategy<Value = (Histogram, Histogram, Histogram)> {
    prop_oneof![(exponential(), exponential(), exponential()), (custom(), custom(), custom())]
}

fn sum(histograms: &[&Histogram]) -> Native {
    let mut sum = Native::of(histograms[0]);
    for histogram in &histograms[1..] {
        sum.add(histogram).expect("of one kind");
    }
    sum.compact()
}

fn in_buckets(native: &Native) -> f64 {
    native.positive.iter().chain(&native.negative).map(|(_, n)| n).sum::<f64>() + native.zero_count
}

proptest! {
    #[test]
    fn spans_say_what_buckets_say(h in prop_oneof![of_any_width(), custom()]) {
        let native: Native = Native::of(&h);
        prop_assert!(same(&h, &native.clone().into_histogram()));
        prop_assert_eq!(Native::<f64>::of(&native.clone().into_histogram()), native);
    }

    #[test]
    fn sums_do_not_depend_on_order((a, b, c) in three()) {
        let expected = sum(&[&a, &b, &c]);
        prop_assert_eq!(&sum(&[&b, &a, &c]), &expected);
        prop_assert_eq!(&sum(&[&c, &b, &a]), &expected);
        prop_assert_eq!(in_buckets(&expected), a.count + b.count + c.count);
        prop_assert_eq!(expected.count, a.count + b.count + c.count);
    }

    #[test]
    fn what_is_added_can_be_subtracted((a, b) in two()) {
        let mut sum = sum(&[&a, &b]);
        sum.subtract(&b).expect("of one kind");
        let mut expected: Native = Native::of(&a);
        expected.add(&b).expect("of one kind");
        expected.subtract(&b).expect("of one kind");
        prop_assert_eq!(sum.compact(), expected.compact());
    }

    #[test]
    fn many_are_summed_and_averaged_as_two((a, b, c) in three()) {
        let (mut total, mut mean) = (Total::new(&a, false), Total::new(&a, true));
        for histogram in [&b, &c] {
            total.add(histogram).expect("of one kind");
            mean.add(histogram).expect("of one kind");
        }
        let expected = sum(&[&a, &b, &c]);
        prop_assert_eq!(&total.finish().0, &expected);
        let mean = mean.finish().0;
        prop_assert!((mean.sum - expected.sum / 3.0).abs() < 1e-9);
        prop_assert!((in_buckets(&mean) - in_buckets(&expected) / 3.0).abs() < 1e-9);
    }

    #[test]
    fn growth_is_no_reset_and_shrinking_is_one((a, b) in two()) {
        let grown = sum(&[&a, &b]).into_histogram();
        prop_assert!(!is_reset(&grown, &a), "{:?} after {:?}", grown, a);
        prop_assert!(!is_reset(&a, &a));
        if b.count > 0.0 {
            prop_assert!(is_reset(&a, &grown));
        }
    }

    #[test]
    fn both_sides_of_a_cut_make_the_whole(h in of_any_width(), cut in -40.0..40.0_f64) {
        let h = Arc::new(h);
        let (below, above) = (trim(&h, cut, Side::Below), trim(&h, cut, Side::Above));
        prop_assert!((below.count + above.count - h.count).abs() < 1e-6);
        prop_assert!(below.count >= 0.0 && above.count >= 0.0);
    }

    #[test]
    fn sums_lose_nothing_whatever_the_zero_bucket(a in of_any_width(), b in of_any_width()) {
        let sum = sum(&[&a, &b]);
        prop_assert_eq!(in_buckets(&sum), a.count + b.count);
        prop_assert!(sum.zero_threshold >= a.zero_threshold.max(b.zero_threshold));
        prop_assert_eq!(sum.schema, a.schema.min(b.schema));
    }

    #[test]
    fn kinds_do_not_mix(a in exponential(), b in custom()) {
        let mut sum: Native = Native::of(&a);
        prop_assert_eq!(sum.add(&b), Err(Incompatible));
        prop_assert!(is_reset(&a, &b));
    }
}

#[test]
fn a_sum_that_overflows_has_a_mean() {
    let huge = Histogram { count: f64::MAX, sum: 1.0, ..Histogram::default() };
    let mut mean = Total::new(&huge, true);
    mean.add(&huge).expect("of one kind");
    let (mean, _) = mean.finish();
    assert_eq!((mean.count, mean.sum), (f64::MAX, 1.0));
}

#[test]
fn texts() {
    let histogram = Histogram {
        count: 3.0,
        sum: 1e6,
        zero_count: 1.0,
        zero_threshold: 0.001,
        negative_spans: vec![Span { offset: 0, length: 1 }],
        negative_buckets: vec![2.0],
        ..Histogram::default()
    };
    assert_eq!(text(&histogram), "{count:3, sum:1e+06, [-1,-0.5):2, [-0.001,0.001]:1}");
}

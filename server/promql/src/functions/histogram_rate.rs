//! `rate`, `increase`, `delta`, `irate`, `idelta`, `changes`, `resets` of windows with native histograms.

use std::sync::Arc;

use model::{CounterResetHint, Histogram};

use super::rate::Extent;
use crate::histogram_notes::{Operation, Subject};
use crate::native::{Native, is_reset, same};
use crate::value::Point;
use crate::window::Window;

type Sample = (i64, Arc<Histogram>);

fn is_gauge(histogram: &Histogram) -> bool {
    histogram.reset_hint == CounterResetHint::Gauge
}

pub(super) fn rate(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    let range_s = (window.end_ms - window.start_ms) as f64 / 1000.0;
    extrapolated(window, subject, true, Some(range_s))
}

pub(super) fn increase(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    extrapolated(window, subject, true, None)
}

pub(super) fn delta(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    extrapolated(window, subject, false, None)
}

fn extrapolated(
    window: &Window<'_>,
    subject: Subject<'_>,
    is_counter: bool,
    per_seconds: Option<f64>,
) -> Option<Point> {
    if !window.values.is_empty() {
        subject.mixed();
        return None;
    }
    let [(_, first), .., _] = window.histograms else { return None };
    let difference = difference(window.histograms, subject, is_counter)?;
    let times: Vec<i64> = window.histograms.iter().map(|(t, _)| *t).collect();
    let extent = Extent::of(&times, (window.start_ms, window.end_ms))?;
    let to_zero =
        (is_counter && difference.count > 0.0 && first.count >= 0.0).then(|| first.count / difference.count);
    let factor = extent.factor(to_zero, per_seconds);
    Some(Point::Histogram(difference.times(factor).into_histogram()))
}

/// The difference between the first and the last of at least two samples, what was counted before resets added.
fn difference(samples: &[Sample], subject: Subject<'_>, is_counter: bool) -> Option<Native> {
    let [(_, first), (_, second), ..] = samples else { return None };
    let (_, last) = samples.last()?;
    if is_counter && (is_gauge(first) || is_gauge(last)) {
        subject.no_counter();
    }
    // Before a reset the first sample does not count, whatever its buckets.
    let mut before = first.clone();
    if is_counter && is_reset(second, first) {
        before = Arc::new(Histogram {
            schema: second.schema,
            custom_bounds: second.custom_bounds.clone(),
            ..Histogram::default()
        });
    }
    let custom = before.is_custom();
    if last.is_custom() != custom {
        subject.mixed_schemas();
        return None;
    }
    let mut schema = last.schema.min(before.schema);
    let between = &samples[1..samples.len() - 1];
    for (_, current) in between.iter().filter(|_| is_counter) {
        if is_gauge(current) {
            subject.no_counter();
        }
        if current.is_custom() != custom {
            subject.mixed_schemas();
            return None;
        }
        schema = schema.min(current.schema);
    }
    let mut difference: Native = Native::of(last);
    difference.reduce(schema);
    subtract(&mut difference, &before, subject)?;
    if is_counter {
        for (_, current) in &samples[1..] {
            if is_reset(current, &before) {
                add(&mut difference, &before, subject)?;
            }
            before = current.clone();
        }
    } else if !is_gauge(first) || !is_gauge(last) {
        subject.no_gauge();
    }
    difference.hint = CounterResetHint::Gauge;
    Some(difference.compact())
}

/// Resets are treated apart, so that contradicting hints mean nothing here.
fn subtract(from: &mut Native, other: &Histogram, subject: Subject<'_>) -> Option<()> {
    match from.subtract(other) {
        Ok(remarks) => subject.reconciled(remarks, Operation::Subtraction),
        Err(_) => {
            subject.mixed_schemas();
            return None;
        }
    }
    Some(())
}

fn add(to: &mut Native, other: &Histogram, subject: Subject<'_>) -> Option<()> {
    match to.add(other) {
        Ok(remarks) => subject.reconciled(remarks, Operation::Addition),
        Err(_) => {
            subject.mixed_schemas();
            return None;
        }
    }
    Some(())
}

/// Floats and histograms in order of time.
pub(super) fn merged(timestamps: &[i64], values: &[f64], histograms: &[Sample]) -> Vec<(i64, Point)> {
    let floats = timestamps.iter().zip(values).map(|(t, v)| (*t, Point::Float(*v)));
    let histograms = histograms.iter().map(|(t, h)| (*t, Point::Histogram(h.clone())));
    let mut all: Vec<_> = floats.chain(histograms).collect();
    all.sort_by_key(|(t, _)| *t);
    all
}

fn of_window(window: &Window<'_>) -> Vec<(i64, Point)> {
    merged(window.timestamps, window.values, window.histograms)
}

pub(super) fn irate(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    last_two(window, subject, true)
}

pub(super) fn idelta(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    last_two(window, subject, false)
}

fn last_two(window: &Window<'_>, subject: Subject<'_>, is_rate: bool) -> Option<Point> {
    let all = of_window(window);
    let [.., (before_ms, before), (last_ms, last)] = all.as_slice() else { return None };
    let interval_s = (last_ms - before_ms) as f64 / 1000.0;
    if interval_s == 0.0 {
        return None;
    }
    match (before, last) {
        (Point::Float(before), Point::Float(last)) => {
            let difference = if is_rate && last < before { *last } else { last - before };
            Some(Point::Float(if is_rate { difference / interval_s } else { difference }))
        }
        (Point::Histogram(before), Point::Histogram(last)) => {
            if is_rate && (is_gauge(before) || is_gauge(last)) {
                subject.no_counter();
            }
            let gauges = is_gauge(before) && is_gauge(last);
            if !is_rate && !gauges {
                subject.no_gauge();
            }
            let mut difference: Native = Native::of(last);
            if !is_rate || !is_reset(last, before) {
                subtract(&mut difference, before, subject)?;
            }
            difference.hint = CounterResetHint::Gauge;
            let difference = difference.compact();
            let value = if is_rate { difference.over(interval_s) } else { difference };
            Some(Point::Histogram(value.into_histogram()))
        }
        _ => {
            subject.mixed();
            None
        }
    }
}

pub(super) fn changes(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(count_pairs(&of_window(window), has_changed))
}

pub(super) fn resets(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(count_pairs(&of_window(window), has_reset))
}

pub(super) fn anchored_changes(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(count_pairs(&from_anchor(window)?, has_changed))
}

pub(super) fn anchored_resets(window: &Window<'_>, _: Subject<'_>) -> Option<Point> {
    Some(count_pairs(&from_anchor(window)?, has_reset))
}

fn has_changed(before: &Point, after: &Point) -> bool {
    match (before, after) {
        (Point::Float(a), Point::Float(b)) => a != b && !(a.is_nan() && b.is_nan()),
        (Point::Histogram(a), Point::Histogram(b)) => !same(a, b),
        _ => true,
    }
}

/// A change of the kind of sample is a reset too.
fn has_reset(before: &Point, after: &Point) -> bool {
    match (before, after) {
        (Point::Float(a), Point::Float(b)) => b < a,
        (Point::Histogram(a), Point::Histogram(b)) => is_reset(b, a),
        _ => true,
    }
}

fn count_pairs(samples: &[(i64, Point)], counts: fn(&Point, &Point) -> bool) -> Point {
    Point::Float(samples.windows(2).filter(|pair| counts(&pair[0].1, &pair[1].1)).count() as f64)
}

/// The samples from the last one at or before the window's start; none if nothing lies inside the window.
fn from_anchor(window: &Window<'_>) -> Option<Vec<(i64, Point)>> {
    let mut all = of_window(window);
    if all.last()?.0 <= window.start_ms {
        return None;
    }
    all.drain(..all.partition_point(|(t, _)| *t <= window.start_ms).saturating_sub(1));
    Some(all)
}

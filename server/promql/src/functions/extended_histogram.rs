//! `anchored` and `smoothed` ranges of native histograms.

use std::sync::Arc;

use model::{CounterResetHint, Histogram, Labels};

use super::histogram_rate::merged;
use crate::column::Row;
use crate::histogram_notes::{Operation, Subject};
use crate::native::{Incompatible, Native, Remarks, is_reset};
use crate::value::Point;
use crate::window::{References, Samples, Window};

type Sample = (i64, Arc<Histogram>);

pub(super) fn anchored_rate(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    per_second(window, Ends { window, subject, is_counter: true, smoothed: false }.difference()?)
}

pub(super) fn anchored_increase(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    point(Ends { window, subject, is_counter: true, smoothed: false }.difference()?)
}

pub(super) fn anchored_delta(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    point(Ends { window, subject, is_counter: false, smoothed: false }.difference()?)
}

pub(super) fn smoothed_rate(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    per_second(window, Ends { window, subject, is_counter: true, smoothed: true }.difference()?)
}

pub(super) fn smoothed_increase(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    point(Ends { window, subject, is_counter: true, smoothed: true }.difference()?)
}

pub(super) fn smoothed_delta(window: &Window<'_>, subject: Subject<'_>) -> Option<Point> {
    point(Ends { window, subject, is_counter: false, smoothed: true }.difference()?)
}

fn per_second(window: &Window<'_>, difference: Native) -> Option<Point> {
    point(difference.over((window.end_ms - window.start_ms) as f64 / 1000.0))
}

fn point(value: Native) -> Option<Point> {
    let gauge = Native { hint: CounterResetHint::Gauge, ..value };
    Some(Point::Histogram(gauge.compact().into_histogram()))
}

/// A window whose value at both ends is wanted.
struct Ends<'w> {
    window: &'w Window<'w>,
    subject: Subject<'w>,
    is_counter: bool,
    smoothed: bool,
}

impl Ends<'_> {
    fn difference(&self) -> Option<Native> {
        let window = self.window;
        if !window.values.is_empty() {
            self.subject.mixed();
            return None;
        }
        let samples = window.histograms;
        let mut last = samples.len().checked_sub(1)?;
        let inside = samples[..last].partition_point(|(t, _)| *t <= window.start_ms);
        let first = inside.saturating_sub(1);
        if self.smoothed {
            last = samples[..last].partition_point(|(t, _)| *t < window.end_ms);
        }
        if samples[last].0 <= window.start_ms || self.smoothed && samples[first].0 > window.end_ms {
            return None;
        }
        self.check(&samples[first..=last])?;
        let cut_left = self.smoothed && samples[first].0 < window.start_ms;
        let left = match samples.get(first + 1) {
            Some(next) if cut_left => self.between(&samples[first], next, window.start_ms)?,
            _ => samples[first].1.clone(),
        };
        let right = if self.smoothed && last > 0 && samples[last].0 > window.end_ms {
            self.between(&samples[last - 1], &samples[last], window.end_ms)?
        } else {
            samples[last].1.clone()
        };
        let gauge = |h: &Histogram| h.reset_hint == CounterResetHint::Gauge;
        let gauges = gauge(&left) && gauge(&right);
        if !self.is_counter && !gauges {
            self.subject.no_gauge();
        }
        let mut difference: Native = Native::of(&right);
        self.note(difference.subtract(&left), Operation::Subtraction)?;
        if self.is_counter {
            let mut before = left;
            let mut next = first + 1;
            // A reset under the left end is in its value already.
            if cut_left && samples.get(next).is_some_and(|(_, h)| is_reset(h, &samples[first].1)) {
                before = samples[next].1.clone();
                next += 1;
            }
            if next <= last {
                let between = samples[next..last].iter().map(|(_, histogram)| histogram);
                for current in between.chain([&right]) {
                    if is_reset(current, &before) {
                        self.note(difference.add(&before), Operation::Addition)?;
                    }
                    before = current.clone();
                }
            }
        }
        Some(difference)
    }

    /// All have buckets of one kind, and counters are no gauges.
    fn check(&self, samples: &[Sample]) -> Option<()> {
        let custom = samples.first()?.1.is_custom();
        for (_, histogram) in samples {
            if histogram.is_custom() != custom {
                self.subject.mixed_schemas();
                return None;
            }
            if self.is_counter && histogram.reset_hint == CounterResetHint::Gauge {
                self.subject.no_counter();
            }
        }
        Some(())
    }

    fn between(&self, from: &Sample, to: &Sample, t: i64) -> Option<Arc<Histogram>> {
        between(from, to, t, self.is_counter, self.subject)
    }

    fn note(&self, outcome: Result<Remarks, Incompatible>, operation: Operation) -> Option<()> {
        note(outcome, operation, self.subject)
    }
}

fn note(outcome: Result<Remarks, Incompatible>, operation: Operation, subject: Subject<'_>) -> Option<()> {
    match outcome {
        Ok(remarks) => subject.reconciled(remarks, operation),
        Err(Incompatible) => {
            subject.mixed_schemas();
            return None;
        }
    }
    Some(())
}

/// The histogram at `t` on the line between two; after a reset a counter began at zero.
fn between(
    (from_ms, from): &Sample,
    (to_ms, to): &Sample,
    t: i64,
    is_counter: bool,
    subject: Subject<'_>,
) -> Option<Arc<Histogram>> {
    if t == *from_ms {
        return Some(from.clone());
    }
    if t == *to_ms {
        return Some(to.clone());
    }
    let fraction = (t - from_ms) as f64 / (to_ms - from_ms) as f64;
    let mut value: Native = Native::of(to);
    if is_counter && is_reset(to, from) {
        return Some(value.times(fraction).into_histogram());
    }
    note(value.subtract(from), Operation::Subtraction, subject)?;
    value = value.times(fraction);
    note(value.add(from), Operation::Addition, subject)?;
    Some(value.into_histogram())
}

/// The smoothed values of a series with histograms; the last sample is carried on for the lookback. Between samples of
/// different kinds there is no line: the earlier one stays.
pub(crate) fn smoothed_points(
    labels: Labels,
    samples: &Samples<'_>,
    (references, lookback_ms): (References, i64),
    subject: Subject<'_>,
) -> Row {
    let all = merged(&samples.timestamps, &samples.values, &samples.histograms);
    let mut row = Row::absent(labels, references.count);
    for step in 0..references.count {
        let t = references.at(step);
        let next = all.partition_point(|(time, _)| *time < t);
        let after = all.get(next).filter(|(time, _)| *time <= t.saturating_add(lookback_ms));
        let before = next.checked_sub(1).map(|i| &all[i]);
        let before = before.filter(|(time, _)| *time > t.saturating_sub(lookback_ms));
        let value = match (before, after) {
            (_, Some((time, exact))) if *time == t => Some(exact.clone()),
            (Some((from, Point::Float(a))), Some((to, Point::Float(b)))) => {
                Some(Point::Float(a + (b - a) * (t - from) as f64 / (to - from) as f64))
            }
            (Some((from, Point::Histogram(a))), Some((to, Point::Histogram(b)))) => {
                between(&(*from, a.clone()), &(*to, b.clone()), t, false, subject).map(Point::Histogram)
            }
            (Some((_, carried)), _) => Some(carried.clone()),
            (None, _) => None,
        };
        match value {
            Some(Point::Float(value)) => row.values[step] = value,
            Some(Point::Histogram(histogram)) => row.set_histogram(step, histogram),
            None => {}
        }
    }
    row
}

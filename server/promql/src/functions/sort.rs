//! `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`: the order of an instant query's answer.

use std::cmp::Ordering;

use crate::ast::{Call, Span};
use crate::column::{Row, Steps};
use crate::error::Result;
use crate::evaluate::{Evaluator, Output};

pub(super) fn ascending(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    by_value(evaluator, call, steps, |a, b| a.partial_cmp(&b))
}

pub(super) fn descending(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    by_value(evaluator, call, steps, |a, b| b.partial_cmp(&a))
}

/// NaN last, either way; histograms have no order and are left out.
fn by_value(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
    compare: fn(f64, f64) -> Option<Ordering>,
) -> Result<Output> {
    let mut rows = evaluator.rows(&call.args[0], steps)?;
    rows.iter_mut().for_each(|row| row.histograms.clear());
    rows.retain(Row::has_samples);
    if steps.count == 1 {
        rows.sort_by(|a, b| {
            let (a, b) = (a.values[0], b.values[0]);
            compare(a, b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        });
    }
    Ok(Output::Rows(rows))
}

pub(super) fn by_label(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    by_labels(evaluator, call, steps, false)
}

pub(super) fn by_label_descending(
    evaluator: &Evaluator<'_>,
    call: &Call,
    _: Span,
    steps: Steps,
) -> Result<Output> {
    by_labels(evaluator, call, steps, true)
}

fn by_labels(evaluator: &Evaluator<'_>, call: &Call, steps: Steps, reverse: bool) -> Result<Output> {
    let names: Vec<String> =
        call.args[1..].iter().map(|arg| evaluator.string(arg, steps)).collect::<Result<_>>()?;
    let mut rows = evaluator.rows(&call.args[0], steps)?;
    rows.sort_by(|a, b| {
        let by_names = names.iter().map(|name| natural(a.labels.value(name), b.labels.value(name)));
        let order = by_names.fold(Ordering::Equal, Ordering::then).then_with(|| a.labels.cmp(&b.labels));
        if reverse { order.reverse() } else { order }
    });
    Ok(Output::Rows(rows))
}

/// Text order in which runs of digits compare as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) {
        let (digits_a, digits_b) = (leading_digits(a), leading_digits(b));
        if digits_a > 0 && digits_b > 0 {
            let (m, n) = (a[..digits_a].trim_start_matches('0'), b[..digits_b].trim_start_matches('0'));
            let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n)).then_with(|| digits_a.cmp(&digits_b));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[digits_a..], &b[digits_b..]);
        } else if x != y {
            return x.cmp(&y);
        } else {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        }
    }
    a.len().cmp(&b.len())
}

fn leading_digits(text: &str) -> usize {
    text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_as_numbers() {
        let check =
            |sorted: &[&str]| assert!(sorted.is_sorted_by(|a, b| natural(a, b).is_lt()), "{sorted:?}");
        check(&["", "a", "a1", "a2", "a10", "a010", "b"]);
        check(&["1.2.9", "1.2.10", "1.10.1"]);
    }
}

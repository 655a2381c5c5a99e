//! `label_replace` and `label_join`.

use model::METRIC_NAME;

use crate::ast::{Call, Span};
use crate::column::{Row, Steps};
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output, merge_equal};
use crate::quote::is_label_name;

pub(super) fn replace(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let text = |i: usize| evaluator.string(&call.args[i], steps);
    let (target, replacement, source, pattern) = (text(1)?, text(2)?, text(3)?, text(4)?);
    let regex = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .size_limit(16 << 20)
        .build()
        .map_err(|_| Error::execution(format!("invalid regular expression in label_replace(): {pattern}")))?;
    if !is_label_name(&target) {
        return Err(Error::execution(format!("invalid destination label name in label_replace(): {target}")));
    }
    let rows = evaluator.rows(&call.args[0], steps)?.into_iter().map(|mut row| {
        let Some(found) = regex.captures(row.labels.value(&source)) else { return row };
        let mut value = String::new();
        found.expand(&replacement, &mut value);
        set(&mut row, &target, &value);
        row
    });
    Ok(Output::Rows(merge_equal(rows.collect())?))
}

pub(super) fn join(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let texts: Vec<String> =
        call.args[1..].iter().map(|arg| evaluator.string(arg, steps)).collect::<Result<_>>()?;
    let [target, separator, sources @ ..] = texts.as_slice() else {
        return Err(model::Error::internal("label_join without its strings").into());
    };
    if let Some(bad) = sources.iter().find(|name| !is_label_name(name)) {
        return Err(Error::execution(format!("invalid source label name in label_join(): {bad}")));
    }
    if !is_label_name(target) {
        return Err(Error::execution(format!("invalid destination label name in label_join(): {target}")));
    }
    let rows = evaluator.rows(&call.args[0], steps)?.into_iter().map(|mut row| {
        let values: Vec<&str> = sources.iter().map(|name| row.labels.value(name)).collect();
        let value = values.join(separator);
        set(&mut row, target, &value);
        row
    });
    Ok(Output::Rows(merge_equal(rows.collect())?))
}

fn set(row: &mut Row, target: &str, value: &str) {
    row.labels = row.labels.with(target, value);
    // A name that was set on purpose stays.
    if target == METRIC_NAME {
        row.drop_name = false;
    }
}

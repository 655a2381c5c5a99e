//! `info`: adds the labels of info metrics, such as `target_info`, to the series of the same instance and job.

use model::{INSTANCE, JOB, Labels, METRIC_NAME, MatchOp, Matcher, matches_all};
use rustc_hash::FxHashMap;

use crate::ast::{Call, Expr, ExprKind, Span, Timing, VectorSelector};
use crate::column::{Row, Steps, is_absent};
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, Output, merge_equal};
use crate::select::Pick;

/// The labels that say which info series belongs to which series.
const IDENTIFYING: [&str; 2] = [INSTANCE, JOB];

/// What the second argument asks for.
struct Wanted {
    /// Conditions on the info metric's name.
    names: Vec<Matcher>,
    /// Whether the caller named info metrics, rather than only excluded some.
    named: bool,
    /// Conditions on its data labels; only these labels are added.
    data: Vec<Matcher>,
}

/// An info series: its labels, and when its sample of each step was taken.
struct InfoRow {
    labels: Labels,
    taken: Vec<f64>,
}

pub(super) fn info(evaluator: &Evaluator<'_>, call: &Call, _: Span, steps: Steps) -> Result<Output> {
    let base = evaluator.rows(&call.args[0], steps)?;
    let wanted = wanted(call.args.get(1))?;
    let timing = reference(evaluator, &call.args[0])?.unwrap_or((None, 0));
    let infos = info_rows(evaluator, &wanted, timing, steps)?;
    let mut by_target: FxHashMap<Labels, Vec<usize>> = FxHashMap::default();
    for (i, row) in infos.iter().enumerate() {
        by_target.entry(row.labels.only(&IDENTIFYING)).or_default().push(i);
    }
    let mut out = Vec::new();
    for row in base {
        let target = row.labels.only(&IDENTIFYING);
        if wanted.named && matches_all(&wanted.names, &row.labels) {
            out.push(row);
            continue;
        }
        let candidates = by_target.get(&target).filter(|_| !target.is_empty());
        enrich(&row, candidates.map_or(&[], Vec::as_slice), &infos, &wanted, &mut out)?;
    }
    Ok(Output::Rows(merge_equal(out)?))
}

fn wanted(arg: Option<&Expr>) -> Result<Wanted> {
    let matchers = match arg.map(|arg| &arg.kind) {
        Some(ExprKind::Vector(selector)) => selector.matchers.clone(),
        _ => Vec::new(),
    };
    let (mut names, data): (Vec<_>, Vec<_>) = matchers.into_iter().partition(|m| m.name() == METRIC_NAME);
    let named = names.is_empty() || names.iter().any(Matcher::is_positive);
    if names.is_empty() {
        names.push(Matcher::equal(METRIC_NAME, "target_info"));
    } else if !named {
        names.push(Matcher::new(MatchOp::Regex, METRIC_NAME, ".+_info")?);
    }
    Ok(Wanted { names, named, data })
}

/// The time at which the first selector of an expression looks: the info series are looked up at the same.
fn reference(evaluator: &Evaluator<'_>, expr: &Expr) -> Result<Option<(Option<i64>, i64)>> {
    let own = |timing: &Timing| evaluator.timing(timing, expr.span);
    match &expr.kind {
        ExprKind::Vector(selector) => own(&selector.timing).map(Some),
        ExprKind::Matrix(matrix) => own(&matrix.selector.timing).map(Some),
        ExprKind::Subquery(subquery) => {
            let (fixed, offset) = own(&subquery.timing)?;
            Ok(Some(match reference(evaluator, &subquery.expr)? {
                Some((Some(inner), inner_offset)) => (Some(inner), inner_offset),
                Some((None, inner_offset)) => (fixed, offset + inner_offset),
                None => (fixed, offset),
            }))
        }
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => reference(evaluator, inner),
        ExprKind::Aggregate(aggregate) => reference(evaluator, &aggregate.expr),
        ExprKind::Call(call) => first(evaluator, call.args.iter()),
        ExprKind::Binary(binary) => first(evaluator, [&*binary.left, &*binary.right].into_iter()),
        ExprKind::Number(_) | ExprKind::String(_) => Ok(None),
    }
}

fn first<'e>(
    evaluator: &Evaluator<'_>,
    exprs: impl Iterator<Item = &'e Expr>,
) -> Result<Option<(Option<i64>, i64)>> {
    for expr in exprs {
        if let Some(found) = reference(evaluator, expr)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn info_rows(
    evaluator: &Evaluator<'_>,
    wanted: &Wanted,
    timing: (Option<i64>, i64),
    steps: Steps,
) -> Result<Vec<InfoRow>> {
    let matchers = wanted.names.iter().chain(&wanted.data).cloned().collect();
    let selector = VectorSelector { matchers, ..VectorSelector::default() };
    let look = |pick| evaluator.find_at(timing, steps, pick);
    let mut wrong = None;
    evaluator.stream_newest(&selector, look(Pick::Value), &mut |rows| {
        let histogram = rows.iter().find(|row| row.histograms.iter().any(Option::is_some));
        wrong = wrong.take().or(histogram.map(|row| row.labels.clone()));
        Ok(())
    })?;
    if let Some(labels) = wrong {
        return Err(Error::execution(format!("this should be an info metric, with float samples: {labels}")));
    }
    let mut infos = Vec::new();
    evaluator.stream_newest(&selector, look(Pick::Timestamp), &mut |rows| {
        evaluator.reserve(rows.iter().map(Row::heap_bytes).sum())?;
        infos.extend(rows.into_iter().map(|row| InfoRow { labels: row.labels, taken: row.values }));
        Ok(())
    })?;
    Ok(infos)
}

/// Splits a row by the info series that are current at each step.
fn enrich(
    row: &Row,
    candidates: &[usize],
    infos: &[InfoRow],
    wanted: &Wanted,
    out: &mut Vec<Row>,
) -> Result<()> {
    let optional = wanted.data.iter().all(Matcher::matches_empty);
    let mut parts: Vec<(Vec<usize>, Row)> = Vec::new();
    for step in (0..row.values.len()).filter(|step| row.is_present(*step)) {
        let current = current(candidates, infos, step)?;
        if current.is_empty() && !optional {
            continue;
        }
        let at = match parts.iter().position(|(of, _)| *of == current) {
            Some(at) => at,
            None => {
                let labels = with_data(&row.labels, &current, infos, wanted)?;
                let part = Row { drop_name: row.drop_name, ..Row::absent(labels, row.values.len()) };
                parts.push((current, part));
                parts.len() - 1
            }
        };
        parts[at].1.copy_step(row, step);
    }
    out.extend(parts.into_iter().map(|(_, part)| part));
    Ok(())
}

/// For each info metric the series whose sample is the newest.
fn current(candidates: &[usize], infos: &[InfoRow], step: usize) -> Result<Vec<usize>> {
    let mut current: Vec<usize> = Vec::new();
    for &i in candidates.iter().filter(|i| !is_absent(infos[**i].taken[step])) {
        let name = infos[i].labels.metric_name();
        let Some(held) = current.iter_mut().find(|held| infos[**held].labels.metric_name() == name) else {
            current.push(i);
            continue;
        };
        let (old, new) = (&infos[*held], &infos[i]);
        if old.taken[step] == new.taken[step] {
            return Err(Error::execution(format!(
                "found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                old.labels, old.taken[step], new.labels, new.taken[step]
            )));
        }
        if new.taken[step] > old.taken[step] {
            *held = i;
        }
    }
    Ok(current)
}

/// The labels with the data labels added; what a series has itself stays.
fn with_data(base: &Labels, current: &[usize], infos: &[InfoRow], wanted: &Wanted) -> Result<Labels> {
    let mut added: Vec<(&str, &str)> = Vec::new();
    for &i in current {
        for (name, value) in infos[i].labels.iter() {
            let skip = IDENTIFYING.contains(&name)
                || matches!(name, METRIC_NAME | "__type__" | "__unit__")
                || base.get(name).is_some()
                || !wanted.data.is_empty() && !wanted.data.iter().any(|m| m.name() == name);
            if skip {
                continue;
            }
            match added.iter().find(|(held, _)| *held == name) {
                Some((_, held)) if *held != value => {
                    return Err(Error::execution(format!("conflicting label: {name}")));
                }
                Some(_) => {}
                None => added.push((name, value)),
            }
        }
    }
    let mut builder = base.to_builder();
    for (name, value) in added {
        builder.set(name, value);
    }
    Ok(builder.build())
}

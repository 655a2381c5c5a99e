//! `limitk` and `limit_ratio`: some of the series, whatever their values.

use model::Labels;

use super::{Accumulator, Groups};
use crate::ast::Span;
use crate::column::Row;
use crate::error::{Error, Result};
use crate::evaluate::{Evaluator, distinct};
use crate::number::format_short;

/// The parameter of `topk`, `bottomk`, `limitk` at each step; less than one selects nothing.
pub(super) fn counts(ks: &[f64]) -> Result<Vec<usize>> {
    ks.iter()
        .map(|k| {
            if k.is_nan() {
                return Err(Error::execution("Parameter value is NaN"));
            }
            if *k >= i64::MAX as f64 {
                return Err(Error::execution(format!("Scalar value {k} overflows int64")));
            }
            if *k <= i64::MIN as f64 {
                return Err(Error::execution(format!("Scalar value {k} underflows int64")));
            }
            Ok(if *k < 1.0 { 0 } else { *k as usize })
        })
        .collect()
}

/// The parameter of `limit_ratio`, between -1 and 1.
pub(super) fn ratios(evaluator: &Evaluator<'_>, ratios: Vec<f64>, span: Span) -> Result<Vec<f64>> {
    if ratios.iter().any(|r| r.is_nan()) {
        return Err(Error::execution("Ratio value is NaN"));
    }
    distinct(&ratios, |ratio| {
        let capped = ratio.clamp(-1.0, 1.0);
        if capped != ratio {
            let (ratio, capped) = (format_short(ratio), format_short(capped));
            let message = format!("ratio value should be between -1 and 1, got {ratio}, capping to {capped}");
            evaluator.warn(span, &message);
        }
    });
    Ok(ratios.into_iter().map(|r| r.clamp(-1.0, 1.0)).collect())
}

/// The first k samples of each group and step.
pub(super) struct FirstK {
    ks: Vec<usize>,
    taken: Vec<Vec<u32>>,
    rows: Vec<Row>,
}

impl FirstK {
    pub(super) fn new(ks: Vec<usize>) -> Self {
        FirstK { ks, taken: Vec::new(), rows: Vec::new() }
    }
}

impl Accumulator for FirstK {
    fn add(&mut self, group: usize, mut row: Row) -> Result<()> {
        if group == self.taken.len() {
            self.taken.push(vec![0; self.ks.len()]);
        }
        for (i, taken) in self.taken[group].iter_mut().enumerate() {
            if row.is_present(i) {
                if (*taken as usize) < self.ks[i] {
                    *taken += 1;
                } else {
                    row.clear(i);
                }
            }
        }
        if row.has_samples() {
            self.rows.push(row);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: Groups) -> Result<Vec<Row>> {
        Ok(self.rows)
    }

    fn group_bytes(&self) -> u64 {
        self.ks.len() as u64 * 4
    }
}

/// Series by the hash of their labels, so that the choice is the same at every step and `r` and `r - 1` complete
/// each other.
pub(super) struct Ratio {
    ratios: Vec<f64>,
    rows: Vec<Row>,
}

impl Ratio {
    pub(super) fn new(ratios: Vec<f64>) -> Self {
        Ratio { ratios, rows: Vec::new() }
    }
}

impl Accumulator for Ratio {
    fn add(&mut self, _: usize, mut row: Row) -> Result<()> {
        let offset = hash(&row.labels) as f64 / u64::MAX as f64;
        for (i, ratio) in self.ratios.iter().enumerate() {
            let chosen = if *ratio >= 0.0 { offset < *ratio } else { offset >= 1.0 + ratio };
            if !chosen {
                row.clear(i);
            }
        }
        if row.has_samples() {
            self.rows.push(row);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: Groups) -> Result<Vec<Row>> {
        Ok(self.rows)
    }

    fn group_bytes(&self) -> u64 {
        0
    }
}

/// The hash that Prometheus gives labels: XXH64 of each name and value behind its length.
fn hash(labels: &Labels) -> u64 {
    let mut bytes = Vec::with_capacity(256);
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        match u8::try_from(text.len()) {
            Ok(short) if short < 255 => bytes.push(short),
            _ => {
                bytes.push(255);
                bytes.extend_from_slice(&(text.len() as u32).to_le_bytes()[..3]);
            }
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    twox_hash::XxHash64::oneshot(0, &bytes)
}

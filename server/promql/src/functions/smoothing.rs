//! `double_exponential_smoothing`, once called `holt_winters`.

use super::RangeFunction;
use crate::error::{Error, Result};
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    matches!(name, "double_exponential_smoothing" | "holt_winters").then_some(RangeFunction::new(smooth))
}

/// Both factors lie between 0 and 1.
pub(super) fn check_params(name: &str, params: &[Vec<f64>]) -> Result<()> {
    if lookup(name).is_none() {
        return Ok(());
    }
    for (what, short, column) in [("smoothing", "sf", params.first()), ("trend", "tf", params.get(1))] {
        for factor in column.into_iter().flatten() {
            if *factor <= 0.0 || *factor >= 1.0 {
                return Err(Error::execution(format!(
                    "invalid {what} factor. Expected: 0 < {short} < 1, got: {factor:.6}"
                )));
            }
        }
    }
    Ok(())
}

fn smooth(window: &Window<'_>, params: &[f64]) -> Option<f64> {
    let (&[smoothing, trend_factor], [first, second, ..]) = (params, window.values) else { return None };
    let (mut before, mut smoothed, mut trend) = (0.0, *first, second - first);
    for (i, value) in window.values.iter().enumerate().skip(1) {
        let x = smoothing * value;
        if i > 1 {
            trend = trend_factor * (smoothed - before) + (1.0 - trend_factor) * trend;
        }
        let y = (1.0 - smoothing) * (smoothed + trend);
        (before, smoothed) = (smoothed, x + y);
    }
    Some(smoothed)
}

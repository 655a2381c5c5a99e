//! `deriv` and `predict_linear`: simple linear regression.

use super::RangeFunction;
use crate::kahan::Kahan;
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    match name {
        "deriv" => Some(RangeFunction::new(|w, _| {
            let origin = *w.timestamps.first()?;
            Some(line(w, origin)?.0)
        })),
        "predict_linear" => Some(RangeFunction::new(|w, params| {
            let (slope, intercept) = line(w, w.at_ms)?;
            Some(slope * params.first()? + intercept)
        })),
        _ => None,
    }
}

/// Slope per second and value at `origin_ms` of the line through the samples.
fn line(window: &Window<'_>, origin_ms: i64) -> Option<(f64, f64)> {
    let (values, n) = (window.values, window.values.len() as f64);
    if values.len() < 2 {
        return None;
    }
    let first = values[0];
    if values.iter().all(|v| *v == first) {
        return Some(if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) });
    }
    let [mut x_sum, mut y_sum, mut xy_sum, mut xx_sum] = [Kahan::default(); 4];
    for (&t, &y) in window.timestamps.iter().zip(values) {
        let x = (t - origin_ms) as f64 / 1e3;
        x_sum = x_sum.plus(x);
        y_sum = y_sum.plus(y);
        xy_sum = xy_sum.plus(x * y);
        xx_sum = xx_sum.plus(x * x);
    }
    let (x, y) = (x_sum.total(), y_sum.total());
    let covariance = xy_sum.total() - x * y / n;
    let variance = xx_sum.total() - x * x / n;
    let slope = covariance / variance;
    Some((slope, y / n - slope * x / n))
}

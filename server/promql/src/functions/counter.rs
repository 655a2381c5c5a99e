//! `irate`, `idelta`, `changes`, `resets`: functions of neighbouring samples.

use super::{RangeFunction, histogram_rate};
use crate::window::Window;

pub(super) fn lookup(name: &str) -> Option<RangeFunction> {
    Some(match name {
        "irate" => RangeFunction::new(|w, _| last_two(w, true)).handling(histogram_rate::irate),
        "idelta" => RangeFunction::new(|w, _| last_two(w, false)).handling(histogram_rate::idelta),
        "changes" => RangeFunction::new(|w, _| (!w.values.is_empty()).then(|| changes(w.values)))
            .handling(histogram_rate::changes),
        "resets" => RangeFunction::new(|w, _| (!w.values.is_empty()).then_some(w.resets.len() as f64))
            .handling(histogram_rate::resets)
            .with_resets(),
        _ => return None,
    })
}

fn last_two(window: &Window<'_>, is_rate: bool) -> Option<f64> {
    let [.., before, last] = *window.values else { return None };
    let [.., before_ms, last_ms] = *window.timestamps else { return None };
    let interval_ms = last_ms - before_ms;
    if interval_ms == 0 {
        return None;
    }
    // A reset counter has counted at least what it shows.
    let difference = if is_rate && last < before { last } else { last - before };
    Some(if is_rate { difference / (interval_ms as f64 / 1000.0) } else { difference })
}

pub(super) fn changes(values: &[f64]) -> f64 {
    let changed = |pair: &&[f64]| pair[0] != pair[1] && !(pair[0].is_nan() && pair[1].is_nan());
    values.windows(2).filter(changed).count() as f64
}

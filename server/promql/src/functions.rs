//! The functions: which of three shapes each has. One file a function or a family of near-identical ones.

mod absent;
mod clamp;
mod counter;
mod dates;
mod elementwise;
mod extended;
mod extended_histogram;
mod histogram;
mod histogram_rate;
mod info;
mod labels;
mod over_time;
mod ranges;
mod rate;
mod regression;
mod scalars;
mod smoothing;
mod sort;
mod timestamp;

use crate::ast::{Call, Span};
use crate::column::Steps;
use crate::error::Result;
use crate::evaluate::{Evaluator, Output, Sink};
use crate::histogram_notes::Subject;
use crate::value::Point;
use crate::window::Window;

pub(crate) use extended::smoothed_at;
pub(crate) use extended_histogram::smoothed_points;
pub(crate) use histogram::check_quantile;

/// A function that needs to see all rows, or none.
pub(crate) type Special = fn(&Evaluator<'_>, &Call, Span, Steps) -> Result<Output>;

/// A function of the samples in a window: `None` gives no sample.
#[derive(Clone, Copy)]
pub(crate) struct RangeFunction {
    /// On floats; the second argument is the scalar parameters of the call.
    pub(crate) floats: fn(&Window<'_>, &[f64]) -> Option<f64>,
    /// What becomes of histograms.
    pub(crate) histograms: Histograms,
    /// Whether the metric keeps its name.
    pub(crate) keeps_name: bool,
    /// Whether [`Window::resets`] is needed.
    pub(crate) needs_resets: bool,
    /// Another way to the same values, for all windows of a series at once.
    pub(crate) whole: Option<Whole>,
}

/// Functions that most dashboards ask for, done for a series' windows together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Rate,
    Increase,
    Delta,
    Sum,
    Mean,
}

/// A function of a window with histograms, alone or beside floats.
pub(crate) type Handle = fn(&Window<'_>, Subject<'_>) -> Option<Point>;

/// What a range function does with native histograms.
#[derive(Clone, Copy)]
pub(crate) enum Histograms {
    /// Leaves them out.
    Ignored,
    /// Handles windows with histograms.
    Handled(Handle),
}

impl RangeFunction {
    pub(crate) const fn new(floats: fn(&Window<'_>, &[f64]) -> Option<f64>) -> Self {
        RangeFunction {
            floats,
            histograms: Histograms::Ignored,
            keeps_name: false,
            needs_resets: false,
            whole: None,
        }
    }

    pub(crate) const fn handling(self, handle: Handle) -> Self {
        RangeFunction { histograms: Histograms::Handled(handle), ..self }
    }

    pub(crate) const fn keeping_name(self) -> Self {
        RangeFunction { keeps_name: true, ..self }
    }

    pub(crate) const fn by(self, whole: Whole) -> Self {
        RangeFunction { whole: Some(whole), ..self }
    }

    pub(crate) const fn with_resets(self) -> Self {
        RangeFunction { needs_resets: true, ..self }
    }
}

fn range_function(name: &str) -> Option<RangeFunction> {
    rate::lookup(name)
        .or_else(|| counter::lookup(name))
        .or_else(|| over_time::lookup(name))
        .or_else(|| regression::lookup(name))
        .or_else(|| smoothing::lookup(name))
}

/// The function of that name, if it needs to see all rows at once or is no function of rows.
pub(crate) fn special(name: &str) -> Option<Special> {
    Some(match name {
        "absent" => absent::absent,
        "absent_over_time" => absent::absent_over_time,
        "end" | "pi" | "range" | "start" | "step" | "time" => scalars::constant,
        "histogram_fraction" => histogram::fraction,
        "histogram_quantile" => histogram::quantile,
        "histogram_quantiles" => histogram::quantiles,
        "info" => info::info,
        "label_join" => labels::join,
        "label_replace" => labels::replace,
        "scalar" => scalars::scalar,
        "sort" => sort::ascending,
        "sort_by_label" => sort::by_label,
        "sort_by_label_desc" => sort::by_label_descending,
        "sort_desc" => sort::descending,
        "vector" => scalars::vector,
        _ => return dates::special(name),
    })
}

/// The rows of a call that works row by row.
pub(crate) fn stream(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let name = call.function.name;
    if let Some(function) = range_function(name) {
        return ranges::stream(evaluator, call, function, steps, sink);
    }
    match name {
        "clamp" | "clamp_max" | "clamp_min" => clamp::stream(evaluator, call, steps, sink),
        "round" => elementwise::round(evaluator, call, steps, sink),
        "timestamp" | "start_timestamp" => timestamp::stream(evaluator, call, steps, sink),
        _ => elementwise::stream(evaluator, call, steps, sink),
    }
}

//! What the selectors of `match` stages mean: LogQL, as everywhere.

use std::sync::Arc;

use collect::tail::{LinePipeline, LineSelector};

/// Compiles a selector with its pipeline.
pub(crate) fn compile(text: &str) -> Result<LineSelector, String> {
    let selector = logql::LineSelector::parse(text).map_err(|error| error.to_string())?;
    let matchers = selector.matchers().to_vec();
    let pipeline = (!selector.is_plain())
        .then(|| -> LinePipeline { Arc::new(move |labels, line, t_ns| selector.passes(labels, line, t_ns)) });
    Ok(LineSelector { matchers, pipeline })
}

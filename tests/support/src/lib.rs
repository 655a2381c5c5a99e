//! What tests share: an in-memory source of series, and the notation of Prometheus' `.test` scripts.

mod classic_histograms;
mod memory_source;
mod promql_script;
mod series_notation;

pub use memory_source::MemorySource;
pub use promql_script::{
    Command, Eval, Expectation, Expected, Load, Note, Script, almost_equal, parse_script,
};
pub use series_notation::{SeriesLine, Token, parse_metric, parse_series, parse_values};
pub mod log_source;

//! `| unwrap latency`, `| unwrap duration(latency)`, `| unwrap bytes(size)`: the value of a line.

use super::{LabelFilter, Stage};
use crate::Result;
use crate::ast::{self, Conversion};
use crate::line::{Line, LineError};
use crate::units::{parse_bytes, parse_duration};

#[derive(Debug)]
pub(crate) struct Unwrap {
    label: String,
    conversion: Conversion,
    filters: Vec<LabelFilter>,
}

impl Unwrap {
    pub(crate) fn new(unwrap: &ast::Unwrap) -> Result<Self> {
        let filters = unwrap.filters.iter().map(LabelFilter::new).collect::<Result<_>>()?;
        Ok(Unwrap { label: unwrap.label.clone(), conversion: unwrap.conversion, filters })
    }

    /// The line's value, and the label is gone; `None` if it has no such label or a later filter drops the line.
    pub(crate) fn value(&self, line: &mut Line<'_>) -> Option<f64> {
        let text = line.labels.get(&self.label)?;
        let value = match self.conversion {
            Conversion::Number => parse_float(text),
            Conversion::Duration { .. } => parse_duration(text).map(|ns| ns as f64 / 1e9),
            Conversion::Bytes => parse_bytes(text).map(|bytes| bytes as f64),
        };
        if value.is_none() {
            let what = match self.conversion {
                Conversion::Number => "number",
                Conversion::Duration { .. } => "duration",
                Conversion::Bytes => "size",
            };
            let details = format!("{:?} is not a valid {what}", text);
            line.labels.set_error(LineError::SampleExtraction, details);
        } else {
            line.labels.hide(&self.label);
        }
        self.filters.iter().all(|filter| filter.apply(line)).then_some(value.unwrap_or(0.0))
    }
}

/// A float as Go reads it.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) => {
            let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
            u64::from_str_radix(hex, 16).ok().map(|n| n as f64)
        }
    }
}

//! `| drop a, b="c"`: removes labels.

use super::Stage;
use crate::ast::LabelPick;
use crate::line::{ERROR, ERROR_DETAILS, Line};

#[derive(Debug)]
pub(super) struct Drop {
    picks: Vec<LabelPick>,
}

impl Drop {
    pub(super) fn new(picks: &[LabelPick]) -> Self {
        Drop { picks: picks.to_vec() }
    }
}

impl Stage for Drop {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        for pick in &self.picks {
            let name = match pick {
                LabelPick::Name(name) => name,
                LabelPick::Matcher(matcher) => {
                    if !line.labels.get(matcher.name()).is_some_and(|value| matcher.matches(value)) {
                        continue;
                    }
                    matcher.name()
                }
            };
            match name {
                ERROR_DETAILS => line.labels.drop_error_details(),
                ERROR => line.labels.clear_error(),
                name => line.labels.hide(name),
            }
        }
        true
    }
}

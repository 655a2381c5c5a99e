//! `| keep a, b="c"`: removes all other labels.

use super::Stage;
use crate::ast::LabelPick;
use crate::line::Line;

#[derive(Debug)]
pub(super) struct Keep {
    picks: Vec<LabelPick>,
}

impl Keep {
    pub(super) fn new(picks: &[LabelPick]) -> Self {
        Keep { picks: picks.to_vec() }
    }
}

impl Stage for Keep {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        line.labels.retain(|name, value| {
            self.picks.iter().any(|pick| match pick {
                LabelPick::Name(wanted) => wanted == name,
                LabelPick::Matcher(matcher) => matcher.name() == name && matcher.matches(value),
            })
        });
        true
    }
}

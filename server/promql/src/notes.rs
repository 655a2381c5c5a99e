//! What is said of an answer besides its value: warnings and infos, each once.

use std::collections::BTreeSet;

use crate::ast::Span;
use crate::parser::position;

/// Most notes of one kind that an answer carries.
const MAX_NOTES: usize = 100;

/// The notes of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    warnings: BTreeSet<String>,
    infos: BTreeSet<String>,
}

impl Notes {
    pub(crate) fn warn(&mut self, text: &str, span: Span, message: &str) {
        add(&mut self.warnings, format!("PromQL warning: {message} ({})", at(text, span)));
    }

    pub(crate) fn inform(&mut self, text: &str, span: Span, message: &str) {
        add(&mut self.infos, format!("PromQL info: {message} ({})", at(text, span)));
    }

    /// What the source says, without a position.
    pub(crate) fn source(&mut self, message: String) {
        add(&mut self.warnings, message);
    }

    pub(crate) fn into_parts(self) -> (Vec<String>, Vec<String>) {
        (self.warnings.into_iter().collect(), self.infos.into_iter().collect())
    }
}

fn add(notes: &mut BTreeSet<String>, note: String) {
    if notes.len() < MAX_NOTES {
        notes.insert(note);
    }
}

fn at(text: &str, span: Span) -> String {
    let (line, column) = position(text, span.start);
    format!("{line}:{column}")
}

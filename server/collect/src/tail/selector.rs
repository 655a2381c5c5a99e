//! Selectors of `match` stages. They are LogQL, which is not known here: whoever reads a configuration brings what
//! compiles them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use model::{Labels, Matcher};

use super::pipeline::Draft;

/// Whether a line gets through a pipeline: its labels, the line, its time in ns.
pub type LinePipeline = Arc<dyn Fn(&Labels, &Bytes, i64) -> bool + Send + Sync>;

/// Compiles a selector such as `{app="x"} |= "text" | json | level="error"`; an error says why it is none.
pub type CompileSelector<'a> = &'a dyn Fn(&str) -> Result<LineSelector, String>;

/// A compiled selector.
pub struct LineSelector {
    /// What the labels must be.
    pub matchers: Vec<Matcher>,
    /// What the line must be, asked once the labels fit.
    pub pipeline: Option<LinePipeline>,
}

impl fmt::Debug for LineSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineSelector").field("matchers", &self.matchers).finish_non_exhaustive()
    }
}

impl LineSelector {
    /// Whether it describes a line with the labels that it has by now.
    pub(crate) fn matches(&self, draft: &Draft) -> bool {
        let fits = |m: &Matcher| m.matches(draft.label(m.name()).unwrap_or_default());
        let passes = |pipeline: &LinePipeline| pipeline(&draft.labels(), &draft.line, draft.t_ns);
        self.matchers.iter().all(fits) && self.pipeline.as_ref().is_none_or(passes)
    }
}

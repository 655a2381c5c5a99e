//! `| line_format "{{.a}} {{.b}}"`: writes the line anew.

use template::Template;

use super::Stage;
use crate::line::{Line, LineError};
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct LineFormat {
    template: Template,
}

impl LineFormat {
    pub(super) fn new(text: &str) -> Result<Self> {
        Ok(LineFormat { template: Template::parse(text).map_err(Error::invalid)? })
    }
}

impl Stage for LineFormat {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let mut out = std::mem::take(&mut line.scratch);
        out.clear();
        match self.template.render(line, &mut out) {
            Ok(()) => line.rewritten = Some(out.as_bytes().to_vec()),
            Err(why) => line.labels.set_error(LineError::Template, why),
        }
        line.scratch = out;
        true
    }
}

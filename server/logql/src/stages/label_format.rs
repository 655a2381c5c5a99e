//! `| label_format a=b, c="{{.d}}"`: renames and makes labels.

use template::Template;

use super::Stage;
use crate::ast;
use crate::line::{Line, LineError};
use crate::{Error, Result};

#[derive(Debug)]
pub(super) struct LabelFormat {
    formats: Vec<(String, Value)>,
}

#[derive(Debug)]
enum Value {
    Rename(String),
    Template(Template),
}

impl LabelFormat {
    pub(super) fn new(formats: &[ast::LabelFormat]) -> Result<Self> {
        let compile = |format: &ast::LabelFormat| {
            let value = match &format.value {
                ast::FormatValue::Rename(src) => Value::Rename(src.clone()),
                ast::FormatValue::Template(text) => {
                    Value::Template(Template::parse(text).map_err(Error::invalid)?)
                }
            };
            Ok((format.label.clone(), value))
        };
        Ok(LabelFormat { formats: formats.iter().map(compile).collect::<Result<_>>()? })
    }
}

impl Stage for LabelFormat {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        for (label, value) in &self.formats {
            let mut out = std::mem::take(&mut line.scratch);
            out.clear();
            match value {
                Value::Rename(src) => {
                    if let Some(value) = line.labels.get(src) {
                        out.push_str(value);
                        line.labels.hide(src);
                        line.labels.set(label, &out);
                    }
                }
                Value::Template(template) => match template.render(line, &mut out) {
                    Ok(()) => line.labels.set(label, &out),
                    Err(why) => line.labels.set_error(LineError::Template, why),
                },
            }
            line.scratch = out;
        }
        true
    }
}

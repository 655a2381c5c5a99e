//! The stages of a pipeline, compiled. One stage, one file.

mod decolorize;
mod drop;
mod ip;
mod json;
mod keep;
mod label_filter;
mod label_format;
mod line_filter;
mod line_format;
mod logfmt;
mod pattern;
mod regexp;
mod unpack;
mod unwrap;

use rustc_hash::FxHashSet;

use crate::ast;
use crate::line::Line;
use crate::{Error, Result};
pub(crate) use label_filter::LabelFilter;
pub(crate) use line_filter::pushed_down;
pub(crate) use unwrap::Unwrap;

/// A compiled stage.
pub(crate) trait Stage: Send + Sync + std::fmt::Debug {
    /// Changes `line`; `false` drops it.
    fn apply(&self, line: &mut Line<'_>) -> bool;
}

/// The labels that somebody behind a stage looks at: others need not be extracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Only(FxHashSet<String>),
}

impl Wanted {
    pub(crate) fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Wanted::Only(names.into_iter().map(str::to_owned).collect())
    }

    pub(crate) fn add(&mut self, name: &str) {
        if let Wanted::Only(names) = self
            && !names.contains(name)
        {
            names.insert(name.to_owned());
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Wanted::Only(names) if names.is_empty())
    }
}

/// The labels that a label filter reads.
pub(crate) fn filter_reads(filter: &ast::LabelFilter, wanted: &mut Wanted) {
    match filter {
        ast::LabelFilter::Text(matcher) => wanted.add(matcher.name()),
        ast::LabelFilter::Quantity { name, .. } | ast::LabelFilter::Ip { name, .. } => wanted.add(name),
        ast::LabelFilter::And(a, b) | ast::LabelFilter::Or(a, b) => {
            filter_reads(a, wanted);
            filter_reads(b, wanted);
        }
    }
}

/// Adds the labels that `stage` reads to those that are wanted behind it.
fn stage_reads(stage: &ast::Stage, wanted: &mut Wanted) -> Result<()> {
    let mut template = |text: &str| -> Result<()> {
        match template::Template::parse(text).map_err(Error::invalid)?.labels() {
            Some(names) => names.iter().for_each(|name| wanted.add(name)),
            None => *wanted = Wanted::All,
        }
        Ok(())
    };
    match stage {
        ast::Stage::LineFormat(text) => template(text)?,
        ast::Stage::LabelFormat(formats) => {
            for format in formats {
                match &format.value {
                    ast::FormatValue::Rename(src) => wanted.add(src),
                    ast::FormatValue::Template(text) => {
                        if let Some(names) = template::Template::parse(text).map_err(Error::invalid)?.labels()
                        {
                            names.iter().for_each(|name| wanted.add(name));
                        } else {
                            *wanted = Wanted::All;
                        }
                    }
                }
            }
        }
        ast::Stage::LabelFilter(filter) => filter_reads(filter, wanted),
        _ => {}
    }
    Ok(())
}

/// A compiled pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline {
    stages: Vec<Box<dyn Stage>>,
    /// Whether a stage looks at or changes the line's text or labels: without, nothing of a line is needed.
    reads_lines: bool,
}

impl Pipeline {
    /// Compiles `stages`, of which those that come behind only read the labels `wanted`.
    ///
    /// A parser stops as soon as it has found what is wanted: what is wrong with the rest of a line goes unseen.
    pub(crate) fn compile(stages: &[ast::Stage], wanted: &Wanted) -> Result<Self> {
        Self::new(stages, wanted, true)
    }

    /// As [`Pipeline::compile`], with parsers that read each line to its end, so that lines fail just as they do
    /// where all labels are wanted.
    pub(crate) fn compile_whole(stages: &[ast::Stage], wanted: &Wanted) -> Result<Self> {
        Self::new(stages, wanted, false)
    }

    fn new(stages: &[ast::Stage], wanted: &Wanted, stops_early: bool) -> Result<Self> {
        let mut wanted_behind = vec![wanted.clone(); stages.len()];
        let mut so_far = wanted.clone();
        for (i, stage) in stages.iter().enumerate().rev() {
            wanted_behind[i] = so_far.clone();
            stage_reads(stage, &mut so_far)?;
        }
        let mut compiled: Vec<Box<dyn Stage>> = Vec::with_capacity(stages.len());
        for (i, stage) in stages.iter().enumerate() {
            if stops_early && is_parser(stage) && wanted_behind[i].is_nothing() {
                continue;
            }
            if is_parser(stage)
                && let Some(needles) = label_filter::Needles::of(stage, &stages[i + 1..])
            {
                compiled.push(Box::new(needles));
            }
            compiled.push(compile(stage, &wanted_behind[i], stops_early)?);
        }
        Ok(Pipeline { reads_lines: !compiled.is_empty(), stages: compiled })
    }

    pub(crate) fn reads_lines(&self) -> bool {
        self.reads_lines
    }

    /// Runs `line` through; `false` if it is dropped.
    #[inline]
    pub(crate) fn apply(&self, line: &mut Line<'_>) -> bool {
        self.stages.iter().all(|stage| stage.apply(line))
    }
}

/// Whether the stage does nothing but set labels from the line.
fn is_parser(stage: &ast::Stage) -> bool {
    matches!(
        stage,
        ast::Stage::Json(_) | ast::Stage::Logfmt(_) | ast::Stage::Regexp(_) | ast::Stage::Pattern(_)
    )
}

fn compile(stage: &ast::Stage, wanted: &Wanted, stops_early: bool) -> Result<Box<dyn Stage>> {
    Ok(match stage {
        ast::Stage::LineFilter(filter) => Box::new(line_filter::LineFilter::new(filter)?),
        ast::Stage::Json(fields) if fields.is_empty() => Box::new(json::Json::new(wanted, stops_early)),
        ast::Stage::Json(fields) => Box::new(json::JsonFields::new(fields)?),
        ast::Stage::Logfmt(logfmt) => Box::new(logfmt::Logfmt::new(logfmt, wanted, stops_early)),
        ast::Stage::Regexp(pattern) => Box::new(regexp::Regexp::new(pattern)?),
        ast::Stage::Pattern(pattern) => Box::new(pattern::PatternParser::new(pattern)?),
        ast::Stage::Unpack => Box::new(unpack::Unpack),
        ast::Stage::LineFormat(template) => Box::new(line_format::LineFormat::new(template)?),
        ast::Stage::LabelFormat(formats) => Box::new(label_format::LabelFormat::new(formats)?),
        ast::Stage::LabelFilter(filter) => Box::new(LabelFilter::new(filter)?),
        ast::Stage::Decolorize => Box::new(decolorize::Decolorize),
        ast::Stage::Drop(picks) => Box::new(drop::Drop::new(picks)),
        ast::Stage::Keep(picks) => Box::new(keep::Keep::new(picks)),
    })
}

/// A label name of what a document calls `key`: characters that a name cannot have become `_`.
pub(crate) fn push_label_name(out: &mut String, key: &str) {
    let key = key.trim();
    if out.is_empty() && key.starts_with(|c: char| c.is_ascii_digit()) {
        out.push('_');
    }
    out.extend(key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }));
}

#[cfg(test)]
mod tests;

//! Selectors, pipelines and windows.

use model::{MatchOp, Matcher};

use super::{Parser, require_matcher};
use crate::ast::*;
use crate::lexer::Kind;
use crate::{Error, Result};

/// What was found so far of `{…} | … [5m] offset 1h`, whose parts may come in several orders.
#[derive(Default)]
struct RangeParts {
    log: Option<LogExpr>,
    unwrap: Option<Unwrap>,
    range_ns: Option<i64>,
    offset_ns: Option<i64>,
    at: Option<At>,
}

impl Parser<'_> {
    /// `{a="b", c=~"d"}`
    pub(super) fn selector(&mut self) -> Result<Vec<Matcher>> {
        self.expect_mark("{")?;
        let mut matchers = Vec::new();
        if self.take_mark("}") {
            return Ok(matchers);
        }
        loop {
            matchers.push(self.matcher()?);
            if self.take_mark("}") {
                return Ok(matchers);
            }
            if !self.take_mark(",") {
                return Err(self.unexpected(&["}", ","]));
            }
            if self.take_mark("}") {
                return Ok(matchers);
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher> {
        let name = match self.peek() {
            Kind::Word(_) => self.expect_name()?,
            _ => return Err(self.unexpected(&["IDENTIFIER", "}"])),
        };
        let Some(op) = self.match_op() else {
            return Err(self.unexpected(&["=", "!=", "=~", "!~"]));
        };
        self.advance();
        let start = self.at;
        let value = self.expect_text()?;
        Matcher::new(op, name, value).map_err(|e| {
            let token = &self.tokens[start];
            crate::lexer::syntax_error(self.query, token.start, token.end, e.message().to_owned())
        })
    }

    /// The matching operator that comes next, if one does.
    pub(super) fn match_op(&self) -> Option<MatchOp> {
        match self.peek() {
            Kind::Mark("=") => Some(MatchOp::Equal),
            Kind::Mark("!=") => Some(MatchOp::NotEqual),
            Kind::Mark("=~") => Some(MatchOp::Regex),
            Kind::Mark("!~") => Some(MatchOp::NotRegex),
            _ => None,
        }
    }

    /// A selector with its pipeline.
    pub(super) fn log_expr(&mut self) -> Result<LogExpr> {
        let log = self.any_log_expr()?;
        require_matcher(&log)?;
        Ok(log)
    }

    /// A selector with its pipeline, which may select all streams there are.
    pub(super) fn any_log_expr(&mut self) -> Result<LogExpr> {
        let mut log = LogExpr { matchers: self.selector()?, stages: Vec::new() };
        while self.at_stage() {
            log.stages.push(self.stage()?);
        }
        Ok(log)
    }

    fn at_stage(&self) -> bool {
        self.is_mark("|") || self.line_op().is_some()
    }

    fn line_op(&self) -> Option<LineOp> {
        Some(match self.peek() {
            Kind::Mark("|=") => LineOp::Contains,
            Kind::Mark("!=") => LineOp::NotContains,
            Kind::Mark("|~") => LineOp::Matches,
            Kind::Mark("!~") => LineOp::NotMatches,
            Kind::Mark("|>") => LineOp::Pattern,
            Kind::Mark("!>") => LineOp::NotPattern,
            _ => return None,
        })
    }

    fn stage(&mut self) -> Result<Stage> {
        if let Some(op) = self.line_op() {
            self.advance();
            return self.line_filter(op).map(Stage::LineFilter);
        }
        self.expect_mark("|")?;
        // A label may be called like a stage: what follows tells.
        let is_filter =
            matches!(self.peek_at(1), Kind::Mark("=" | "!=" | "=~" | "!~" | "==" | ">" | ">=" | "<" | "<="));
        let word = match self.peek() {
            Kind::Word(word) if !is_filter => word.clone(),
            _ => return self.label_filter().map(Stage::LabelFilter),
        };
        self.advance();
        Ok(match word.as_str() {
            "json" => Stage::Json(self.extractions()?),
            "logfmt" => Stage::Logfmt(self.logfmt()?),
            "regexp" => Stage::Regexp(self.expect_text()?),
            "pattern" => Stage::Pattern(self.expect_text()?),
            "unpack" => Stage::Unpack,
            "line_format" => Stage::LineFormat(self.expect_text()?),
            "label_format" => Stage::LabelFormat(self.label_formats()?),
            "decolorize" => Stage::Decolorize,
            "drop" => Stage::Drop(self.label_picks()?),
            "keep" => Stage::Keep(self.label_picks()?),
            _ => {
                self.at -= 1;
                return self.label_filter().map(Stage::LabelFilter);
            }
        })
    }

    fn line_filter(&mut self, op: LineOp) -> Result<LineFilter> {
        let mut needles = vec![self.needle(op)?];
        while self.is_word("or") {
            self.advance();
            needles.push(self.needle(op)?);
        }
        Ok(LineFilter { op, needles })
    }

    fn needle(&mut self, op: LineOp) -> Result<Needle> {
        if !self.is_word("ip") {
            return self.expect_text().map(Needle::Text);
        }
        if !matches!(op, LineOp::Contains | LineOp::NotContains) {
            return Err(self.error_here("ip: invalid operation: only |= and != take ip()".to_owned()));
        }
        self.advance();
        self.expect_mark("(")?;
        let pattern = self.expect_text()?;
        self.expect_mark(")")?;
        Ok(Needle::Ip(pattern))
    }

    /// `a, b="c"`; none is fine.
    fn extractions(&mut self) -> Result<Vec<Extraction>> {
        let mut all = Vec::new();
        if !matches!(self.peek(), Kind::Word(_)) {
            return Ok(all);
        }
        loop {
            let label = self.expect_name()?;
            let expression = if self.take_mark("=") { self.expect_text()? } else { label.clone() };
            all.push(Extraction { label, expression });
            if !self.take_mark(",") {
                return Ok(all);
            }
        }
    }

    fn logfmt(&mut self) -> Result<Logfmt> {
        let mut logfmt = Logfmt::default();
        while let Kind::Flag(flag) = self.peek() {
            match flag.as_str() {
                "strict" => logfmt.strict = true,
                "keep-empty" => logfmt.keep_empty = true,
                other => return Err(self.error_here(format!("unknown flag --{other}"))),
            }
            self.advance();
        }
        logfmt.fields = self.extractions()?;
        Ok(logfmt)
    }

    fn label_formats(&mut self) -> Result<Vec<LabelFormat>> {
        let mut all: Vec<LabelFormat> = Vec::new();
        loop {
            let label = self.expect_name()?;
            if label == "__error__" {
                return Err(Error::invalid("__error__ cannot be formatted"));
            }
            if all.iter().any(|f| f.label == label) {
                return Err(Error::invalid(format!(
                    "multiple label name '{label}' not allowed in a single format operation"
                )));
            }
            self.expect_mark("=")?;
            let value = match self.peek() {
                Kind::Word(_) => FormatValue::Rename(self.expect_name()?),
                Kind::Text(_) => FormatValue::Template(self.expect_text()?),
                _ => return Err(self.unexpected(&["STRING", "IDENTIFIER"])),
            };
            all.push(LabelFormat { label, value });
            if !self.take_mark(",") {
                return Ok(all);
            }
        }
    }

    fn label_picks(&mut self) -> Result<Vec<LabelPick>> {
        let mut all = Vec::new();
        loop {
            let matches = matches!(self.peek_at(1), Kind::Mark("=" | "!=" | "=~" | "!~"));
            all.push(match matches {
                true => LabelPick::Matcher(self.matcher()?),
                false => LabelPick::Name(self.expect_name()?),
            });
            if !self.take_mark(",") {
                return Ok(all);
            }
        }
    }

    /// `{…} | … [5m] offset 1h`, in any order that Loki takes.
    pub(super) fn log_range(&mut self) -> Result<LogRange> {
        let mut parts = RangeParts::default();
        self.range_parts(&mut parts)?;
        let Some(range_ns) = parts.range_ns else {
            return Err(self.unexpected(&["RANGE"]));
        };
        Ok(LogRange {
            log: parts.log.expect("range_parts reads a selector first"),
            unwrap: parts.unwrap,
            range_ns,
            offset_ns: parts.offset_ns.unwrap_or(0),
            at: parts.at,
        })
    }

    fn range_parts(&mut self, parts: &mut RangeParts) -> Result<()> {
        if self.take_mark("(") {
            self.nested(|p| p.range_parts(parts))?;
            self.expect_mark(")")?;
        } else {
            let log = LogExpr { matchers: self.selector()?, stages: Vec::new() };
            require_matcher(&log)?;
            parts.log = Some(log);
        }
        loop {
            if self.is_mark("[") && parts.range_ns.is_none() {
                self.advance();
                parts.range_ns = Some(self.window()?);
            } else if self.is_word("offset") && parts.offset_ns.is_none() && parts.range_ns.is_some() {
                self.advance();
                parts.offset_ns = Some(self.duration()?);
            } else if self.is_mark("@") && parts.at.is_none() && parts.range_ns.is_some() {
                self.advance();
                parts.at = Some(self.at_time()?);
            } else if self.is_mark("|") && matches!(self.peek_at(1), Kind::Word(w) if w == "unwrap") {
                self.advance();
                self.advance();
                self.unwrap(parts)?;
            } else if self.at_stage() {
                self.range_stage(parts)?;
            } else {
                return Ok(());
            }
        }
    }

    /// A stage; after `unwrap` only label filters may come.
    fn range_stage(&mut self, parts: &mut RangeParts) -> Result<()> {
        let start = self.at;
        let stage = self.stage()?;
        match (&mut parts.unwrap, stage) {
            (None, stage) => {
                parts.log.as_mut().expect("range_parts reads a selector first").stages.push(stage);
            }
            (Some(unwrap), Stage::LabelFilter(filter)) => unwrap.filters.push(filter),
            (Some(_), _) => {
                self.at = start + usize::from(matches!(self.tokens[start].kind, Kind::Mark("|")));
                return Err(self.unexpected(&[]));
            }
        }
        Ok(())
    }

    /// `5m]`
    fn window(&mut self) -> Result<i64> {
        let ns = self.duration()?;
        if ns <= 0 {
            return Err(Error::invalid("the range of a log range aggregation must be positive"));
        }
        self.expect_mark("]")?;
        Ok(ns)
    }

    fn duration(&mut self) -> Result<i64> {
        let negative = self.take_mark("-");
        match *self.peek() {
            Kind::Quantity(Quantity::Duration(ns)) => {
                self.advance();
                Ok(if negative { -ns } else { ns })
            }
            // A bare number is refused by Loki, but for 0.
            Kind::Quantity(Quantity::Number(0.0)) => {
                self.advance();
                Ok(0)
            }
            _ => Err(self.unexpected(&["DURATION"])),
        }
    }

    fn at_time(&mut self) -> Result<At> {
        let negative = self.take_mark("-");
        let at = match self.peek().clone() {
            Kind::Quantity(Quantity::Number(seconds)) => {
                At::Seconds(if negative { -seconds } else { seconds })
            }
            Kind::Word(word) if word == "start" || word == "end" => {
                self.advance();
                self.expect_mark("(")?;
                if !self.is_mark(")") {
                    return Err(self.unexpected(&[")"]));
                }
                if word == "start" { At::Start } else { At::End }
            }
            _ => return Err(self.unexpected(&["NUMBER", "start", "end"])),
        };
        self.advance();
        Ok(at)
    }

    fn unwrap(&mut self, parts: &mut RangeParts) -> Result<()> {
        if parts.unwrap.is_some() {
            self.at -= 1;
            return Err(self.unexpected(&[]));
        }
        let name = self.expect_name()?;
        let conversion = match name.as_str() {
            "duration" => Conversion::Duration { long: false },
            "duration_seconds" => Conversion::Duration { long: true },
            "bytes" => Conversion::Bytes,
            _ => Conversion::Number,
        };
        let (label, conversion) = match conversion {
            conversion if conversion != Conversion::Number && self.take_mark("(") => {
                let label = self.expect_name()?;
                self.expect_mark(")")?;
                (label, conversion)
            }
            _ => (name, Conversion::Number),
        };
        parts.unwrap = Some(Unwrap { label, conversion, filters: Vec::new() });
        Ok(())
    }
}

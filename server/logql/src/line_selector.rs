//! A log query as a question to one line: does it match? As `match` stages ask it of lines on their way to a store.

use bytes::Bytes;
use model::{Labels, LineFilter, Matcher};

use crate::Result;
use crate::line::Line;
use crate::parser::parse_log;
use crate::scan::Plan;
use crate::stages::{Pipeline, Wanted};

/// Matchers and a compiled pipeline.
#[derive(Debug)]
pub struct LineSelector {
    matchers: Vec<Matcher>,
    filters: Vec<LineFilter>,
    pipeline: Pipeline,
}

impl LineSelector {
    /// Compiles `{app="x"} |= "text" | json | level="error"`. Unlike a query it may select every stream: `{}`.
    pub fn parse(text: &str) -> Result<Self> {
        let plan = Plan::new(&parse_log(text)?)?;
        let pipeline = Pipeline::compile(&plan.stages, &Wanted::All)?;
        Ok(LineSelector { matchers: plan.matchers, filters: plan.filters, pipeline })
    }

    /// What the labels must be. Asked first, by whoever knows labels one by one.
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// Whether nothing but the matchers is asked.
    pub fn is_plain(&self) -> bool {
        self.filters.is_empty() && !self.pipeline.reads_lines()
    }

    /// Whether a line of a stream that fits the matchers gets through the pipeline. `t_ns` is its time, and the time
    /// that `now` gives in templates.
    pub fn passes(&self, stream: &Labels, line: &Bytes, t_ns: i64) -> bool {
        if !self.filters.iter().all(|filter| filter.passes(line)) {
            return false;
        }
        if !self.pipeline.reads_lines() {
            return true;
        }
        let mut read = Line { now_ns: t_ns, ..Line::default() };
        read.start(t_ns, line, stream, &Labels::empty());
        self.pipeline.apply(&mut read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, line: &str, expect: bool) {
        let selector = LineSelector::parse(text).expect(text);
        let stream = Labels::from_pairs([("app", "web"), ("size", "7")]);
        let matches = selector.matchers().iter().all(|m| m.matches(stream.get(m.name()).unwrap_or_default()));
        let line = Bytes::copy_from_slice(line.as_bytes());
        assert_eq!(matches && selector.passes(&stream, &line, 0), expect, "{text} {line:?}");
    }

    #[test]
    fn all_of_a_pipeline_counts() {
        check("{}", "x", true);
        check(r#"{app="web"}"#, "x", true);
        check(r#"{app="db"}"#, "x", false);
        check(r#"{app=~"w.*"} |= "x" != "y""#, "x", true);
        check(r#"{app="web"} |= "x" != "y""#, "xy", false);
        check(r#"{app="web"} | size > 5"#, "", true);
        check(
            r#"{app="web"} | json | level="error" and took > 1s"#,
            r#"{"level":"error","took":"2s"}"#,
            true,
        );
        check(
            r#"{app="web"} | json | level="error" and took > 1s"#,
            r#"{"level":"error","took":"2ms"}"#,
            false,
        );
        check(r#"{app="web"} | logfmt | status >= 500"#, "status=503", true);
        check(r#"{app="web"} | pattern "<ip> <_>" | ip=ip("10.0.0.0/8")"#, "10.1.2.3 x", true);
        check(r#"{app="web"} |> "<_> failed""#, "it failed", true);
        check(r#"{app="web"} | line_format "{{.app}}" |= "web""#, "x", true);
        check(r#"{app="web"} | regexp "(?P<n>[0-9]+)" | n < 5 or n > 8"#, "n is 6", false);
    }

    #[test]
    fn what_is_none_says_why() {
        for (text, part) in [
            (r#"{app="x" b="y"}"#, "unexpected"),
            (r#"{app="x"} | nope"#, "unexpected"),
            (r#"count_over_time({app="x"}[1m])"#, "unexpected"),
            (r#"{app=~"("}"#, "("),
            (r#"{app="x"} | line_format "{{ nope }}""#, "nope"),
        ] {
            let why = LineSelector::parse(text).expect_err(text).to_string();
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(LineSelector::parse("{}").expect("valid").is_plain());
        assert!(!LineSelector::parse("{} | json").expect("valid").is_plain());
    }
}

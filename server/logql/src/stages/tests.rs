//! What pipelines make of lines, whichever labels are wanted.

use model::Labels;
use proptest::prelude::*;

use super::{Pipeline, Wanted};
use crate::ast::{Expr, Stage};
use crate::line::{Line, LineError};

fn stages(pipeline: &str) -> Vec<Stage> {
    match crate::parse(&format!("{{app=\"x\"}} {pipeline}")) {
        Ok(Expr::Log(log)) => log.stages,
        other => panic!("{pipeline}: {other:?}"),
    }
}

/// The line and labels after `pipeline`; `None` if it is dropped.
fn run(
    pipeline: &str,
    wanted: &Wanted,
    whole: bool,
    text: &[u8],
) -> Option<(Vec<u8>, Labels, Option<LineError>)> {
    let stages = stages(pipeline);
    let pipeline = match whole {
        true => Pipeline::compile_whole(&stages, wanted),
        false => Pipeline::compile(&stages, wanted),
    };
    let mut line = Line::default();
    line.start(5, text, &Labels::from_pairs([("app", "x")]), &Labels::empty());
    let passes = pipeline.expect("valid").apply(&mut line);
    passes.then(|| (line.text().to_vec(), line.labels.to_labels(), line.labels.error()))
}

#[test]
fn parsers_extract_what_is_wanted_and_no_more() {
    let check = |pipeline: &str, wanted: &[&str], text: &str, expect: &str| {
        let wanted = Wanted::only(wanted.iter().copied());
        let (_, labels, _) = run(pipeline, &wanted, false, text.as_bytes()).expect("passes");
        assert_eq!(labels.to_string(), expect, "{pipeline} {text}");
    };
    let json = r#"{"a":1,"b":{"c":2,"d":3},"app":"y","e":4, broken"#;
    check("| json", &["a"], json, r#"{a="1", app="x"}"#);
    check("| json", &["b_d"], json, r#"{app="x", b_d="3"}"#);
    check("| json", &["app_extracted"], json, r#"{app="x", app_extracted="y"}"#);
    check("| json", &["app"], json, r#"{app="x"}"#);
    check("| json | a > 0", &["e"], json, r#"{a="1", app="x", e="4"}"#);
    check("| json | line_format \"{{.e}}\"", &[], json, r#"{app="x", e="4"}"#);
    check("| logfmt", &["b"], "a=1 b=2 c=3 d=\"", r#"{app="x", b="2"}"#);
    check("| logfmt --strict", &["b"], "a=1 b=2 c=\"", r#"{app="x", b="2"}"#);
}

#[test]
fn what_nobody_wants_is_not_parsed() {
    let nothing = Wanted::only([]);
    for pipeline in ["| json", "| logfmt --strict", "| regexp \"(?P<a>.*)\"", "| pattern \"<a>\""] {
        let pipeline = Pipeline::compile(&stages(pipeline), &nothing).expect("valid");
        assert!(!pipeline.reads_lines());
    }
}

fn json_line() -> impl Strategy<Value = String> {
    let value = prop::sample::select(
        &["\"ERROR\"", "\"ok\"", "5", "{\"k\":\"ERROR\"}", "\"\\u0045RROR\"", "[1]", "oops"][..],
    );
    let field = (prop::sample::select(&["level", "n", "k", "app"][..]), value)
        .prop_map(|(k, v)| format!("\"{k}\":{v}"));
    let end = prop::sample::select(&["}", "", "}}", ",\"x\":\"y\"}"][..]);
    (prop::collection::vec(field, 0..4), end).prop_map(|(fields, end)| format!("{{{}{end}", fields.join(",")))
}

proptest! {
    /// A pipeline that extracts only what its filters read lets the same lines through as one that extracts all.
    #[test]
    fn filters_do_not_depend_on_what_is_wanted(text in json_line(), which in 0usize..6) {
        let pipeline = [
            "| json | level=\"ERROR\"", "| json | level=\"ERROR\" and n > 4", "| json | n > 4 or level=\"ERROR\"",
            "| json | level_k=\"ERROR\"", "| json | level!=\"ERROR\" | n < 9", "| json | __error__=\"\" | k=\"ok\"",
        ][which];
        let all = run(pipeline, &Wanted::All, false, text.as_bytes());
        let some = run(pipeline, &Wanted::only([]), true, text.as_bytes());
        prop_assert_eq!(all.is_some(), some.is_some(), "{} {}", pipeline, text);
        prop_assert_eq!(all.map(|a| a.2), some.map(|s| s.2));
    }

    /// No line makes a stage panic.
    #[test]
    fn stages_take_any_bytes(text in prop::collection::vec(any::<u8>(), 0..60)) {
        for pipeline in [
            "| json", "| json a=\"b[0].c\"", "| logfmt", "| logfmt --strict --keep-empty", "| unpack", "| decolorize",
            "| pattern \"<a> <b>\"", "| regexp \"(?P<a>.)\"", "|= ip(\"::/0\")", "|> \"<_>a<_>\"",
            "| line_format \"{{ __line__ | trunc 3 | alignLeft 5 | b64enc | b64dec }}\"",
        ] {
            run(pipeline, &Wanted::All, false, &text);
        }
    }
}

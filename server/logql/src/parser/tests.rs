//! Nothing that is typed makes the parser panic, and what is printed parses to the same tree.

use proptest::prelude::*;

use crate::parse;

/// Pieces of the language, to be put together at random.
const PIECES: [&str; 62] = [
    "{app=\"x\"}",
    "{a=~\".+\", b!=\"c\"}",
    "{",
    "}",
    "(",
    ")",
    "[5m]",
    "[",
    "]",
    "|=",
    "!=",
    "|~",
    "!~",
    "|>",
    "!>",
    "|",
    "\"text\"",
    "`raw`",
    "\"",
    "json",
    "logfmt",
    "--strict",
    "regexp",
    "\"(?P<a>b)\"",
    "pattern",
    "\"<a> <_>\"",
    "unpack",
    "line_format",
    "\"{{.a}}\"",
    "label_format",
    "a=b",
    "c=\"{{.d}}\"",
    "drop",
    "keep",
    "decolorize",
    "unwrap",
    "duration(a)",
    "bytes(b)",
    "a > 5",
    "b <= 20ms",
    "c == 5KB",
    "d = ip(\"10.0.0.0/8\")",
    "and",
    "or",
    "unless",
    ",",
    "count_over_time(",
    "rate(",
    "quantile_over_time(0.9,",
    "sum",
    "by (a)",
    "without (b)",
    "topk(3,",
    "+",
    "^",
    "bool",
    "on (a)",
    "group_left",
    "offset 5m",
    "@ 10",
    "1",
    "label_replace(",
];

proptest! {
    #[test]
    fn never_panics_on_text(query in ".{0,200}") {
        let _ = parse(&query).map(|expr| crate::validate(&expr));
    }

    #[test]
    fn prints_what_it_parsed(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..16)) {
        let query = pieces.join(" ");
        if let Ok(expr) = parse(&query) {
            let printed = expr.to_string();
            prop_assert_eq!(parse(&printed).map_err(|e| format!("{printed}: {e}")), Ok(expr));
        }
    }

    #[test]
    fn never_panics_on_templates(template in "(\\{\\{|\\}\\}|[a-z.$|()\"` 0-9:=-]|if |end|else|range ){0,40}") {
        let _ = template::Template::parse(&template);
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("(", ")"), ("sum(", ")")] {
        let query = format!("{}1{}", open.repeat(50_000 / open.len()), close.repeat(50_000 / open.len()));
        let error = parse(&query).expect_err("too deep").to_string();
        assert!(error.contains("nested more than"), "{error}");
    }
    let filter = format!("{{a=\"b\"}} | {}c=\"d\"{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(parse(&filter).is_err());
    let power = format!("1{}", "^1".repeat(5_000));
    assert!(parse(&power).is_err());
    for (head, link) in [
        ("rate({a=\"b\"}[5m])", "+1"),
        ("vector(1)", " or vector(1)"),
        ("{a=\"b\"} | a=\"b\"", " or a=\"b\""),
    ] {
        assert!(parse(&format!("{head}{}", link.repeat(1_000))).is_ok(), "{link}");
        let error = parse(&format!("{head}{}", link.repeat(6_000))).expect_err("too many").to_string();
        assert!(error.contains("more than 1000 operators"), "{error}");
    }
    let long = format!("{{a=\"{}\"}}", "x".repeat(200_000));
    assert_eq!(
        parse(&long).expect_err("too long").to_string(),
        "parse error : input size too long (200006 > 131072)"
    );
}

#[test]
fn a_long_chain_is_no_deep_nest() {
    let sum = format!("vector(1){}", " + vector(1)".repeat(2_000));
    assert!(parse(&sum).is_ok() || parse(&sum).is_err_and(|e| e.to_string().contains("operators")));
}

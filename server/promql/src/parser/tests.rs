//! What parses into what, and how what does not parse is refused.

use super::*;

/// Parses and prints again.
fn check(text: &str, printed: &str) {
    match parse(text) {
        Ok(query) => {
            assert_eq!(query.expr().to_string(), printed, "{text}");
            let again = parse(printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
            assert_eq!(again.expr().to_string(), printed, "printed form of {text}");
        }
        Err(error) => panic!("{text}: {error}"),
    }
}

fn fails(text: &str, message: &str) {
    match parse(text) {
        Ok(query) => panic!("{text} parsed as {}", query.expr()),
        Err(error) => assert_eq!(error.to_string(), message, "{text}"),
    }
}

#[test]
fn literals() {
    check("1", "1");
    check("0x1f", "31");
    check("1_000", "1000");
    check("-2", "-2");
    check("+Inf", "+Inf");
    check("nan", "NaN");
    check("5m", "5m");
    check("1 # one\n", "1");
    check(r#""a\"b""#, r#""a\"b""#);
    check("`a\\b`", r#""a\\b""#);
}

#[test]
fn selectors() {
    check("up", "up");
    check("a:b:c", "a:b:c");
    check(r#"up{job="a",instance!~"b.*",}"#, r#"up{job="a",instance!~"b.*"}"#);
    check(r#"{__name__="up"}"#, r#"{__name__="up"}"#);
    check(r#"{"my.metric","label.name"="x"}"#, r#"{"my.metric","label.name"="x"}"#);
    check("sum{on='x'}", r#"sum{on="x"}"#);
    check("up[5m] offset -1m @ 1.5", "up[5m] @ 1.500 offset -1m");
    check("up @ start() offset 90s", "up @ start() offset 1m30s");
    check("up[5m*2] anchored", "up[5m * 2] anchored");
    check("rate(up[5m] smoothed)", "rate(up[5m] smoothed)");
    check("up[max_of(step(), range() / 2)]", "up[max_of(step(), range() / 2)]");
    check("(a+b)[1h:]", "(a + b)[1h:]");
    check("a[1h:5m] offset (1m+1m) @ end()", "a[1h:5m] @ end() offset (1m + 1m)");
}

#[test]
fn operators() {
    check("a + b * c ^ d ^ e", "a + b * c ^ d ^ e");
    check("-a ^ 2", "-a ^ 2");
    check("a and b or c unless d", "a and b or c unless d");
    check("1 == bool 2", "1 == bool 2");
    check("a / on(x,y) group_left(z) b", "a / on (x, y) group_left (z) b");
    check("a - ignoring() b", "a - b");
    check("a + on() group_right b", "a + on () group_right () b");
    check("a + fill(0) b", "a + fill (0) b");
    check("a + on(x) fill_left(-1) fill_right(2) b", "a + on (x) fill_left (-1) fill_right (2) b");
    check("a </ 3 atan2 b", "a </ 3 atan2 b");
    check("metric offset -2 ^ 2", "metric offset -2s ^ 2");
}

#[test]
fn calls_and_aggregations() {
    check("sum by (a, b,) (x)", "sum by (a, b) (x)");
    check("SUM(x) without (le)", "sum without (le) (x)");
    check("topk(5, x)", "topk(5, x)");
    check(r#"count_values by ("a.b") ("v", x)"#, r#"count_values by ("a.b") ("v", x)"#);
    check(
        "histogram_quantile(0.9, sum by(le) (rate(x[5m])))",
        "histogram_quantile(0.9, sum by (le) (rate(x[5m])))",
    );
    check("time() - start()", "time() - start()");
    check("round(x, 5)", "round(x, 5)");
    check("day_of_week()", "day_of_week()");
}

#[test]
fn refusals() {
    fails("", "1:1: parse error: no expression found in input");
    fails("1 +", "1:4: parse error: unexpected end of input");
    fails("(1", "1:3: parse error: unclosed left parenthesis");
    fails("1)", "1:2: parse error: unexpected right parenthesis ')'");
    fails("foo(1)", "1:1: parse error: unknown function with name \"foo\"");
    fails(
        "rate(up)",
        "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
    );
    fails("rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0");
    fails("1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier");
    fails("1 + bool 2", "1:3: parse error: bool modifier can only be used on comparison operators");
    fails("1 and up", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression");
    fails("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher");
    fails(r#"{a=~".*"}"#, "1:1: parse error: vector selector must contain at least one non-empty matcher");
    fails(r#"a{__name__="b"}"#, "1:1: parse error: metric name must not be set twice: \"a\" or \"b\"");
    fails("up[5m", "1:6: parse error: unclosed left bracket");
    fails("up[0s]", "1:4: parse error: duration must be greater than 0");
    fails(
        "up offset",
        "1:10: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
    );
    fails(
        "(up) offset 5m",
        "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    );
    fails("up @", "1:5: parse error: unexpected end of input in @, expected timestamp");
    fails("up{a=b}", "1:6: parse error: unexpected identifier \"b\" in label matching, expected string");
    fails("up{a}", "1:5: parse error: unexpected \"}\" in label matching, expected label matching operator");
    fails("sum by a (x)", "1:8: parse error: unexpected identifier \"a\" in grouping opts, expected \"(\"");
    fails(
        "a + on(x) group_left(x) b",
        "1:3: parse error: label \"x\" must not occur in ON and GROUP clause at once",
    );
    fails("\nup ?", "2:4: parse error: unexpected character: '?'");
    fails("\"a", "1:1: parse error: unterminated quoted string");
    fails("a b", "1:3: parse error: unexpected identifier \"b\"");
    fails("1m1h", "1:1: parse error: not a valid duration string: \"1m1h\"");
    fails("1.5.5", "1:1: parse error: bad number or duration syntax: \"1.5.5\"");
    fails(
        "topk(x)",
        "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
    );
    fails("rate(x[5m],)", "1:11: parse error: trailing commas not allowed in function call args");
}

#[test]
fn deep_and_long_input_is_refused_or_fits_a_small_stack() {
    let work = || {
        for refused in ["(", "-", "1+", "abs(", "x[1m:", "sum("] {
            assert!(parse(&refused.repeat(100_000)).is_err());
        }
        assert!(parse(&format!("x[{}1]", "-".repeat(100_000))).is_err());
        assert!(parse(&format!("x{}", "[1m:]".repeat(100_000))).is_err());
        for (open, inner, close, times) in
            [("(", "1", ")", 390), ("abs(", "x", ")", 390), ("", "x", " + x", 390), ("-", "x", "", 390)]
        {
            let text = format!("{}{inner}{}", open.repeat(times), close.repeat(times));
            let query = parse(&text).unwrap_or_else(|e| panic!("{open}{inner}{close}: {e}"));
            assert!(!query.expr().to_string().is_empty());
            let source = test_support::MemorySource::new();
            let control = model::Control::default();
            let answer = crate::instant(&source, &query, 0, &crate::Options::default(), &control);
            assert!(answer.is_ok(), "{answer:?}");
        }
    };
    // What a thread has by default.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work).expect("a thread");
    thread.join().expect("no panic");
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "[ a-c(){}\\[\\]:@=!~<>/+*^%,.\"'`0-9xsmhinfofet_\\\\#\u{e9}-]{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn words_never_panic(words in proptest::collection::vec(proptest::sample::select(vec![
        "up", "sum", "by", "(", ")", "{", "}", "[", "]", "5m", ":", "offset", "@", "start", "()", "on", "ignoring",
        "group_left", "fill", "1", "-", "+", "^", "and", "or", "rate", ",", "=", "=~", "\"x\"", "bool", "==", "step()",
        "anchored", "</", "without", "topk",
    ]), 0..20)) {
        if let Ok(query) = parse(&words.join(" ")) {
            let printed = query.expr().to_string();
            let again = parse(&printed).map(|q| q.expr().to_string());
            proptest::prop_assert_eq!(again.as_deref().ok(), Some(printed.as_str()));
        }
    }
}

/// Expressions of the grammar that older parsers know too.
fn classic() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let leaf = proptest::sample::select(vec![
        "up",
        "1.5",
        "x{a=\"b\"}",
        "x{a=~\"b|c\",d!=\"\"} offset 5m",
        "y @ 10",
        "rate(x[5m])",
        "sum_over_time(x[1h:1m])",
        "time()",
        "-2",
        "Inf",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let ops = vec!["+", "-", "*", "/", "%", "^", "== bool", "> bool", "atan2"];
        prop_oneof![
            (inner.clone(), proptest::sample::select(ops), inner.clone())
                .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("sum by (a) (vector(scalar(x)) + {a})")),
            inner.clone().prop_map(|a| format!("topk(3, x * ({a}))")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("(x + {a}) and on (a) (x * {b})")),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    /// An independent parser agrees on what is an expression, and that the printed form is one.
    #[test]
    fn agrees_with_another_parser(text in classic()) {
        let theirs = promql_parser::parser::parse(&text);
        match parse(&text) {
            Ok(query) => {
                proptest::prop_assert!(theirs.is_ok(), "{} is refused: {:?}", text, theirs.err());
                let printed = query.expr().to_string();
                proptest::prop_assert!(promql_parser::parser::parse(&printed).is_ok(), "{} became {}", text, printed);
            }
            Err(error) => proptest::prop_assert!(theirs.is_err(), "{}: {}", text, error),
        }
    }
}

//! Pages read, pages refused, and the same pages read by another parser.

use model::MetricKind::{Counter, Gauge, Summary};
use proptest::prelude::*;

use super::*;

fn show(page: &[u8], format: Format) -> Result<String> {
    let mut out = String::new();
    for item in Parser::new(page, format)? {
        match item? {
            Item::Sample(p) => {
                out += &format!("{} {}", p.labels()?, p.value);
                p.timestamp_ms.inspect(|t| out += &format!(" @{t}"));
                p.exemplar(7)?
                    .inspect(|e| out += &format!(" # {} {} @{}", e.labels, e.sample.value, e.sample.t_ms));
                out += "\n";
            }
            other => out += &format!("{other:?}\n"),
        }
    }
    Ok(out)
}

fn check(page: &str, expect: &str) {
    let got = show(page.as_bytes(), Format::Text).unwrap_or_else(|e| e.to_string());
    assert_eq!(got.trim_end(), expect, "{page}");
}

fn check_open_metrics(page: &str, expect: &str) {
    let got = show(page.as_bytes(), Format::OpenMetrics).unwrap_or_else(|e| e.to_string());
    assert_eq!(got.trim_end(), expect, "{page}");
}

#[test]
fn text_samples() {
    check("", "");
    check("up 1", r#"{__name__="up"} 1"#);
    check("\n \t\n  up\t 1 \n", r#"{__name__="up"} 1"#);
    check("up{a=\"b\"}1 -12\n", r#"{__name__="up", a="b"} 1 @-12"#);
    check(r#"up{a="}"} 1.5e3 1700000000000"#, r#"{__name__="up", a="}"} 1500 @1700000000000"#);
    check("a +Inf\nb -inf\nc nan\nd .5\ne -0", {
        "{__name__=\"a\"} inf\n{__name__=\"b\"} -inf\n{__name__=\"c\"} NaN\n{__name__=\"d\"} 0.5\n{__name__=\"e\"} -0"
    });
    check(r#"{"größe.von",a="1"} 2"#, r#"{__name__="größe.von", a="1"} 2"#);
    let nan = Parser::new(b"a NaN", Format::Text).unwrap().next();
    assert!(matches!(nan, Some(Ok(Item::Sample(p))) if p.value.to_bits() == NORMAL_NAN_BITS));
}

#[test]
fn text_comments() {
    check("# a comment\n#HELP x\n#\n# HELPLESS", "");
    check("# HELP a b \\\\ \\n c ", r#"Help { family: "a", text: "b \\ \n c " }"#);
    check("# HELP a", r#"Help { family: "a", text: "" }"#);
    check("#  TYPE\ta\t counter ", r#"Type { family: "a", kind: Counter }"#);
    check("# TYPE \"my.metric\" untyped", r#"Type { family: "my.metric", kind: Unknown }"#);
}

#[test]
fn text_refusals() {
    check("up 1\nup{a=\"b\" 1", r#"line 2: labels have no closing }: "up{a=\"b\" 1""#);
    check("up{a=\"b 1\nx 2", r#"line 1: a quoted text has no closing quote: "up{a=\"b 1""#);
    check("up{a=\"b\\", r#"line 1: a quoted text ends in a backslash: "up{a=\"b\\""#);
    check("up", r#"line 1: a value was expected: "up""#);
    check("up{}", r#"line 1: a value was expected: "up{}""#);
    check("up one", r#"line 1: the value is not a number: "up one""#);
    check("up 0x1p3", r#"line 1: the value is not a number: "up 0x1p3""#);
    check("up -nan", r#"line 1: a NaN has no sign: "up -nan""#);
    check("up 1 2 3", r#"line 1: text follows the timestamp: "up 1 2 3""#);
    check("up 1 2.5", r#"line 1: a timestamp in ms was expected after the value: "up 1 2.5""#);
    check("up 1\r\n", "line 1: the value is not a number: \"up 1\\r\"");
    check("1up 1", r#"line 1: a metric name was expected: "1up 1""#);
    check("up-down 1", r##"line 1: not a metric name: "up-down 1""##);
    check("# TYPE a thing", r##"line 1: not a metric type: "# TYPE a thing""##);
    check("# TYPE a-b gauge", r##"line 1: not a metric name: "# TYPE a-b gauge""##);
    check("up{a=\"1\",a=\"2\"} 1", r#"line 1: label "a" appears twice: "up{a=\"1\",a=\"2\"}""#);
    check("<html>", r#"line 1: a metric name was expected: "<html>""#);
    let bad = show(b"up 1\nx \xff 1\n", Format::Text).unwrap_err().to_string();
    assert_eq!(bad, "line 2: not valid UTF-8: \"x \u{fffd} 1\"");
    let long = format!("{} 1", "-".repeat(5_000));
    assert!(show(long.as_bytes(), Format::Text).unwrap_err().to_string().len() < 300);
}

#[test]
fn open_metrics() {
    check_open_metrics("# EOF\n", "");
    check_open_metrics("# EOF", "");
    check_open_metrics(
        "# HELP a say \\\"hi\\\"\n# TYPE a counter\n# UNIT a s\na_total{x=\"1\"} 1 12.5 # {trace_id=\"t\"} 0.5 1.25\n# EOF\n",
        "Help { family: \"a\", text: \"say \\\"hi\\\"\" }\nType { family: \"a\", kind: Counter }\n\
         Unit { family: \"a\", unit: \"s\" }\n\
         {__name__=\"a_total\", x=\"1\"} 1 @12500 # {trace_id=\"t\"} 0.5 @1250",
    );
    check_open_metrics(
        "a_bucket{le=\"+Inf\"} 3 # {} 4\n# EOF",
        r#"{__name__="a_bucket", le="+Inf"} 3 # {} 4 @7"#,
    );
    check_open_metrics("a 1", r#"line 2: the page does not end in # EOF: """#);
    check_open_metrics("# EOF\na 1\n", r#"line 2: text follows # EOF: "a 1""#);
    check_open_metrics("\n# EOF", r#"line 1: an empty line: """#);
    check_open_metrics("a  1\n# EOF", r#"line 1: one blank only was expected: "a  1""#);
    check_open_metrics("# what\n# EOF", r##"line 1: neither # HELP, # TYPE, # UNIT nor # EOF: "# what""##);
    check_open_metrics("a 1 # 5\n# EOF", r#"line 1: an exemplar was expected after #: "a 1 # 5""#);
    check_open_metrics("a 1 # {} x\n# EOF", r#"line 1: the value is not a number: "a 1 # {} x""#);
    check_open_metrics("a 1 1e300\n# EOF", r#"line 1: a timestamp in seconds was expected: "a 1 1e300""#);
}

#[test]
fn the_first_error_ends_the_page() {
    let items: Vec<_> = Parser::new(b"a 1\nb\nc 3\n", Format::Text).unwrap().collect();
    assert_eq!(items.len(), 2);
    assert!(items[0].is_ok() && items[1].is_err());
}

#[test]
fn content_types() {
    let of = Format::from_content_type;
    assert_eq!(of("application/openmetrics-text; version=1.0.0; charset=utf-8"), Format::OpenMetrics);
    assert_eq!(of("text/plain; version=0.0.4"), Format::Text);
    assert_eq!(of(""), Format::Text);
}

/// What `prometheus-parse` makes of a page, in the form of `ours`. It gets gauges and counters right whose names
/// have no colon.
fn theirs(page: &str) -> Vec<(Labels, u64)> {
    let lines = page.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    let value = |v: &prometheus_parse::Value| match v {
        prometheus_parse::Value::Counter(v)
        | prometheus_parse::Value::Gauge(v)
        | prometheus_parse::Value::Untyped(v) => v.to_bits(),
        _ => panic!("a kind that the pages here have not"),
    };
    let mut all: Vec<_> = scrape
        .samples
        .iter()
        .map(|s| {
            let labels = s.labels.iter().map(|(n, v)| (n.clone(), v.clone()));
            (Labels::from_pairs(labels.chain([("__name__".to_owned(), s.metric.clone())])), value(&s.value))
        })
        .collect();
    all.sort();
    all
}

fn ours(page: &str) -> Vec<(Labels, u64)> {
    let items = Parser::new(page.as_bytes(), Format::Text).unwrap().map(|item| item.unwrap());
    let mut all: Vec<_> = items
        .filter_map(|item| match item {
            Item::Sample(p) => Some((p.labels().unwrap(), p.value.to_bits())),
            _ => None,
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn agrees_with_prometheus_parse(rows in proptest::collection::vec(
        ("[a-z_][a-z0-9_]{0,8}", proptest::collection::btree_map("[a-z][a-z0-9]{0,4}", "[a-zA-Z0-9 .:/-]{1,9}", 0..4),
         prop_oneof![any::<i32>().prop_map(f64::from), -1e9..1e9f64]), 0..12)) {
        let mut page = super::super::Page::default();
        for (i, (name, labels, value)) in rows.iter().enumerate() {
            let labels: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let kind = if i % 2 == 0 { Gauge } else { Counter };
            page.family(&format!("{name}_{i}"), kind, "Help.").sample(&labels, *value);
        }
        prop_assert_eq!(ours(page.as_str()), theirs(page.as_str()));
    }

    #[test]
    fn pages_come_back_as_written(rows in proptest::collection::vec(
        (".{1,8}", proptest::collection::btree_map("[^_].{0,4}", ".{1,9}", 0..4), any::<f64>()), 0..8)) {
        let mut page = super::super::Page::default();
        let mut expect = Vec::new();
        for (name, labels, value) in &rows {
            let list: Vec<(&str, &str)> = labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            page.family(name, Summary, "Any\nhelp \\ at all.").sample(&list, *value);
            let bits = if value.is_nan() { NORMAL_NAN_BITS } else { value.to_bits() };
            let pairs = list.iter().copied().chain([("__name__", name.as_str())]);
            expect.push((Labels::from_pairs(pairs), bits));
        }
        expect.sort();
        prop_assert_eq!(ours(page.as_str()), expect);
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), text in "[a-z{}\"\\\\#=, \n0-9]{0,60}") {
        for format in [Format::Text, Format::OpenMetrics] {
            let _ = show(&bytes, format);
            let _ = show(text.as_bytes(), format);
        }
    }
}

//! Each stage, with what it makes of lines.

use crate::tail::tests::Bench;

/// Sends lines through stages and compares streams, with their structured metadata if there is any.
fn check(stages: &str, lines: &[&str], expect: &[&str]) {
    check_after(stages, lines, 0, expect);
}

fn check_after(stages: &str, lines: &[&str], wait_ms: i64, expect: &[&str]) {
    let mut bench = Bench::new("f", stages);
    for line in lines {
        bench.write("f", format!("{line}\n"));
    }
    bench.pass(0);
    if wait_ms > 0 {
        bench.pass(wait_ms);
    }
    let meta = |(stream, (_, _, meta)): (String, (i64, String, String))| {
        let stream = stream.replace(r#", filename="f""#, "");
        let stream = stream.replace(r#"filename="f", "#, "").replace(r#"filename="f""#, "");
        if meta == "{}" { stream } else { format!("{stream} {meta}") }
    };
    let got: Vec<String> = bench.streams().into_iter().zip(bench.entries()).map(meta).collect();
    assert_eq!(got, expect, "{stages}");
}

#[test]
fn json() {
    let stages =
        "[{json: {expressions: {a: , b: x.y, c: 'l[1]', d: '\"k-1\"'}}}, {labels: {a: , b: , c: , d: }}]";
    check(
        stages,
        &[r#"{"a":1.50,"x":{"y":{"z":[1]}},"l":[1,true],"k-1":null}"#],
        &[r#"{a="1.5", b="{\"z\":[1]}", c="true"} {"a":1.50,"x":{"y":{"z":[1]}},"l":[1,true],"k-1":null}"#],
    );
    check(
        stages,
        &[r#"{"a":1763805600123456789}"#],
        &[r#"{a="1763805600123456789"} {"a":1763805600123456789}"#],
    );
    let inner =
        "[{json: {expressions: {log: }}}, {json: {source: log, expressions: {a: }}}, {labels: {a: }}]";
    check(
        inner,
        &[r#"{"log":"{\"a\":\"\u00fc\"}"}"#],
        &["{a=\"ü\"} {\"log\":\"{\\\"a\\\":\\\"\\u00fc\\\"}\"}"],
    );
    check("[{json: {drop_malformed: true, expressions: {a: }}}]", &["{", "[1]", "{} x", "{}"], &["{} {}"]);
}

#[test]
fn output_regex_and_replace() {
    let regex = "{regex: {expression: '^(?P<level>[A-Z]+) (?P<text>.*)$'}}";
    check(
        &format!("[{regex}, {{labels: {{level: }}}}, {{output: {{source: text}}}}]"),
        &["INFO hi", "hi"],
        &[r#"{level="INFO"} hi"#, "{} hi"],
    );
    let from_groups = "[{regex: {expression: '(?P<n>\\d+)', labels_from_groups: true}}]";
    check(from_groups, &["a 12 b 13"], &[r#"{n="12"} a 12 b 13"#]);
    check(
        "[{replace: {expression: 'pw=(\\S+)', replace: '***'}}]",
        &["pw=a pw=b c", "x"],
        &["{} pw=*** pw=*** c", "{} x"],
    );
    check("[{replace: {expression: 'pw', replace: ''}}]", &["a pw b"], &["{} a  b"]);
}

#[test]
fn logfmt() {
    let stages = "[{logfmt: {mapping: {a: , b: msg, c: }}}, {labels: {a: , b: , c: }}]";
    check(
        stages,
        &[r#"a=1 msg="x \"y\" z" c other=2"#],
        &[r#"{a="1", b="x \"y\" z"} a=1 msg="x \"y\" z" c other=2"#],
    );
    check(stages, &["a=\"1"], &["{} a=\"1"]);
}

#[test]
fn labels_of_all_kinds() {
    let json = "{json: {expressions: {a: , b: }}}";
    let line = r#"{"a":"1","b":"2"}"#;
    let labels = format!("{json}, {{labels: {{x: a, b: }}}}");
    check(
        &format!("[{labels}, {{static_labels: {{s: t}}}}, {{labeldrop: [b, job]}}]"),
        &[line],
        &[&format!(r#"{{s="t", x="1"}} {line}"#)],
    );
    check(&format!("[{labels}, {{labelallow: [x]}}]"), &[line], &[&format!(r#"{{x="1"}} {line}"#)]);
    check(
        &format!("[{labels}, {{structured_metadata: {{a: , b: }}}}]"),
        &[line],
        &[&format!(r#"{{x="1"}} {line} {{a="1", b="2"}}"#)],
    );
    check(
        &format!("[{labels}, {{pack: {{labels: [x, b]}}}}]"),
        &[r#"{"a":"1"}"#],
        &[r#"{} {"x":"1","_entry":"{\"a\":\"1\"}"}"#],
    );
}

#[test]
fn matching_and_dropping() {
    let stages = "[{match: {selector: '{job=\"j\"} |= \"x\"', stages: [{static_labels: {m: '1'}}]}}, \
                  {match: {selector: '{job=~\"j\"} !~ `[0-9]`', action: drop}}]";
    check(stages, &["x 1", "y 2", "z"], &[r#"{m="1"} x 1"#, "{} y 2"]);
    check("[{drop: {expression: '^#'}}]", &["# a", "b"], &["{} b"]);
    check("[{drop: {longer_than: 3}}]", &["abcd", "abc"], &["{} abc"]);
    let json = "{json: {expressions: {a: , b: }}}";
    check(
        &format!("[{json}, {{drop: {{source: [a, b], value: '1;2'}}}}]"),
        &[r#"{"a":1,"b":2}"#, "{}"],
        &["{} {}"],
    );
    check(&format!("[{json}, {{drop: {{source: a}}}}]"), &[r#"{"a":1}"#, "{}"], &["{} {}"]);
    let timestamp = "{timestamp: {source: a, format: Unix}}";
    check(
        &format!("[{json}, {timestamp}, {{drop: {{older_than: 24h}}}}]"),
        &[r#"{"a":1}"#, r#"{"a":1767268000}"#],
        &[r#"{} {"a":1767268000}"#],
    );
}

#[test]
fn containers() {
    check(
        "[docker]",
        &[r#"{"log":"hi\n","stream":"stderr","time":"2025-11-22T10:00:00.5Z"}"#],
        &["{stream=\"stderr\"} hi\n"],
    );
    let lines = ["2025-11-22T10:00:00.5Z stdout P one ", "2025-11-22T10:00:01Z stdout F two", "no such form"];
    check("[{cri: {}}]", &lines, &[r#"{stream="stdout"} one two"#, "{} no such form"]);
}

#[test]
fn rates() {
    check("[{limit: {rate: 1, burst: 2, drop: true}}]", &["a", "b", "c"], &["{} a", "{} b"]);
    check("[{limit: {rate: 1, burst: 2}}]", &["a", "b", "c", "d"], &["{} a", "{} b"]);
    check_after("[{limit: {rate: 1, burst: 2}}]", &["a", "b", "c", "d"], 1_000, &["{} a", "{} b", "{} c"]);
    check("[{sampling: {rate: 1}}]", &["a"], &["{} a"]);
    check("[{sampling: {rate: 0}}]", &["a"], &[]);
}

#[test]
fn times() {
    let check = |timestamp: &str, value: &str, expect: Option<i64>| {
        let stages =
            format!("[{{regex: {{expression: '(?P<t>.*)'}}}}, {{timestamp: {{source: t, {timestamp}}}}}]");
        let mut bench = Bench::new("f", &stages);
        bench.write("f", format!("{value}\n"));
        bench.pass(0);
        assert_eq!(bench.entries()[0].0, expect.unwrap_or(bench.now_ns()), "{timestamp} {value}");
    };
    let t = 1_763_805_600_000_000_000;
    check("format: RFC3339", "2025-11-22T10:00:00Z", Some(t));
    check("format: RFC3339Nano", "2025-11-22T10:00:00.000000001Z", Some(t + 1));
    check("format: UnixMs", "1763805600000", Some(t));
    check("format: UnixNs, fallback_formats: [RFC3339]", "2025-11-22T10:00:00Z", Some(t));
    check("format: '2006-01-02 15:04:05', location: UTC", "2025-11-22 10:00:00", Some(t));
    check("format: RFC3339, action_on_failure: skip", "never", None);
}

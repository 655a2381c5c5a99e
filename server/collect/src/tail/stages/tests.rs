//! Each stage, with what it makes of lines.

use crate::tail::tests::{Bench, selectors};

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
    // A selector may have any pipeline that a query may have; the line itself stays as it is.
    let pipelines = "[{match: {selector: '{job=\"j\"} | json | level=~\"e.*\" | took > 1s', stages: [{static_labels: {slow: y}}]}}, \
                     {match: {selector: '{slow=\"\"} | logfmt | line_format \"{{.a}}\" |= \"drop\"', action: drop}}]";
    let slow = r#"{"level":"err","took":"2s"}"#;
    check(
        pipelines,
        &[slow, r#"{"level":"err","took":"2ms"}"#, "a=\"drop me\"", "a=keep"],
        &[&format!(r#"{{slow="y"}} {slow}"#), r#"{} {"level":"err","took":"2ms"}"#, "{} a=keep"],
    );
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

#[test]
fn templates() {
    let regex = "{regex: {expression: '^(?P<level>\\S+) (?P<app>\\S+)'}}";
    let labels = "{labels: {level: , app: , new: }}";
    let with = |source: &str, template: &str| {
        format!("[{regex}, {{template: {{source: {source}, template: '{template}'}}}}, {labels}]")
    };
    let check =
        |stages: String, expect: &str| check(&stages, &["WARN web"], &[&format!("{expect} WARN web")]);
    check(with("level", "{{ ToLower .Value }}"), r#"{app="web", level="warn"}"#);
    check(with("new", "{{ .app }}-{{ .level | lower }}"), r#"{app="web", level="WARN", new="web-warn"}"#);
    check(with("new", "{{ .Entry | len }}{{ .job }}"), r#"{app="web", level="WARN", new="8j"}"#);
    // Nothing written is nothing extracted; what is not there prints as in Go.
    check(with("app", "{{ if eq .Value \"db\" }}x{{ end }}"), r#"{level="WARN"}"#);
    check(with("new", "{{ .none }}"), r#"{app="web", level="WARN", new="<no value>"}"#);
    check(with("new", "{{ Hash \"a\" .app | trunc 4 }}"), r#"{app="web", level="WARN", new="d89c"}"#);
}

#[test]
fn replace_by_a_template() {
    check(
        "[{replace: {expression: 'ip=(\\S+)', replace: '{{ .Value | upper }}!'}}]",
        &["ip=ab ip=cd"],
        &["{} ip=AB! ip=CD!"],
    );
}

#[test]
fn colours_patterns_and_numbers() {
    check("[decolorize]", &["\u{1b}[1;31mred\u{1b}[0m \u{1b}x"], &["{} red \u{1b}x"]);
    let pattern = "{pattern: {expression: '<ip> - <_> \"<method> <path>\" <status>'}}";
    check(
        &format!("[{pattern}, {{labels: {{ip: , method: , path: , status: }}}}]"),
        &["::1 - bob \"GET /a b\" 200", "other"],
        &[
            r#"{ip="::1", method="GET", path="/a b", status="200"} ::1 - bob "GET /a b" 200"#,
            "{ip=\"other\"} other",
        ],
    );
    check(
        "[{luhn: {}}]",
        &["card 4539578763621486 ok", "id 4539578763621487", "short 18"],
        &["{} card **REDACTED** ok", "{} id 4539578763621487", "{} short 18"],
    );
    check(
        "[{luhn: {replacement: X, delimiters: ' -', min_length: 13}}]",
        &["4539-5787 6362-1486 and 1"],
        &["{} X and 1"],
    );
}

#[test]
fn truncating() {
    check("[{truncate: {limit: 5, suffix: '..'}}]", &["abcdefg", "abcde"], &["{} abc..", "{} abcde"]);
    check("[{truncate: {limit: 4}}]", &["aböö"], &["{} abö"]);
    let rules = "[{regex: {expression: '^(?P<a>\\S+)', labels_from_groups: true}}, {structured_metadata: {b: a}}, \
                 {regex: {expression: '^(?P<a>\\S+)', labels_from_groups: true}}, \
                 {truncate: {rules: [{limit: 3, source_type: label, source: a}, \
                 {limit: 2, source_type: structured_metadata}]}}]";
    check(rules, &["abcdef"], &[r#"{a="abc"} abcdef {b="ab"}"#]);
    let dropped = "[{regex: {expression: '^(?P<a>\\S+)'}}, {structured_metadata: {a: , b: a}}, \
                   {structured_metadata_drop: [b]}]";
    check(dropped, &["x"], &[r#"{} x {a="x"}"#]);
}

#[test]
fn event_log_messages() {
    let stages = "[{json: {expressions: {message: , id: }}}, {eventlogmessage: {}}, \
                  {labels: {Account_Name: , id: , id_extracted: }}, {output: {source: message}}]";
    check(
        stages,
        &[r#"{"id": 1, "message": "A logon.\r\nAccount Name:\tbob\r\nid: 2\r\nEmpty:"}"#],
        &[
            "{Account_Name=\"bob\", id=\"1\", id_extracted=\"2\"} A logon.\r\nAccount Name:\tbob\r\nid: 2\r\nEmpty:",
        ],
    );
    let drops = "[{json: {expressions: {message: }}}, {eventlogmessage: {drop_invalid_labels: true}}, \
                 {labels: {Account_Name: , x: }}, {static_labels: {s: t}}]";
    let line = r#"{"message": "Account Name: bob\nx: y"}"#;
    check(drops, &[line], &[&format!(r#"{{s="t", x="y"}} {line}"#)]);
}

#[test]
fn limits_by_label() {
    let regex = "{regex: {expression: '^(?P<a>\\S+)'}}, {labels: {a: }}";
    let limit = "{limit: {rate: 1, burst: 1, drop: true, by_label_name: a, max_distinct_labels: 2}}";
    let stages = format!("[{regex}, {limit}, {{labeldrop: [a]}}]");
    check(&stages, &["x 1", "y 1", "x 2", "y 2"], &["{} x 1", "{} y 1"]);
    check_after(&format!("[{limit}]"), &["x 1", "x 2"], 0, &["{} x 1", "{} x 2"]);
}

#[test]
fn rates_are_shared_by_the_files_of_a_job() {
    let mut bench = Bench::new("*", "[{limit: {rate: 1, burst: 3, drop: true}}]");
    for name in ["a", "b", "c"] {
        bench.write(name, "1\n2\n");
    }
    bench.pass(0);
    assert_eq!(bench.lines().len(), 3);
}

#[test]
fn windows_events() {
    let message = r"An account was logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1\r\n\tAccount Name:\t\tbob\r\n\r\nPrivileges:\t\tOne\r\n\t\t\tTwo\r\n\r\nThis is said when somebody comes.\r\n\t- Nothing follows.";
    let line = format!(r#"{{"id": 1, "Subject_SecurityID": "old", "message": "{message}"}}"#);
    let stages = |more: &str| {
        format!(
            "[{{json: {{expressions: {{message: , Subject_SecurityID: }}}}}}, {{windowsevent: {{{more}}}}}, \
             {{labels: {{Description: , Subject_SecurityID: , Subject_SecurityID_extracted: , Subject_AccountName: , Privileges: }}}}]"
        )
    };
    let expect = |security: &str| {
        format!(
            r#"{{Description="An account was logged on.", Privileges="One,Two", Subject_AccountName="bob", {security}}} {line}"#
        )
    };
    check(
        &stages(""),
        &[&line],
        &[&expect(r#"Subject_SecurityID="old", Subject_SecurityID_extracted="S-1""#)],
    );
    check(&stages("overwrite_existing: true"), &[&line], &[&expect(r#"Subject_SecurityID="S-1""#)]);
    let odd = r#"{"message": "d\n\nKey (odd): 1\nplain: 2"}"#;
    let labels = "{labels: {Key_odd_: , plain: }}, {labeldrop: [none]}";
    let json = "{json: {expressions: {message: }}}";
    check(
        &format!("[{json}, windowsevent, {labels}]"),
        &[odd],
        &[&format!(r#"{{Key_odd_="1", plain="2"}} {odd}"#)],
    );
    check(
        &format!("[{json}, {{windowsevent: {{drop_invalid_labels: true}}}}, {labels}]"),
        &[odd],
        &[&format!(r#"{{plain="2"}} {odd}"#)],
    );
}

#[test]
fn arrays_are_split() {
    let stages = "[{split_json: {}}, {json: {expressions: {a: }}}, {labels: {a: }}]";
    check(
        stages,
        &[r#" [{ "a" : 1 }, {"b":"\u00e9"}, 1.50e1, 1.50e1, "x", null] "#, "[]", "[1", "{}", "[1] more"],
        &[
            r#"{a="1"} { "a" : 1 }"#,
            r#"{} {"b":"\u00e9"}"#,
            "{} 1.50e1",
            "{} 1.50e1",
            "{} \"x\"",
            "{} null",
            "{} [1",
            "{} {}",
            "{} [1] more",
        ],
    );
    let source = "[{json: {expressions: {r: records}}}, {split_json: {source: r}}]";
    check(source, &[r#"{"records":[1,2]}"#, "[3]"], &["{} 1", "{} 2", "{} [3]"]);
}

#[test]
fn metrics_of_lines() {
    let stages = "[{regex: {expression: '^(?P<took>\\S+) (?P<kind>\\S+)'}}, {labeldrop: [filename]}, {metrics: {\
                  lines: {type: Counter, description: Lines., config: {match_all: true, action: inc}}, \
                  bytes: {type: Counter, prefix: my_, config: {match_all: true, count_entry_bytes: true, action: add}}, \
                  errors: {type: Counter, source: kind, config: {value: error, action: inc}}, \
                  last: {type: Gauge, source: took, config: {action: set}}, \
                  took: {type: Histogram, max_idle_duration: 1m, config: {buckets: [0.1, 1]}}}}]";
    let mut bench = Bench::new("f", stages);
    bench.write("f", "0.05 ok\n300ms error\n2 ok\nx bad\n");
    bench.pass(0);
    let page = || bench.metrics_page();
    let expect = [
        "promtail_custom_lines{job=\"j\"} 4",
        "my_bytes{job=\"j\"} 27",
        "promtail_custom_errors{job=\"j\"} 1",
        "promtail_custom_last{job=\"j\"} 2",
        "promtail_custom_took_bucket{job=\"j\",le=\"0.1\"} 1",
        "promtail_custom_took_bucket{job=\"j\",le=\"1\"} 2",
        "promtail_custom_took_bucket{job=\"j\",le=\"+Inf\"} 3",
        "promtail_custom_took_sum{job=\"j\"} 2.35",
        "promtail_custom_took_count{job=\"j\"} 3",
        "# HELP promtail_custom_lines Lines.",
    ];
    for line in expect {
        assert!(page().lines().any(|l| l == line), "{line} in {}", page());
    }
    // The line that is no number is kept and counted.
    assert_eq!(bench.lines().len(), 4);
    assert_eq!(bench.status().stage_failures[0].count, 1);
    bench.pass(61_000);
    assert!(!bench.metrics_page().contains("promtail_custom_took_count{"), "idle series are forgotten");
    assert!(bench.metrics_page().contains("promtail_custom_lines{"));
}

#[test]
fn stages_that_cannot_be_used_say_why() {
    let check = |stage: &str, part: &str| {
        let text = format!("scrape_configs: [{{job_name: j, pipeline_stages: [{stage}]}}]");
        let (_, report) = crate::tail::TailConfig::parse(&text, &selectors).unwrap();
        assert!(report.warnings().any(|f| f.to_string().contains(part)), "{stage}: {:?}", report.findings);
    };
    check("{template: {source: a, template: '{{ nope }}'}}", "function \"nope\" not defined");
    check("{template: {template: x}}", "needs a source");
    check("{pattern: {expression: '<a><b>'}}", "a text between them");
    check("{pattern: {expression: 'abc'}}", "needs a capture");
    check("{truncate: {limit: 2, suffix: '...'}}", "as long as the limit");
    check("{metrics: {a: {type: Sum}}}", "none of Counter, Gauge, Histogram");
    check("{metrics: {a: {type: Counter, config: {action: set}}}}", "none of inc, add");
    check("{limit: {rate: 1, burst: 1, by_label_name: a}}", "needs drop: true");
    check("{match: {selector: '{a=`b`} | nope'}}", "parse error");
    check("{match: {selector: '{a=`b`', stages: []}}", "parse error");
}

#[test]
fn braces_are_plain_where_they_are_to_go() {
    let cases = [
        ("^{", "^\\{"),
        ("a{2}b{2,}c{2,3}", "a{2}b{2,}c{2,3}"),
        ("{a} \\{ \\p{L} \\\\{", "\\{a} \\{ \\p{L} \\\\\\{"),
        ("[{,]x{,2}", "[\\{,]x\\{,2}"),
    ];
    for (pattern, expect) in cases {
        assert_eq!(super::as_in_go(pattern), expect);
        assert!(regex::Regex::new(expect).is_ok(), "{expect}");
    }
}

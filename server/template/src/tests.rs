//! Templates, case by case.

use std::borrow::Cow;

use super::{Fields, Template};

struct Sample(Vec<(&'static str, &'static str)>);

impl Fields for Sample {
    fn field(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
        found.or((name != "unknown").then_some(""))
    }

    fn each(&self, give: &mut dyn FnMut(&str, &str)) {
        self.0.iter().for_each(|(name, value)| give(name, value));
    }

    fn line(&self) -> Cow<'_, str> {
        "The Line".into()
    }

    fn t_ns(&self) -> i64 {
        1_600_000_000_000_000_000
    }

    fn now_ns(&self) -> i64 {
        1_700_000_000_000_000_000
    }
}

fn render(template: &str) -> Result<String, String> {
    let sample = Sample(vec![
        ("app", "web"),
        ("path", "/a/b c"),
        ("n", "3000"),
        ("took", "1m30s"),
        ("size", "2kB"),
        ("ts", "1700000000"),
        ("json", r#"{"list":[{"q":"x","n":1.5},{"q":"y"}],"k":{"a":"b"}}"#),
    ]);
    let mut out = String::new();
    let template = Template::parse(template).map_err(|why| why.replace("invalid template: ", ""))?;
    template.render(&sample, &mut out).map(|()| out)
}

fn check(template: &str, expect: &str) {
    assert_eq!(render(template).as_deref(), Ok(expect), "{template}");
}

#[test]
fn fields_pipelines_and_blanks() {
    check("plain", "plain");
    check("{{.app}} {{ .none }}|{{$.app}}", "web |web");
    check("a {{- .app -}} b", "awebb");
    check("{{/* note */}}x{{- /* note */ -}} y", "xy");
    check("{{ .path | replace \" \" \"_\" | trunc 4 | upper }}", "/A/B");
    check("{{ (.app | upper) | lower }}{{ `raw\\n` }}", "webraw\\n");
    check(
        "{{ __line__ | lower }} {{ __timestamp__ | date \"2006-01-02\" }} {{ now | unixEpoch }}",
        "the line 2020-09-13 1700000000",
    );
}

#[test]
fn blocks() {
    check("{{if eq .app \"web\"}}yes{{else}}no{{end}}", "yes");
    check("{{if .none}}a{{else if contains \"e\" .app}}b{{else}}c{{end}}", "b");
    check("{{if and (hasPrefix \"w\" .app) (not .none)}}both{{end}}", "both");
    check("{{or .none .app}}{{and .app .none}}", "web");
    check("{{with .app}}[{{.}}]{{end}}{{with .none}}x{{else}}-{{end}}", "[web]-");
    check("{{range $q := (fromJson .json).list}}{{$q.q}};{{end}}", "x;y;");
    check("{{range $i, $q := (fromJson .json).list}}{{$i}}={{$q.q}} {{$.app}};{{end}}", "0=x web;1=y web;");
    check("{{range (fromJson .json).list}}{{if eq .q \"y\"}}{{break}}{{end}}{{.q}}{{end}}", "x");
    check("{{range fromJson \"[]\"}}x{{else}}none{{end}}", "none");
    check("{{$x := .app}}{{$x}}{{$x = \"new\"}}{{$x}}", "webnew");
    check(
        "{{(index (fromJson .json).list 0).n}} {{len (fromJson .json).list}} {{(fromJson .json).k}}",
        "1.5 2 map[a:b]",
    );
}

#[test]
fn text_functions() {
    check(
        "{{alignLeft 5 \"hi\"}}|{{alignRight 5 \"hi\"}}|{{alignLeft 2 \"hello\"}}|{{alignRight 2 \"hello\"}}",
        "hi   |   hi|he|lo",
    );
    check("{{trunc -3 .app}}{{trunc 2 .app}}{{substr 1 2 .app}}{{substr 1 -1 .app}}", "webweeeb");
    check(
        "{{trimAll \"/\" \"/a/\"}}{{trimPrefix \"-\" \"-b\"}}{{trimSuffix \"-\" \"c-\"}}{{trim \" d \"}}",
        "abcd",
    );
    check(
        "{{title \"hello world\"}} {{repeat 2 \"ab\"}} {{indent 2 \"a\\nb\"}}",
        "Hello World abab   a\n  b",
    );
    check(
        "{{regexReplaceAll \"(a)(b)\" \"xaby\" \"${2}$1\"}} {{regexReplaceAllLiteral \"a\" \"aa\" \"$1\"}}",
        "xbay $1$1",
    );
    check("{{.none | default \"-\"}}{{default \"-\" .app}} {{count \"e\" \"eve\"}}", "-web 2");
    check(
        "{{b64enc \"hello\"}} {{b64dec \"aGVsbG8=\"}} {{urlencode .path}} {{urldecode \"%2Fa+b\"}}",
        "aGVsbG8= hello %2Fa%2Fb+c /a b",
    );
    check(
        "{{Replace \"aaa\" \"a\" \"b\" 2}} {{TrimLeft \"xxa\" \"x\"}} {{printf \"%05.1f|%-4s|\" 2.25 \"a\"}}",
        "bba a 002.2|a   |",
    );
}

#[test]
fn numbers_and_times() {
    check("{{add 3 2 5}} {{sub 5 2}} {{mul 5 2 3}} {{div .n 1000}} {{mod 10 3}}", "10 3 30 3 1");
    check("{{addf 3.5 2 5}} {{subf 5.5 1.5 2}} {{mulf 5.5 2 2.5}} {{divf 10 2 4}}", "10.5 2 27.5 1.25");
    check("{{max 1 2 3}} {{min 1 2 3}} {{maxf 1 2.5}} {{minf 1.5 3}}", "3 1 2.5 1.5");
    check(
        "{{ceil 123.001}} {{floor 123.9999}} {{round 123.555555 3}} {{round 123.88571428571 5 .2}}",
        "124 123 123.556 123.88572",
    );
    check("{{\"3\" | int}} {{\"3.5\" | float64}} {{int 3.9}}", "3 3.5 3");
    check("{{duration .took}} {{duration_seconds .took}} {{bytes .size}}", "90 90 2000");
    check(
        "{{.ts | unixToTime | date \"15:04:05\"}} {{unixToTime .ts | unixEpochMillis}}",
        "22:13:20 1700000000000",
    );
    check(
        "{{toDate \"2006-01-02\" \"2021-11-02\" | unixEpoch}} {{toDateInZone \"2006-01-02\" \"UTC\" \"2021-11-02\" | unixEpochNanos}}",
        "1635811200 1635811200000000000",
    );
    check(
        "{{lt 1 2}} {{ge \"b\" \"a\"}} {{eq 1 2 1}} {{ne .app \"x\"}} {{1e21}} {{0.00001}}",
        "true true true true 1e+21 1e-05",
    );
}

#[test]
fn says_what_is_wrong() {
    let check = |template: &str, expect: &str| {
        let error = render(template).expect_err("wrong");
        assert_eq!(error.trim_start_matches("parse error : invalid template: "), expect, "{template}");
    };
    check("{{ .a ", "unclosed action");
    check("{{ if .a }}", "unexpected EOF: {{if}} without {{end}}");
    check("{{ end }}", "unexpected {{end}}");
    check("{{ nope }}", "function \"nope\" not defined");
    check("{{ (.a }}", "unclosed left paren");
    check("{{ .a .b }}", "can't give argument to non-function");
    check("{{ .a | .b }}", "non executable command in pipeline");
    check("{{ \"a }}", "unterminated quoted string");
    check("{{ div 1 0 }}", "integer divide by zero");
    check("{{ eq .app 1 }}", "incompatible types for comparison");
    check("{{ replace \"a\" }}", "wrong number of args for replace: want 3 got 1");
    check("{{ $x }}", "undefined variable: $x");
    check("{{ repeat 100000000 \"abc\" }}", "repeat makes more than 16777216 bytes");
}

#[test]
fn knows_what_it_reads() {
    let check = |template: &str, expect: Option<&[&str]>| {
        let got = Template::parse(template).expect("valid").labels();
        assert_eq!(got, expect.map(|names| names.iter().map(|n| (*n).to_owned()).collect()), "{template}");
    };
    check("{{.a}} {{if eq .b \"x\"}}{{.c | upper}}{{end}} {{(.d)}}{{$.e}}", Some(&["a", "b", "c", "d", "e"]));
    check("x {{__line__}}", Some(&[]));
    check("{{.}}", None);
    check("{{range $k, $v := .}}{{$v}}{{end}}", None);
}

#[test]
fn what_is_not_there() {
    check("{{.unknown}}|{{ if .unknown }}a{{ else }}b{{ end }}", "<no value>|b");
    check("{{ default \"x\" .unknown }}", "x");
}

#[test]
fn hashes() {
    check("{{ sha256sum \"abc\" }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("{{ Sha2Hash \"a\" \"bc\" }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("{{ Hash \"a\" \"bc\" }}", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
}

#[test]
fn functions_of_sprig() {
    check("{{ quote .app }} {{ squote .app }} {{ cat .app .n }}", "\"web\" 'web' web 3000");
    check(
        "{{ snakecase \"FirstName\" }} {{ kebabcase \"FirstName\" }} {{ camelcase \"http_server\" }}",
        "first_name first-name HttpServer",
    );
    check("{{ nospace .path }} {{ abbrev 6 \"hello world\" }} {{ untitle \"Web\" }}", "/a/bc hel... web");
    check("{{ if regexMatch \"^w.b$\" .app }}y{{ end }} {{ regexFind \"[a-z] [a-z]\" .path }}", "y b c");
    check(
        "{{ ternary \"a\" \"b\" (eq .app \"web\") }} {{ coalesce .none \"x\" }} {{ empty .none }}",
        "a x true",
    );
    check(
        "{{ splitList \"/\" .path | join \"+\" }} {{ splitList \"/\" .path | last }} {{ atoi .n }}",
        "+a+b c b c 3000",
    );
    check("{{ list \"a\" \"b\" | first }} {{ toString 5 }}", "a 5");
}

import { expect, test } from "vitest";
import { interpolate, type Language, referredNames, type Scope, single, type Value } from "./interpolate";

const multi = (...values: string[]): Value => ({ values, text: values.join(" + "), multi: true });

const SCOPE: Scope = new Map<string, Value>([
  ["job", single("node")],
  ["dot", single("a.b")],
  ["quote", single('say "hi" \\o/')],
  ["one", multi("a.b")],
  ["two", multi("a.b", "c|d")],
  ["all", { values: [".*"], text: "All", multi: true, verbatim: true }],
  ["empty", single("")],
  ["__from", single("1700000000000")],
  ["__interval", single("15s")],
]);

function check(text: string, expected: string, language: Language = "promql") {
  expect([text, interpolate(text, SCOPE, language, "utc")]).toEqual([text, expected]);
}

test("notations", () => {
  check("$job ${job} [[job]] $jobs $unknown ${unknown:csv}", "node node node $jobs $unknown ${unknown:csv}");
  check("rate(x[$__interval])", "rate(x[15s])");
  check("${job.text}", "node");
  check("$empty|", "|");
});

test("values within queries are escaped for where they stand", () => {
  check('up{job=~"$one"}', 'up{job=~"a\\\\.b"}');
  check('up{job="$one"}', 'up{job="a.b"}');
  check('up{job!="$one"}', 'up{job!="a.b"}');
  check('up{job=~"$two"}', 'up{job=~"(a\\\\.b|c\\\\|d)"}');
  check('up{job=~"$dot"}', 'up{job=~"a.b"}');
  check('up{job=~"$all"}', 'up{job=~".*"}');
  check('up{a="$quote"}', 'up{a="say \\"hi\\" \\\\o/"}');
  check("{a=`x`} |~ `$two`", "{a=`x`} |~ `(a\\.b|c\\|d)`", "logql");
  check('{a="x"} |= "$one"', '{a="x"} |= "a.b"', "logql");
  check("sum by ($two) (x)", "sum by (a.b,c|d) (x)");
  check('# "quoted\nup{job="$one"}', '# "quoted\nup{job="a.b"}');
  check('label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")');
});

test("texts show what the drop-down shows", () => {
  check("Load of $two", "Load of a.b + c|d", "text");
  check("All: $all", "All: .*", "text");
});

test("formats", () => {
  check("${two:csv}", "a.b,c|d");
  check("${two:raw}", "a.b,c|d");
  check("${two:pipe}", "a.b|c|d");
  check("${two:regex}", "(a\\.b|c\\|d)");
  check("${dot:regex}", "a\\.b");
  check("${two:json}", '["a.b","c|d"]');
  check("${dot:json}", '"a.b"');
  check("${two:singlequote}", "'a.b','c|d'");
  check("${two:doublequote}", '"a.b","c|d"');
  check("${two:sqlstring}", "'a.b','c|d'");
  check("${two:queryparam}", "var-two=a.b&var-two=c%7Cd");
  check("${two:text}", "a.b + c|d");
  check("${two:glob}", "{a.b,c|d}");
  check("${two:distributed}", "a.b,two=c|d");
  check("${two:lucene}", '("a.b" OR "c|d")');
  check("${two:percentencode}", "%7Ba.b%2Cc%7Cd%7D");
  check("${two:join:;}", "a.b;c|d");
  check("[[two:csv]]", "a.b,c|d");
  check("${__from:date}", "2023-11-14T22:13:20.000Z");
  check("${__from:date:seconds}", "1700000000");
  check("${__from:date:YYYY-MM-DD}", "2023-11-14");
});

test("names that a text refers to", () => {
  expect([...referredNames('label_values(up{job=~"$job", a="${b:regex}"}, [[c]])')]).toEqual(["job", "b", "c"]);
});

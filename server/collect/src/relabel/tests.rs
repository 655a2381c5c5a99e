//! Each action, with the results that Prometheus gives.

use std::cell::RefCell;

use super::*;
use crate::section::Section;

fn rules(yaml: &str) -> crate::Result<Vec<Rule>> {
    let value = serde_yaml_ng::from_str(&format!("rules: {yaml}")).expect("valid YAML");
    let report = RefCell::default();
    let section = Section::new("", &value, &report)?;
    read_rules(&section, "rules")
}

fn check(yaml: &str, expect: &str) {
    let labels = Labels::from_pairs([("a", "foo"), ("b", "bar"), ("c", "baz"), ("__meta_x", "Y")]);
    let got = match rules(yaml) {
        Ok(rules) => relabel(&labels, &rules).map_or_else(|| "dropped".to_owned(), |l| l.to_string()),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(got.replace(r#"__meta_x="Y", a="foo", b="bar", c="baz""#, "…"), expect, "{yaml}");
}

#[test]
fn replace() {
    check("[{source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch${1}-ch$1'}]", {
        r#"{…, d="choo-choo"}"#
    });
    check("[{source_labels: [a, b], target_label: d}]", r#"{…, d="foo;bar"}"#);
    check("[{source_labels: [a, b], separator: '-', target_label: d}]", r#"{…, d="foo-bar"}"#);
    check("[{source_labels: [a], regex: 'o', target_label: d}]", "{…}");
    check("[{target_label: d, replacement: fixed}]", r#"{…, d="fixed"}"#);
    check("[{source_labels: [a], regex: 'foo', target_label: b, replacement: ''}]", {
        r#"{__meta_x="Y", a="foo", c="baz"}"#
    });
    check(
        "[{source_labels: [a], regex: '(f).*', target_label: 'x_$1', replacement: '1'}]",
        r#"{…, x_f="1"}"#,
    );
    check("[{source_labels: [nope], target_label: d}]", "{…}");
    check("[{action: Replace, source_labels: [a], target_label: d}]", r#"{…, d="foo"}"#);
}

#[test]
fn keep_and_drop() {
    check("[{action: drop, source_labels: [a], regex: '.*o.*'}]", "dropped");
    check("[{action: drop, source_labels: [a], regex: 'o'}]", "{…}");
    check("[{action: keep, source_labels: [a], regex: 'foo|x'}]", "{…}");
    check("[{action: keep, source_labels: [a], regex: 'o'}]", "dropped");
    check("[{action: keepequal, source_labels: [a], target_label: b}]", "dropped");
    check("[{action: dropequal, source_labels: [a], target_label: b}]", "{…}");
    check("[{action: dropequal, source_labels: [a], target_label: a}]", "dropped");
}

#[test]
fn names_and_cases() {
    check("[{action: labelmap, regex: '__meta_(.*)'}]", r#"{…, x="Y"}"#);
    check("[{action: labeldrop, regex: '__meta.*|c'}]", r#"{a="foo", b="bar"}"#);
    check("[{action: labelkeep, regex: 'c'}]", r#"{c="baz"}"#);
    check("[{action: uppercase, source_labels: [a], target_label: d}]", r#"{…, d="FOO"}"#);
    check("[{action: lowercase, source_labels: [__meta_x], target_label: d}]", r#"{…, d="y"}"#);
    // As in Prometheus: the last eight bytes of the MD5 of `baz` modulo 1000.
    check("[{action: hashmod, source_labels: [c], modulus: 1000, target_label: d}]", r#"{…, d="976"}"#);
}

#[test]
fn refusals() {
    check("[{action: swap}]", {
        "error: rules[0].action: \"swap\" is none of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, \
         labeldrop, labelkeep, lowercase, uppercase"
    });
    check("[{source_labels: [a]}]", "error: rules[0].target_label: the action replace needs a target_label");
    check("[{action: hashmod, target_label: d}]", {
        "error: rules[0].modulus: the action hashmod needs a modulus above 0"
    });
    let error = rules("[{action: drop, regex: '('}]").expect_err("invalid").to_string();
    assert!(error.starts_with("rules[0].regex: invalid regular expression \"(\""), "{error}");
}

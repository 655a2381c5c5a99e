//! The part of JMESPath that people write in `json` stages: fields, quoted fields and indexes.

use serde_json::Value;

/// A path such as `http.headers."user-agent"` or `items[0].name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath {
    root: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(i64),
}

impl JsonPath {
    /// The path to a top-level key.
    pub(crate) fn of_key(key: &str) -> Self {
        JsonPath { root: key.to_owned(), steps: Vec::new() }
    }

    /// Reads a path; the error names what is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let bad = |at: &str| format!("{text:?} is no path of fields and indexes (stopped at {at:?})");
        let (root, mut rest) = field(text.trim()).ok_or_else(|| bad(text))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, tail) = match rest.split_at(1) {
                (".", tail) => field(tail).map(|(name, tail)| (Step::Field(name), tail)),
                ("[", tail) => tail
                    .split_once(']')
                    .and_then(|(index, tail)| Some((Step::Index(index.trim().parse().ok()?), tail))),
                _ => None,
            }
            .ok_or_else(|| bad(rest))?;
            steps.push(step);
            rest = tail;
        }
        Ok(JsonPath { root, steps })
    }

    /// The top-level key.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// What the path leads to from its root's value.
    pub(crate) fn follow<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.steps.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Index(i) => {
                let items = value.as_array()?;
                let i = if *i < 0 { i + items.len() as i64 } else { *i };
                items.get(usize::try_from(i).ok()?)
            }
        })
    }
}

/// A field's name, quoted or plain, and what follows it.
fn field(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let mut end = 1;
        loop {
            end += text.get(end..)?.find('"')? + 1;
            let backslashes = text[..end - 1].bytes().rev().take_while(|b| *b == b'\\').count();
            if backslashes % 2 == 0 {
                return Some((serde_json::from_str(&text[..end]).ok()?, &text[end..]));
            }
        }
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '$');
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expect: Option<&str>) {
        let json = r#"{"a":{"b":[{"c":1},{"c":2}],"d-e":"x"},"q.r":{"s":true}}"#;
        let json: Value = serde_json::from_str(json).unwrap();
        let path = JsonPath::parse(path).unwrap();
        let got = json.get(path.root()).and_then(|root| path.follow(root)).map(Value::to_string);
        assert_eq!(got.as_deref(), expect, "{path:?}");
    }

    #[test]
    fn follows_fields_and_indexes() {
        check("a.b[0].c", Some("1"));
        check("a.b[-1].c", Some("2"));
        check("a.b[2].c", None);
        check("a.\"d-e\"", Some("\"x\""));
        check("a.d-e", Some("\"x\""));
        check("\"q.r\".s", Some("true"));
        check("none.b", None);
        for bad in ["", "a.", "a[x]", "a[", "length(a)", "a || b", "\"a", "a.*"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}

//! Selectors of `match` stages: `{app="x", level=~"e.*"} |= "text" !~ "expression"`.

use model::{LineFilter, LineFilterOp, MatchOp, Matcher};

/// Reads a selector with line filters behind it.
pub(crate) fn parse(text: &str) -> Result<(Vec<Matcher>, Vec<LineFilter>), String> {
    let mut reader = Reader { text, rest: text.trim() };
    if !reader.eat("{") {
        return reader.bad("{");
    }
    let mut matchers = Vec::new();
    while !reader.eat("}") {
        matchers.push(reader.matcher()?);
        if !reader.eat(",") && !reader.rest.starts_with('}') {
            return reader.bad(", or }");
        }
    }
    let mut filters = Vec::new();
    while !reader.rest.is_empty() {
        filters.push(reader.filter()?);
    }
    Ok((matchers, filters))
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn bad<T>(&self, expected: &str) -> Result<T, String> {
        let at = self.text.len() - self.rest.len();
        Err(format!("selector {:?}: {expected} was expected at byte {at}", self.text))
    }

    fn eat(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn matcher(&mut self) -> Result<Matcher, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return self.bad("a label's name");
        }
        self.rest = rest.trim_start();
        let ops = [
            ("=~", MatchOp::Regex),
            ("!~", MatchOp::NotRegex),
            ("!=", MatchOp::NotEqual),
            ("=", MatchOp::Equal),
        ];
        let Some((_, op)) = ops.into_iter().find(|(token, _)| self.eat(token)) else {
            return self.bad("=, !=, =~ or !~");
        };
        let value = self.string()?;
        Matcher::new(op, name, value).map_err(|e| e.to_string())
    }

    fn filter(&mut self) -> Result<LineFilter, String> {
        let Some(token) = ["|=", "!=", "|~", "!~"].into_iter().find(|token| self.eat(token)) else {
            return self.bad("|=, !=, |~ or !~ (other LogQL is not supported here)");
        };
        let value = self.string()?;
        let regex = || regex::bytes::Regex::new(&value).map_err(|e| e.to_string());
        let op = match token {
            "|=" => LineFilterOp::Contains(vec![value]),
            "!=" => LineFilterOp::NotContains(vec![value]),
            "|~" => LineFilterOp::Matches(regex()?),
            _ => LineFilterOp::NotMatches(regex()?),
        };
        Ok(LineFilter { op })
    }

    /// A text in double quotes or backticks.
    fn string(&mut self) -> Result<String, String> {
        if let Some(raw) = self.rest.strip_prefix('`') {
            let Some((value, rest)) = raw.split_once('`') else { return self.bad("a closing backtick") };
            self.rest = rest.trim_start();
            return Ok(value.to_owned());
        }
        let Some(quoted) = self.rest.strip_prefix('"') else { return self.bad("a text in quotes") };
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = quoted[at + 1..].trim_start();
                    return Ok(value);
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some('r') => value.push('\r'),
                    Some(c @ ('"' | '\\' | '\'')) => value.push(c),
                    _ => return self.bad("an escape such as \\n or \\\\ within the text"),
                },
                c => value.push(c),
            }
        }
        self.bad("a closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<(usize, usize), &str>) {
        match (parse(text), expect) {
            (Ok((matchers, filters)), Ok(counts)) => {
                assert_eq!((matchers.len(), filters.len()), counts, "{text}")
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (got, _) => panic!("{text}: {got:?}"),
        }
    }

    #[test]
    fn selectors() {
        check(r#"{app="x"}"#, Ok((1, 0)));
        check(r#"{ app = "x" , b=~"y|z", c!~`\d`, d != "" } |= "a\"b" !~ `c` "#, Ok((4, 2)));
        check("{}", Ok((0, 0)));
        check(r#"{app="x"} | json"#, Err("other LogQL"));
        check(r#"{app="x" b="y"}"#, Err(", or }"));
        check(r#"{app="x"#, Err("closing quote"));
        check(r#"{a=~"("}"#, Err("invalid regular expression"));
        check("app", Err("{ was expected at byte 0"));
        let (matchers, filters) = parse(r#"{a="\\d\n"} |~ `\d+`"#).unwrap();
        assert_eq!(matchers[0].value(), "\\d\n");
        assert!(filters[0].passes(b"a1") && !filters[0].passes(b"a"));
    }
}

//! `| pattern "<ip> - <_> \"<method> <path>\""`: names parts of the line by what stands between them.

use memchr::memmem::Finder;

use super::Stage;
use crate::line::Line;
use crate::{Error, Result};

/// Literals and captures in turn.
#[derive(Debug)]
pub(super) struct Pattern {
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Literal(Box<Finder<'static>>),
    /// `None` for `<_>`.
    Capture(Option<String>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("pattern: empty pattern"));
        }
        let mut nodes = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((name, tail)) = capture(rest) {
                if !literal.is_empty() {
                    nodes.push(Node::Literal(Box::new(Finder::new(literal.as_bytes()).into_owned())));
                    literal.clear();
                }
                if matches!(nodes.last(), Some(Node::Capture(_))) {
                    return Err(Error::invalid(format!(
                        "pattern: found consecutive capture before '<{name}>': expected a literal between"
                    )));
                }
                nodes.push(Node::Capture((name != "_").then(|| name.to_owned())));
                rest = tail;
            } else {
                literal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        if !literal.is_empty() {
            nodes.push(Node::Literal(Box::new(Finder::new(literal.as_bytes()).into_owned())));
        }
        Ok(Pattern { nodes })
    }

    /// A pattern of `|>` and `!>`: its captures have no names.
    pub(super) fn for_filter(text: &str) -> Result<Self> {
        let pattern = Self::parse(text)?;
        if pattern.nodes.iter().any(|node| matches!(node, Node::Capture(Some(_)))) {
            return Err(Error::invalid("pattern: named captures are not allowed in a line filter: use <_>"));
        }
        Ok(pattern)
    }

    /// Whether the whole line fits.
    pub(super) fn fits(&self, line: &[u8]) -> bool {
        let mut rest = line;
        let mut free = false;
        let last = self.nodes.len() - 1;
        for (i, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Capture(_) => free = true,
                Node::Literal(finder) => {
                    let needle = finder.needle();
                    if i == last && free {
                        return rest.ends_with(needle);
                    }
                    let Some(at) = finder.find(rest).filter(|at| free || *at == 0) else {
                        return false;
                    };
                    rest = &rest[at + needle.len()..];
                    free = false;
                }
            }
        }
        free || rest.is_empty()
    }

    /// Calls `found` with each named capture, up to where the line fits.
    fn captures<'l>(&self, line: &'l [u8], mut found: impl FnMut(&str, &'l [u8])) {
        let mut rest = line;
        let mut open: Option<&Option<String>> = None;
        for node in &self.nodes {
            match node {
                Node::Capture(name) => open = Some(name),
                Node::Literal(finder) => {
                    let at = finder.find(rest);
                    match (open.take(), at) {
                        (None, Some(0)) => {}
                        (None, _) => return,
                        (Some(name), at) => {
                            if let Some(name) = name {
                                found(name, &rest[..at.unwrap_or(rest.len())]);
                            }
                            if at.is_none() {
                                return;
                            }
                        }
                    }
                    rest = &rest[at.unwrap_or(0) + finder.needle().len()..];
                }
            }
        }
        if let Some(Some(name)) = open {
            found(name, rest);
        }
    }
}

/// `<name>` at the beginning of `text`, and what follows.
fn capture(text: &str) -> Option<(&str, &str)> {
    let (name, tail) = text.strip_prefix('<')?.split_once('>')?;
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then_some((name, tail))
}

#[derive(Debug)]
pub(super) struct PatternParser {
    pattern: Pattern,
}

impl PatternParser {
    pub(super) fn new(text: &str) -> Result<Self> {
        let pattern = Pattern::parse(text)?;
        let mut names: Vec<&str> = pattern
            .nodes
            .iter()
            .filter_map(|node| match node {
                Node::Capture(Some(name)) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        if names.is_empty() {
            return Err(Error::invalid("pattern: at least one capture is required"));
        }
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(format!("pattern: duplicate capture name ({})", twice[0])));
        }
        Ok(PatternParser { pattern })
    }
}

impl Stage for PatternParser {
    fn apply(&self, line: &mut Line<'_>) -> bool {
        let text = line.rewritten.as_deref().unwrap_or(line.original);
        let labels = &mut line.labels;
        let mark = labels.mark();
        self.pattern.captures(text, |name, value| {
            labels.extract(mark, name, &String::from_utf8_lossy(value));
        });
        true
    }
}

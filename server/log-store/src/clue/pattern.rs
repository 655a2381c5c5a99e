//! Regular expressions as clues: the texts that every match must hold.
//!
//! A pattern has to carry its flags itself (`(?i)…`): those set on a builder cannot be seen here.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{Clue, Text};

/// The clue of an unanchored regex.
pub(crate) fn of_regex(pattern: &str) -> Clue {
    match parse(pattern) {
        Some(hir) => {
            let mut walk = Walk::default();
            walk.visit(&hir);
            walk.finish()
        }
        None => Clue::Anything,
    }
}

/// The longest text, byte for byte, that every match of a regex holds.
pub(crate) fn longest_literal(pattern: &str) -> Option<Vec<u8>> {
    let hir = parse(pattern)?;
    let mut walk = Walk::default();
    walk.visit(&hir);
    walk.flush(true);
    walk.literals.into_iter().max_by_key(Vec::len).filter(|literal| !literal.is_empty())
}

fn parse(pattern: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()
}

/// A run of bytes that stand side by side in every match.
#[derive(Debug)]
struct Run {
    bytes: Vec<u8>,
    fold: bool,
    beyond_ascii: bool,
    open_start: bool,
}

impl Default for Run {
    fn default() -> Self {
        Run { bytes: Vec::new(), fold: false, beyond_ascii: false, open_start: true }
    }
}

#[derive(Debug, Default)]
struct Walk {
    run: Run,
    clues: Vec<Clue>,
    literals: Vec<Vec<u8>>,
}

impl Walk {
    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => self.run.bytes.extend_from_slice(&literal.0),
            HirKind::Class(class) => self.visit_class(class),
            HirKind::Look(look) => self.visit_look(*look),
            HirKind::Capture(capture) => self.visit(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            HirKind::Repetition(repetition) => {
                self.flush(true);
                if repetition.min > 0 {
                    let mut inner = Walk::default();
                    inner.visit(&repetition.sub);
                    inner.flush(true);
                    self.literals.append(&mut inner.literals);
                    self.clues.push(Clue::all(inner.clues));
                }
            }
            HirKind::Alternation(branches) => {
                self.flush(true);
                let clues = branches.iter().map(|branch| {
                    let mut inner = Walk::default();
                    inner.visit(branch);
                    inner.finish()
                });
                let any = Clue::any(clues);
                self.clues.push(any);
            }
        }
    }

    fn visit_class(&mut self, class: &Class) {
        let chars: Option<Vec<char>> = match class {
            Class::Unicode(class) => {
                let few = class.iter().map(|r| r.len()).sum::<usize>() <= 4;
                few.then(|| class.iter().flat_map(|r| r.start()..=r.end()).collect())
            }
            Class::Bytes(class) => {
                let few = class.iter().map(|r| r.len()).sum::<usize>() <= 4;
                let bytes = class.iter().flat_map(|r| r.start()..=r.end());
                let chars: Vec<char> = bytes.map(char::from).collect();
                // Bytes beyond ASCII are no characters.
                (few && chars.iter().all(char::is_ascii)).then_some(chars)
            }
        };
        match chars.as_deref() {
            Some([one]) => self.run.bytes.extend_from_slice(one.encode_utf8(&mut [0; 4]).as_bytes()),
            Some(chars) if !chars.is_empty() => match folded(chars) {
                Some((letter, beyond_ascii)) => {
                    self.run.bytes.push(letter);
                    self.run.fold = true;
                    self.run.beyond_ascii |= beyond_ascii;
                }
                None => self.flush(true),
            },
            _ => self.flush(true),
        }
    }

    /// At these places no letter or digit can be on the other side.
    fn visit_look(&mut self, look: Look) {
        let closes = matches!(
            look,
            Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF
        );
        let is_word = matches!(look, Look::WordAscii | Look::WordUnicode);
        let after_letter = self.run.bytes.last().is_some_and(u8::is_ascii_alphanumeric);
        if self.run.bytes.is_empty() {
            // What follows a `\b` may be the other side of the boundary: only a line's start closes for sure.
            self.run.open_start &= !closes;
        } else if closes || (is_word && after_letter) {
            self.flush(false);
            self.run.open_start = !closes;
        } else {
            self.flush(true);
        }
    }

    fn flush(&mut self, open_end: bool) {
        let mut run = std::mem::take(&mut self.run);
        if run.bytes.is_empty() {
            return;
        }
        if run.fold {
            run.bytes.make_ascii_lowercase();
        }
        let text = Text { bytes: &run.bytes, open_start: run.open_start, open_end, fold: run.fold };
        let mut clue = Clue::of_text(text);
        if let Clue::Text(needle) = &mut clue {
            needle.ascii_only = run.beyond_ascii;
        }
        self.clues.push(clue);
        if !run.fold {
            self.literals.push(run.bytes);
        }
    }

    fn finish(mut self) -> Clue {
        self.flush(true);
        Clue::all(self.clues)
    }
}

/// The lower-case ASCII letter that all of `chars` are forms of, and whether some of them are beyond ASCII.
fn folded(chars: &[char]) -> Option<(u8, bool)> {
    let ascii: Vec<u8> = chars.iter().filter(|c| c.is_ascii()).map(|c| *c as u8).collect();
    let letter = ascii.first()?.to_ascii_lowercase();
    let same = letter.is_ascii_lowercase() && ascii.iter().all(|b| b.to_ascii_lowercase() == letter);
    same.then_some((letter, ascii.len() < chars.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expect: &str) {
        assert_eq!(crate::clue::tests::show(&of_regex(pattern)), expect, "{pattern:?}");
    }

    #[test]
    fn patterns_name_what_they_need() {
        check("error", "*error*");
        check(r#"" 502 [0-9]+7 ""#, "?");
        check("foo.*bar[a-z]zap", "(*foo* & *bar* & *zap*)");
        check("error|warning", "(*error* | *warning*)");
        check("error|.*", "?");
        check("(?i)timeout", "~*timeout*");
        check("(?i)disk ", "~*disk ascii");
        check("^level=info$", "info level");
        check(r"\bpanic\b", "*panic");
        check("(wor)+ld", "*wor*");
        check("(wor)*ldy", "*ldy*");
        check("(?:GET|POST) /v1", "(*GET* | *POST*)");
        check("(", "?");
        check("x?", "?");
    }

    #[test]
    fn the_longest_literal_stands_in_every_match() {
        let literal = |p| longest_literal(p).map(|l| String::from_utf8_lossy(&l).into_owned());
        assert_eq!(literal(r#"" 502 [0-9]+7 ""#), Some("\" 502 ".into()));
        assert_eq!(literal("a|b"), None);
        assert_eq!(literal("(?i)abc"), None);
        assert_eq!(literal("(abcd)+x"), Some("abcd".into()));
        assert_eq!(literal("(?:foo|bar)quux"), Some("quux".into()));
    }
}

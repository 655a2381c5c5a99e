//! What a block must hold for a line filter to pass one of its lines: the filters of a query, read once, so that
//! whole blocks are skipped. A clue may let a block through that has no match; it never holds one back that has.

use model::{LineFilter, LineFilterOp};

use crate::bloom;
use crate::words::{self, MIN_ID, MIN_ID_WORD, Token};

mod pattern;

pub(crate) use pattern::{longest_literal, of_regex};

/// A condition on a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clue {
    /// Nothing is known: every block may match.
    Anything,
    /// All must hold.
    All(Vec<Clue>),
    /// One must hold.
    Any(Vec<Clue>),
    /// The text is somewhere in the block.
    Text(Needle),
}

/// What a text that must be in a block says of the block's words and ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Needle {
    /// Conditions on the dictionary; all must hold.
    pub(crate) words: Vec<WordClue>,
    /// Hashes of whole ids; all must be in the bloom.
    pub(crate) ids: Vec<u64>,
    /// Hashes of minimizers; all must be in the bloom.
    pub(crate) grams: Vec<u64>,
    /// The clue says nothing of blocks with bytes beyond ASCII (folding of `k` and `s`).
    pub(crate) ascii_only: bool,
}

/// A word that a block must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WordClue {
    /// The letters known of it; lower case if `fold`.
    pub(crate) text: String,
    /// Whether letters may precede them in the word.
    pub(crate) open_start: bool,
    /// Whether letters may follow them.
    pub(crate) open_end: bool,
    /// Whether case is ignored.
    pub(crate) fold: bool,
}

/// A text of which is known how it goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether letters or digits may precede it.
    pub(crate) open_start: bool,
    /// Whether letters or digits may follow it.
    pub(crate) open_end: bool,
    /// Whether case is ignored; `bytes` are lower case then.
    pub(crate) fold: bool,
}

impl Clue {
    /// What all of `filters` together ask of a block.
    pub(crate) fn of_filters(filters: &[LineFilter]) -> Clue {
        Clue::all(filters.iter().map(|filter| match &filter.op {
            LineFilterOp::Contains(needles) => {
                Clue::any(needles.iter().map(|n| Clue::of_literal(n.as_bytes())))
            }
            LineFilterOp::Matches(regex) => of_regex(regex.as_str()),
            LineFilterOp::NotContains(_) | LineFilterOp::NotMatches(_) => Clue::Anything,
        }))
    }

    pub(crate) fn of_literal(bytes: &[u8]) -> Clue {
        Clue::of_text(Text { bytes, open_start: true, open_end: true, fold: false })
    }

    pub(crate) fn of_text(text: Text<'_>) -> Clue {
        let mut needle = Needle::default();
        words::tokens(text.bytes, |token| add_token(&mut needle, text, token));
        needle.words.sort();
        needle.words.dedup();
        if needle.words.is_empty() && needle.ids.is_empty() && needle.grams.is_empty() {
            Clue::Anything
        } else {
            Clue::Text(needle)
        }
    }

    /// All of `clues`, made flat.
    pub(crate) fn all(clues: impl IntoIterator<Item = Clue>) -> Clue {
        let mut kept = Vec::new();
        for clue in clues {
            match clue {
                Clue::Anything => {}
                Clue::All(more) => kept.extend(more),
                other => kept.push(other),
            }
        }
        match kept.len() {
            0 => Clue::Anything,
            1 => kept.swap_remove(0),
            _ => Clue::All(kept),
        }
    }

    /// One of `clues`.
    pub(crate) fn any(clues: impl IntoIterator<Item = Clue>) -> Clue {
        let mut kept: Vec<Clue> = Vec::new();
        for clue in clues {
            if clue == Clue::Anything {
                return Clue::Anything;
            }
            kept.push(clue);
        }
        // No alternative at all: `Contains` of nothing passes no line, but that is the filter's to say.
        match kept.len() {
            0 => Clue::Anything,
            1 => kept.swap_remove(0),
            _ => Clue::Any(kept),
        }
    }

    /// Whether anything but words is asked for, so that the blooms have to be read.
    pub(crate) fn needs_bloom(&self) -> bool {
        match self {
            Clue::Anything => false,
            Clue::All(clues) | Clue::Any(clues) => clues.iter().any(Clue::needs_bloom),
            Clue::Text(needle) => !needle.ids.is_empty() || !needle.grams.is_empty(),
        }
    }
}

fn add_token(needle: &mut Needle, text: Text<'_>, token: Token) {
    let run = &text.bytes[token.start..token.end];
    let open_start = text.open_start && token.start == 0;
    let open_end = text.open_end && token.end == text.bytes.len();
    if !token.digits {
        // The token in the block may go on with digits: then its letters are those of an id.
        if (!open_start && !open_end) || is_findable(run, text.fold) {
            needle.words.push(word(run, open_start, open_end, text.fold));
        }
        return;
    }
    let whole = !open_start && !open_end;
    if !text.fold {
        if whole && run.len() >= MIN_ID {
            needle.ids.push(bloom::hash_id(run));
        }
        bloom::minimizers(run, |hash| needle.grams.push(hash));
    }
    let small = whole && run.len() < MIN_ID;
    words::letter_runs(text.bytes, token, |start, end| {
        let letters = &text.bytes[start..end];
        if small || is_findable(letters, text.fold) {
            let (first, last) = (start == token.start, end == token.end);
            needle.words.push(word(letters, open_start && first, open_end && last, text.fold));
        }
    });
}

/// Whether a letter run is in the dictionary even if it is part of an id.
fn is_findable(run: &[u8], fold: bool) -> bool {
    // Folding keeps letters beyond `f` beyond `f`, so one rule serves both.
    debug_assert!(!fold || run.iter().all(|b| !b.is_ascii_uppercase()));
    run.len() >= MIN_ID_WORD && words::is_id_word(run)
}

fn word(run: &[u8], open_start: bool, open_end: bool, fold: bool) -> WordClue {
    WordClue { text: String::from_utf8_lossy(run).into_owned(), open_start, open_end, fold }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(needle: &str, expect: &str) {
        assert_eq!(show(&Clue::of_literal(needle.as_bytes())), expect, "{needle:?}");
    }

    /// `*` marks an open end.
    pub(super) fn show(clue: &Clue) -> String {
        let joined =
            |clues: &[Clue], by: &str| format!("({})", clues.iter().map(show).collect::<Vec<_>>().join(by));
        match clue {
            Clue::Anything => "?".into(),
            Clue::All(clues) => joined(clues, " & "),
            Clue::Any(clues) => joined(clues, " | "),
            Clue::Text(needle) => {
                let star = |open: bool| if open { "*" } else { "" };
                let mut parts: Vec<String> = needle
                    .words
                    .iter()
                    .map(|w| {
                        let fold = if w.fold { "~" } else { "" };
                        format!("{fold}{}{}{}", star(w.open_start), w.text, star(w.open_end))
                    })
                    .collect();
                if !needle.ids.is_empty() {
                    parts.push(format!("ids:{}", needle.ids.len()));
                }
                if !needle.grams.is_empty() {
                    parts.push("grams".into());
                }
                if needle.ascii_only {
                    parts.push("ascii".into());
                }
                parts.join(" ")
            }
        }
    }

    #[test]
    fn inner_tokens_are_exact_and_outer_ones_open() {
        check("", "?");
        check("ERROR", "*ERROR*");
        check(" ERROR ", "ERROR");
        check("needle-1", "*needle");
        check("no such words here", "here* such words");
        check(" no such", "no such*");
        check("id=", "?");
        check("abc", "?");
        check(" abc ", "abc");
        check("\"took\":200ms,", "ms took");
        check("req_0123456789abcdef", "*req grams");
        check("req_0123456789abcdef\"", "*req ids:1 grams");
        check("0123456789abcdef", "grams");
        check(" 12345678 ", "ids:1");
        check(" 1234567 ", "?");
        check("xyz9 foo", "foo* *xyz");
    }
}

//! What a block's text is made of: words (runs of ASCII letters) for the index, ids (runs of letters and digits) for
//! the bloom. One definition for writing blocks and for reading needles, so that pruning is exact.

use rustc_hash::FxHashSet;

use crate::bloom;

/// Runs of letters and digits with at least one digit and this length are ids.
pub(crate) const MIN_ID: usize = 8;
/// A letter run of an id is a word only from this length on, and only with a letter beyond `f`: hexadecimal noise
/// would fill the dictionary.
pub(crate) const MIN_ID_WORD: usize = 3;
/// A longer word makes its block opaque: such a block is never skipped by words.
pub(crate) const MAX_WORD: usize = 256;
/// So does a block with more distinct words.
pub(crate) const MAX_WORDS: usize = 20_000;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphabetic() {
            classes[byte] = LETTER;
        } else if b.is_ascii_digit() {
            classes[byte] = DIGIT;
        }
        byte += 1;
    }
    classes
};

/// A run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Offset of its first byte.
    pub(crate) start: usize,
    /// Offset behind its last byte.
    pub(crate) end: usize,
    /// Whether it holds a digit.
    pub(crate) digits: bool,
    /// Whether it holds a letter.
    pub(crate) letters: bool,
}

/// The runs of letters and digits in `text`, in order.
#[inline]
pub(crate) fn tokens(text: &[u8], mut each: impl FnMut(Token)) {
    let mut at = 0;
    while at < text.len() {
        if CLASSES[text[at] as usize] == 0 {
            at += 1;
            continue;
        }
        let (start, mut seen) = (at, 0);
        while at < text.len() {
            let class = CLASSES[text[at] as usize];
            if class == 0 {
                break;
            }
            seen |= class;
            at += 1;
        }
        each(Token { start, end: at, digits: seen & DIGIT != 0, letters: seen & LETTER != 0 });
    }
}

/// The runs of letters within a token: (start, end) in `text`.
pub(crate) fn letter_runs(text: &[u8], token: Token, mut each: impl FnMut(usize, usize)) {
    let mut at = token.start;
    while at < token.end {
        let start = at;
        while at < token.end && CLASSES[text[at] as usize] == LETTER {
            at += 1;
        }
        if at > start {
            each(start, at);
        } else {
            at += 1;
        }
    }
}

/// Whether a letter run of an id is indexed.
pub(crate) fn is_id_word(run: &[u8]) -> bool {
    run.len() >= MIN_ID_WORD && run.iter().any(|b| !b.is_ascii_hexdigit())
}

/// What is known of a block's text.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// Distinct words, sorted, joined by newlines.
    pub(crate) words: Vec<u8>,
    /// False if the block is opaque: it has words that are not in `words`.
    pub(crate) complete: bool,
    /// Whether the text is ASCII throughout.
    pub(crate) ascii: bool,
    /// Hashes of whole ids.
    pub(crate) ids: Vec<u64>,
    /// Hashes of minimizers.
    pub(crate) grams: Vec<u64>,
}

/// Reads a block's text.
pub(crate) fn vocabulary(text: &[u8]) -> Vocabulary {
    let mut found = Vocabulary { complete: true, ascii: text.is_ascii(), ..Vocabulary::default() };
    let mut words: FxHashSet<&[u8]> = FxHashSet::default();
    let mut complete = true;
    let mut add = |word: &'_ [u8], words: &mut FxHashSet<_>| {
        // Ties the lifetime of the set's slices to `text`.
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        if word.len() > MAX_WORD || words.len() >= MAX_WORDS {
            complete = complete && words.contains(&text[offset..offset + word.len()]);
        } else {
            words.insert(&text[offset..offset + word.len()]);
        }
    };
    tokens(text, |token| {
        let bytes = &text[token.start..token.end];
        if !token.digits {
            add(bytes, &mut words);
            return;
        }
        let id = bytes.len() >= MIN_ID;
        if id {
            found.ids.push(bloom::hash_id(bytes));
            bloom::minimizers(bytes, |hash| found.grams.push(hash));
        }
        if token.letters {
            letter_runs(text, token, |start, end| {
                if !id || is_id_word(&text[start..end]) {
                    add(&text[start..end], &mut words);
                }
            });
        }
    });
    let mut sorted: Vec<&[u8]> = words.into_iter().collect();
    sorted.sort_unstable();
    found.words = sorted.join(&b'\n');
    found.complete = complete;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &str, ids: usize, grams: bool) {
        let found = vocabulary(text.as_bytes());
        assert_eq!(String::from_utf8_lossy(&found.words).replace('\n', " "), words, "words of {text:?}");
        assert_eq!((found.ids.len(), !found.grams.is_empty()), (ids, grams), "ids of {text:?}");
        assert!(found.complete);
    }

    #[test]
    fn words_are_letters_and_ids_have_digits() {
        check("GET /v1/models 200", "GET models v", 0, false);
        check("a a b", "a b", 0, false);
        check("req_0123456789abcdef0123456789abcdef", "req", 1, true);
        check("batch_deadbeef", "batch deadbeef", 0, false);
        check("batch_dead1eef", "batch", 1, false);
        check("host12345 gpu0", "gpu host", 1, false);
        check("1234567 12345678", "", 1, false);
        check("café ünï", "caf n", 0, false);
        check("", "", 0, false);
    }

    #[test]
    fn a_block_beyond_the_bounds_is_opaque() {
        assert!(!vocabulary("x".repeat(MAX_WORD + 1).as_bytes()).complete);
        let letter = |n: usize| (b'a' + (n % 26) as u8) as char;
        let many: String = (0..MAX_WORDS + 1)
            .map(|i| format!("{}{}{}{} ", letter(i), letter(i / 26), letter(i / 676), letter(i / 17_576)))
            .collect();
        assert!(!vocabulary(many.as_bytes()).complete);
        assert!(!vocabulary("ü".as_bytes()).ascii);
    }
}

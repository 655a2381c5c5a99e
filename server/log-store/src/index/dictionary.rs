//! The distinct words of a partition (or of one block) as one text: a `memmem` over it is faster than a walk of the
//! dictionary, and finds prefixes, suffixes and inner pieces alike.

use std::sync::OnceLock;

use memchr::memmem;

use crate::clue::{Clue, WordClue};

/// Words in ascending order.
#[derive(Debug)]
pub(crate) struct Dictionary {
    /// A newline, then each word and a newline.
    joined: Vec<u8>,
    /// Where each word begins in `joined`.
    starts: Vec<u32>,
    folded: OnceLock<Vec<u8>>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary { joined: vec![b'\n'], starts: Vec::new(), folded: OnceLock::new() }
    }
}

impl Dictionary {
    /// The words of a block, as its words part has them.
    pub(crate) fn of_words(words: &[u8]) -> Self {
        let mut dictionary = Dictionary::default();
        words.split(|b| *b == b'\n').filter(|word| !word.is_empty()).for_each(|word| dictionary.push(word));
        dictionary
    }

    /// Adds the next word.
    pub(crate) fn push(&mut self, word: &[u8]) {
        self.starts.push(self.joined.len() as u32);
        self.joined.extend_from_slice(word);
        self.joined.push(b'\n');
    }

    /// A word by its place in the order.
    pub(crate) fn word(&self, ordinal: u32) -> &[u8] {
        let start = self.starts[ordinal as usize] as usize;
        let next = self.starts.get(ordinal as usize + 1).map_or(self.joined.len(), |next| *next as usize);
        &self.joined[start..next - 1]
    }

    pub(crate) fn bytes(&self) -> usize {
        self.joined.capacity() * 2 + self.starts.capacity() * 4
    }

    /// The words that `clue` may mean, ascending.
    pub(crate) fn find(&self, clue: &WordClue) -> Vec<u32> {
        let text = match clue.fold {
            true => self.folded.get_or_init(|| self.joined.to_ascii_lowercase()),
            false => &self.joined,
        };
        let mut needle = Vec::with_capacity(clue.text.len() + 2);
        if !clue.open_start {
            needle.push(b'\n');
        }
        needle.extend_from_slice(clue.text.as_bytes());
        if !clue.open_end {
            needle.push(b'\n');
        }
        let (finder, mut found, mut at) = (memmem::Finder::new(&needle), Vec::new(), 0);
        while let Some(hit) = finder.find(&text[at..]) {
            // The hit's first letter, so that a leading newline does not count for the word before.
            let letter = at + hit + usize::from(!clue.open_start);
            let word = self.starts.partition_point(|start| *start as usize <= letter) - 1;
            found.push(word as u32);
            match self.starts.get(word + 1) {
                // From the newline before the next word on: it may be part of the next hit.
                Some(next) => at = *next as usize - 1,
                None => break,
            }
        }
        found
    }

    /// Whether a block with these words (all of them, if `complete`) may hold what `clue` asks for, as far as words tell.
    pub(crate) fn may_hold(&self, clue: &Clue, ascii: bool, complete: bool) -> bool {
        match clue {
            Clue::Anything => true,
            _ if !complete => true,
            Clue::All(clues) => clues.iter().all(|clue| self.may_hold(clue, ascii, complete)),
            Clue::Any(clues) => clues.iter().any(|clue| self.may_hold(clue, ascii, complete)),
            Clue::Text(needle) if needle.ascii_only && !ascii => true,
            Clue::Text(needle) => needle.words.iter().all(|word| !self.find(word).is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clue: (&str, bool, bool, bool), expect: &[u32]) {
        let dictionary = Dictionary::of_words(b"ERROR\nerr\nerror\nerrors\nterror");
        let (text, open_start, open_end, fold) = clue;
        let clue = WordClue { text: text.into(), open_start, open_end, fold };
        assert_eq!(dictionary.find(&clue), expect, "{clue:?}");
    }

    #[test]
    fn ends_open_and_closed() {
        check(("error", false, false, false), &[2]);
        check(("error", false, true, false), &[2, 3]);
        check(("error", true, false, false), &[2, 4]);
        check(("error", true, true, false), &[2, 3, 4]);
        check(("error", true, true, true), &[0, 2, 3, 4]);
        check(("error", false, false, true), &[0, 2]);
        check(("err", false, false, false), &[1]);
        check(("r", true, true, false), &[1, 2, 3, 4]);
        check(("zzz", true, true, false), &[]);
        assert!(
            Dictionary::of_words(b"")
                .find(&WordClue { text: "a".into(), open_start: true, open_end: true, fold: false })
                .is_empty()
        );
    }
}

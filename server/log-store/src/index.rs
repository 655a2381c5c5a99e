//! The word index of a partition: tantivy, one document a block, in the blocks' order. It is derived: one that is
//! missing, damaged or short costs time and never a line, since blocks beyond its documents are always candidates.

use std::path::Path;
use std::sync::Arc;

use roaring::RoaringBitmap;
use storage::Disk;
use tantivy::directory::DirectoryClone;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{DocSet, Index, InvertedIndexReader, SegmentReader, TERMINATED, TantivyDocument};

use crate::clue::{Clue, Needle};
use crate::{Error, Result};

mod dictionary;
mod disk_directory;
mod tokenizer;

pub(crate) use dictionary::Dictionary;
use disk_directory::DiskDirectory;

/// Memory that building an index may take.
const BUILD_BYTES: usize = 15_000_000;
const FIELD: &str = "words";

fn schema() -> Schema {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer::NAME)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let mut builder = Schema::builder();
    builder.add_text_field(FIELD, TextOptions::default().set_indexing_options(indexing));
    builder.build()
}

fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(tokenizer::NAME, tokenizer::Lines::default());
    manager
}

/// Builds the index in the empty folder `dir` from the blocks' words, one text a block, in order.
pub(crate) fn build(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    words: impl IntoIterator<Item = Result<Vec<u8>>>,
) -> Result<()> {
    let schema = schema();
    let field = schema.get_field(FIELD)?;
    let directory = DiskDirectory::new(Arc::clone(disk), dir);
    let mut writer = Index::builder()
        .schema(schema)
        .tokenizers(tokenizers())
        .single_segment_index_writer::<TantivyDocument>(directory.box_clone(), BUILD_BYTES)?;
    for words in words {
        let mut document = TantivyDocument::new();
        document.add_text(field, String::from_utf8_lossy(&words?));
        writer.add_document(document)?;
    }
    writer.finalize()?;
    Ok(())
}

/// An index open for lookups.
pub(crate) struct WordIndex {
    inverted: Arc<InvertedIndexReader>,
    dictionary: Dictionary,
    /// Blocks that it covers: those before this one.
    covered: u32,
}

impl std::fmt::Debug for WordIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WordIndex").field("covered", &self.covered).finish_non_exhaustive()
    }
}

impl WordIndex {
    /// Opens the index in `dir`. Checksums are verified once, here: a flipped bit must not hide a block.
    pub(crate) fn open(disk: &Arc<dyn Disk>, dir: &Path) -> Result<Self> {
        let mut index = Index::open(DiskDirectory::new(Arc::clone(disk), dir).box_clone())?;
        index.set_tokenizers(tokenizers());
        let damaged = index.validate_checksum()?;
        if let Some(file) = damaged.iter().next() {
            return Err(Error::corrupt(format!("{} does not match its checksum", file.display())));
        }
        let field: Field = index.schema().get_field(FIELD)?;
        let segments = index.searchable_segments()?;
        let [segment] = segments.as_slice() else {
            return Err(Error::corrupt(format!("the word index has {} segments, not one", segments.len())));
        };
        let reader = SegmentReader::open(segment)?;
        let inverted = reader.inverted_index(field)?;
        let mut dictionary = Dictionary::default();
        let mut stream = inverted.terms().stream().map_err(tantivy::TantivyError::from)?;
        while stream.advance() {
            dictionary.push(stream.key());
        }
        Ok(WordIndex { inverted, dictionary, covered: reader.max_doc() })
    }

    /// Memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.dictionary.bytes()
    }

    /// The blocks that may hold what `clue` asks for, as far as words tell.
    pub(crate) fn candidates(&self, clue: &Clue, blocks: &Blocks) -> Result<RoaringBitmap> {
        let mut found = self.lookup(clue, blocks)?;
        found.insert_range(self.covered.min(blocks.count)..blocks.count);
        Ok(found)
    }

    fn lookup(&self, clue: &Clue, blocks: &Blocks) -> Result<RoaringBitmap> {
        match clue {
            Clue::Anything => Ok((0..blocks.count).collect()),
            Clue::Text(needle) => self.lookup_needle(needle, blocks),
            Clue::All(clues) => {
                let mut found: RoaringBitmap = (0..blocks.count).collect();
                for clue in clues {
                    if found.is_empty() {
                        break;
                    }
                    found &= self.lookup(clue, blocks)?;
                }
                Ok(found)
            }
            Clue::Any(clues) => {
                let mut found = RoaringBitmap::new();
                for clue in clues {
                    found |= self.lookup(clue, blocks)?;
                }
                Ok(found)
            }
        }
    }

    fn lookup_needle(&self, needle: &Needle, blocks: &Blocks) -> Result<RoaringBitmap> {
        let mut found: RoaringBitmap = (0..blocks.count).collect();
        for word in &needle.words {
            let mut with = blocks.opaque.clone();
            if needle.ascii_only {
                with |= &blocks.beyond_ascii;
            }
            for ordinal in self.dictionary.find(word) {
                self.add_postings(ordinal, &mut with)?;
            }
            found &= with;
            if found.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    fn add_postings(&self, ordinal: u32, with: &mut RoaringBitmap) -> Result<()> {
        let info =
            self.inverted.terms().get(self.dictionary.word(ordinal)).map_err(tantivy::TantivyError::from)?;
        let info = info.ok_or_else(|| Error::corrupt("the word index lost a word of its dictionary"))?;
        let postings = self.inverted.read_postings_from_terminfo(&info, IndexRecordOption::Basic);
        let mut postings = postings.map_err(tantivy::TantivyError::from)?;
        let mut block = postings.doc();
        while block != TERMINATED {
            with.insert(block);
            block = postings.advance();
        }
        Ok(())
    }
}

/// Blocks of a partition of which words do not tell everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocks {
    pub(crate) count: u32,
    /// Blocks with words that are not indexed.
    pub(crate) opaque: RoaringBitmap,
    /// Blocks with bytes beyond ASCII.
    pub(crate) beyond_ascii: RoaringBitmap,
}

#[cfg(test)]
mod tests {
    use storage::FaultDisk;

    use super::*;

    fn check(index: &WordIndex, needle: &str, expect: &[u32]) {
        let blocks = Blocks { count: 4, ..Blocks::default() };
        let found = index.candidates(&Clue::of_literal(needle.as_bytes()), &blocks).expect("looks up");
        assert_eq!(found.iter().collect::<Vec<_>>(), expect, "{needle:?}");
    }

    #[test]
    fn finds_blocks_and_never_hides_those_beyond() {
        let disk: Arc<dyn Disk> = Arc::new(FaultDisk::new());
        let dir = Path::new("/index");
        disk.create_dir_all(dir).expect("a folder");
        let words = ["GET\nPOST\nstatus", "", "ERROR\nstatus\ntimeout"];
        build(&disk, dir, words.iter().map(|w| Ok(w.as_bytes().to_vec()))).expect("builds");
        let index = WordIndex::open(&disk, dir).expect("opens");
        check(&index, "ERROR", &[2, 3]);
        check(&index, " GET ", &[0, 3]);
        check(&index, "tatus", &[0, 2, 3]);
        check(&index, "stat", &[0, 2, 3]);
        check(&index, " stat ", &[3]);
        check(&index, " time", &[2, 3]);
        check(&index, " out ", &[3]);
        check(&index, "", &[0, 1, 2, 3]);
        assert!(build(&disk, Path::new("/nowhere"), std::iter::empty()).is_err());
        assert!(WordIndex::open(&disk, Path::new("/nowhere")).is_err());
    }

    #[test]
    fn a_flipped_byte_is_noticed() {
        let disk = FaultDisk::new();
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        let dir = Path::new("/index");
        disk.create_dir_all(dir).expect("a folder");
        build(&shared, dir, [Ok(b"alpha\nbeta".to_vec())]).expect("builds");
        let terms = disk
            .list(dir)
            .expect("lists")
            .into_iter()
            .find(|e| e.path.extension().is_some_and(|e| e == "term"));
        disk.flip(&terms.expect("a dictionary").path, 0).expect("flips");
        assert!(WordIndex::open(&shared, dir).is_err());
    }
}

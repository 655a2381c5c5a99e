//! A file in pages of whole lines, so that its size does not matter; gzip is unpacked.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use wire::exposition::{Format, Parser};

/// Bytes of a page, roughly.
const PAGE_BYTES: usize = 4 << 20;
/// The longest line.
const MAX_LINE: u64 = 1 << 20;

/// Whole lines of a file.
pub(super) struct Page {
    text: Vec<u8>,
    /// Lines of the file before the page.
    pub(super) first_line: usize,
    format: Format,
}

impl Page {
    /// A page of `lines`, `first_line` lines into the file; OpenMetrics, or exposition text.
    pub(super) fn new(lines: &str, first_line: usize, text: bool) -> Self {
        let mut page = lines.as_bytes().to_vec();
        let format = if text { Format::Text } else { Format::OpenMetrics };
        if format == Format::OpenMetrics {
            page.extend_from_slice(b"# EOF\n");
        }
        Page { text: page, first_line, format }
    }

    pub(super) fn parser(&self) -> Result<Parser<'_>> {
        Parser::new(&self.text, self.format).map_err(|error| self.place(error))
    }

    /// An error with its line in the file.
    pub(super) fn place(&self, error: wire::Error) -> anyhow::Error {
        match error {
            wire::Error::Exposition { line, why, text } => {
                wire::Error::Exposition { line: line + self.first_line, why, text }.into()
            }
            other => other.into(),
        }
    }
}

/// Counts the bytes that were read of the file itself.
struct Counted {
    file: File,
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(out)?;
        self.read.set(self.read.get() + n as u64);
        Ok(n)
    }
}

/// See the module.
pub(super) struct Pages {
    reader: Box<dyn BufRead>,
    read: std::rc::Rc<std::cell::Cell<u64>>,
    total: u64,
    lines: usize,
    text: bool,
    ended: bool,
}

impl Pages {
    /// Opens a file of OpenMetrics, or of exposition text if `text`.
    pub(super) fn open(path: &Path, text: bool) -> Result<Self> {
        let mut file = File::open(path).context("cannot be opened")?;
        let total = file.metadata()?.len();
        let mut magic = [0; 2];
        let gzipped = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
        file.seek(SeekFrom::Start(0))?;
        let read = std::rc::Rc::default();
        let counted = Counted { file, read: std::rc::Rc::clone(&read) };
        let reader: Box<dyn BufRead> = match gzipped {
            true => Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(counted))),
            false => Box::new(BufReader::with_capacity(256 << 10, counted)),
        };
        Ok(Pages { reader, read, total, lines: 0, text, ended: false })
    }

    pub(super) fn total_bytes(&self) -> u64 {
        self.total
    }

    pub(super) fn read_bytes(&self) -> u64 {
        self.read.get()
    }

    /// The next page. A file of OpenMetrics that does not end in `# EOF` was cut: an error, once all of it is read.
    pub(super) fn next_page(&mut self) -> Result<Option<Page>> {
        let first_line = self.lines;
        let mut text = String::new();
        while text.len() < PAGE_BYTES {
            let before = text.len();
            let read = self.reader.by_ref().take(MAX_LINE).read_line(&mut text);
            let read = read.with_context(|| format!("line {}", self.lines + 1))?;
            if read == 0 {
                break;
            }
            self.lines += 1;
            let line = &text[before..];
            if read as u64 == MAX_LINE && !line.ends_with('\n') {
                bail!("line {} is longer than {MAX_LINE} bytes", self.lines);
            }
            if !self.text && line.trim_end() == "# EOF" {
                self.ended = true;
                text.truncate(before);
            } else if self.ended && !line.trim().is_empty() {
                bail!("line {}: text follows # EOF", self.lines);
            }
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
        }
        if text.is_empty() {
            if self.lines == first_line && !self.text && !self.ended {
                bail!(
                    "the file does not end in # EOF: it was cut, or it is no OpenMetrics (--text reads the older format)"
                );
            }
            return Ok(None);
        }
        Ok(Some(Page::new(&text, first_line, self.text)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn count(bytes: &[u8], text: bool) -> Result<usize> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let mut pages = Pages::open(file.path(), text)?;
        let mut samples = 0;
        while let Some(page) = pages.next_page()? {
            for item in page.parser()? {
                item.map_err(|error| page.place(error))?;
                samples += 1;
            }
        }
        assert_eq!(pages.read_bytes(), bytes.len() as u64);
        Ok(samples)
    }

    #[test]
    fn large_files_come_in_pages() {
        let line = "some_metric{label=\"value\"} 1 1700000000\n";
        let mut file = line.repeat(250_000);
        assert_eq!(count(file.as_bytes(), true).unwrap(), 250_000);
        let cut = count(file.as_bytes(), false).unwrap_err().to_string();
        assert!(cut.starts_with("the file does not end in # EOF"), "{cut}");
        file.push_str("# EOF\n");
        assert_eq!(count(file.as_bytes(), false).unwrap(), 250_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(file.as_bytes()).unwrap();
        assert_eq!(count(&gzip.finish().unwrap(), false).unwrap(), 250_000);
    }

    #[test]
    fn errors_name_the_line_of_the_file() {
        let mut file = "a 1 1\n".repeat(1_000_000);
        file.push_str("b x 1\n# EOF\n");
        let error = count(file.as_bytes(), false).unwrap_err().to_string();
        assert!(error.starts_with("line 1000001: "), "{error}");
        assert!(
            count(b"a 1 1\n# EOF\nb 1 1\n", false).unwrap_err().to_string().contains("text follows # EOF")
        );
        assert_eq!(count(b"a 1 1\n# EOF", false).unwrap(), 1);
        assert_eq!(count(b"", true).unwrap(), 0);
    }
}

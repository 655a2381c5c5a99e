//! Files that are not UTF-8: where their lines end, and what these are in UTF-8. Names are those of the Encoding
//! Standard (<https://encoding.spec.whatwg.org/#names-and-labels>).

use std::io::{self, Read};

use bytes::Bytes;
use encoding_rs::{CoderResult, Decoder, UTF_8, UTF_16BE, UTF_16LE};

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    of: &'static encoding_rs::Encoding,
    /// The first bytes of the file say which end comes first.
    by_mark: bool,
}

impl Encoding {
    /// The encoding of this name; `None` for UTF-8, which needs no decoding. An error says that it is not known.
    pub(crate) fn named(name: &str) -> Result<Option<Self>, String> {
        let name = name.trim().to_ascii_lowercase();
        if matches!(name.as_str(), "" | "us-ascii" | "ascii") {
            return Ok(None);
        }
        let of = encoding_rs::Encoding::for_label_no_replacement(name.as_bytes())
            .ok_or_else(|| format!("the encoding {name:?} is not known: lines are kept byte for byte"))?;
        Ok((of != UTF_8).then(|| Encoding { of, by_mark: name == "utf-16" }))
    }

    /// Bytes of the unit that a newline is one of.
    pub(crate) fn unit(self) -> usize {
        if self.of == UTF_16LE || self.of == UTF_16BE { 2 } else { 1 }
    }

    /// Whether [`Encoding::marked`] has to be asked.
    pub(crate) fn is_open(self) -> bool {
        self.by_mark
    }

    /// The encoding of a file that begins with these bytes.
    pub(crate) fn marked(self, first: &[u8]) -> Self {
        let of = if self.by_mark && first.starts_with(&[0xfe, 0xff]) { UTF_16BE } else { self.of };
        Encoding { of, by_mark: false }
    }

    /// Where the line ends whose newline may be the byte 0x0a at `at`, and where the next begins. `bytes` begins at
    /// a whole unit.
    pub(crate) fn newline(self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if self.of == UTF_16LE {
            (at.is_multiple_of(2) && bytes.get(at + 1) == Some(&0)).then_some((at, at + 2))
        } else if self.of == UTF_16BE {
            (!at.is_multiple_of(2) && bytes[at - 1] == 0).then(|| (at - 1, at + 1))
        } else {
            Some((at, at + 1))
        }
    }

    /// A line in UTF-8, with replacement characters for what cannot be read; the mark that a file may begin with is
    /// left out of its `first` line.
    pub(crate) fn decode(self, line: &[u8], first: bool) -> Bytes {
        let (text, _) = self.of.decode_without_bom_handling(line);
        let text = if first { text.strip_prefix('\u{feff}').unwrap_or(&text) } else { &text };
        Bytes::copy_from_slice(text.as_bytes())
    }

    /// A reader of the same text in UTF-8, without its mark.
    pub(crate) fn reader<R: Read>(self, inner: R) -> Utf8Reader<R> {
        let decoder =
            if self.by_mark { self.of.new_decoder() } else { self.of.new_decoder_with_bom_removal() };
        let (input, output) = (vec![0; 8 << 10], Vec::new());
        Utf8Reader { inner, decoder, input, output, given: 0, ended: false }
    }
}

/// Decodes while it reads.
pub(crate) struct Utf8Reader<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Utf8Reader<R> {
    fn fill(&mut self) -> io::Result<()> {
        let n = self.inner.read(&mut self.input)?;
        self.ended = n == 0;
        let room = self.decoder.max_utf8_buffer_length(n).ok_or_else(|| io::Error::other("too long"))?;
        self.output.resize(room, 0);
        let (result, _, written, _) =
            self.decoder.decode_to_utf8(&self.input[..n], &mut self.output, self.ended);
        debug_assert!(result == CoderResult::InputEmpty, "there was room for all");
        self.output.truncate(written);
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.ended {
            self.fill()?;
        }
        let n = buffer.len().min(self.output.len() - self.given);
        buffer[..n].copy_from_slice(&self.output[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Encoding {
        Encoding::named(name).unwrap().unwrap()
    }

    #[test]
    fn names() {
        for plain in ["", "UTF-8", "utf8", "US-ASCII"] {
            assert_eq!(Encoding::named(plain), Ok(None), "{plain}");
        }
        for name in
            ["UTF-16LE", "iso-8859-1", "windows-1252", "Shift_JIS", "GBK", "koi8-r", "EUC-KR", "UTF-16"]
        {
            assert!(Encoding::named(name).unwrap().is_some(), "{name}");
        }
        assert!(Encoding::named("UTF-32").unwrap_err().contains("utf-32"));
    }

    #[test]
    fn lines() {
        assert_eq!(named("iso-8859-1").decode(b"na\xefve", true), "naïve");
        assert_eq!(named("shift_jis").decode(b"\x93\xfa\x96{", false), "日本");
        assert_eq!(named("utf-16le").decode(b"\xff\xfea\0", true), "a");
        assert_eq!(named("utf-16le").decode(b"\0\xd8a\0", true), "\u{fffd}a");
        let (little, big) = (named("utf-16"), named("utf-16").marked(b"\xfe\xff"));
        // U+0A0A holds the byte twice and is no newline.
        assert_eq!(little.newline(b"\x0a\x0a\x0a\0", 0), None);
        assert_eq!(little.newline(b"\x0a\x0a\x0a\0", 2), Some((2, 4)));
        assert_eq!(big.newline(b"\x0a\x0a\0\x0a", 1), None);
        assert_eq!(big.newline(b"\x0a\x0a\0\x0a", 3), Some((2, 4)));
    }

    #[test]
    fn whole_texts() {
        let text = "ö\n".repeat(20_000);
        let big: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let mut got = String::new();
        named("utf-16").reader(&big[..]).read_to_string(&mut got).unwrap();
        assert!(got == text, "{} bytes", got.len());
        let latin = "\u{f6}\n".repeat(20_000).chars().map(|c| c as u8).collect::<Vec<u8>>();
        let mut got = String::new();
        named("latin1").reader(&latin[..]).read_to_string(&mut got).unwrap();
        assert!(got == text, "{} bytes", got.len());
    }
}

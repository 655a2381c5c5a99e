//! The log stream of the Docker API: frames of stdout and stderr, or raw bytes of a terminal, cut into lines.

use std::collections::VecDeque;
use std::io;

/// Most bytes of a line; the rest of a longer one is a line of its own.
const MAX_LINE_BYTES: usize = 4 << 20;
/// A frame's head: stream, three zeros, length.
const HEAD: usize = 8;

/// Cuts what came into lines. A line that the daemon cut into pieces, as it does with long ones, is put together.
pub(super) struct Frames {
    tty: bool,
    bytes: Vec<u8>,
    open: [Vec<u8>; 2],
    lines: VecDeque<(&'static str, Vec<u8>)>,
}

const NAMES: [&str; 2] = ["stdout", "stderr"];

impl Frames {
    pub(super) fn new(tty: bool) -> Self {
        Frames { tty, bytes: Vec::new(), open: [Vec::new(), Vec::new()], lines: VecDeque::new() }
    }

    /// Takes bytes in; an error if they are no frames.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.tty {
            self.text(0, bytes);
            return Ok(());
        }
        self.bytes.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(head) = self.bytes.get(at..at + HEAD) {
            let &[stream, 0, 0, 0, a, b, c, d] = head else {
                return Err(io::Error::other("the daemon sends something else than frames of a log"));
            };
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            if stream > 2 || length > MAX_LINE_BYTES * 4 {
                return Err(io::Error::other("the daemon sends a frame of an unknown kind"));
            }
            let Some(text) = self.bytes.get(at + HEAD..at + HEAD + length) else { break };
            let text = text.to_vec();
            self.text(usize::from(stream == 2), &text);
            at += HEAD + length;
        }
        self.bytes.drain(..at);
        Ok(())
    }

    fn text(&mut self, stream: usize, text: &[u8]) {
        let mut text = text;
        let open = &mut self.open[stream];
        // A further piece of a line has a time of its own before it, which is not part of the line.
        if !open.is_empty() && !self.tty && starts_with_time(text) {
            let at = memchr::memchr(b' ', text).map_or(0, |at| at + 1);
            text = &text[at..];
        }
        while let Some(end) = memchr::memchr(b'\n', text) {
            open.extend_from_slice(&text[..end]);
            if open.ends_with(b"\r") {
                open.pop();
            }
            self.lines.push_back((NAMES[stream], std::mem::take(open)));
            text = &text[end + 1..];
        }
        open.extend_from_slice(text);
        if open.len() >= MAX_LINE_BYTES {
            self.lines.push_back((NAMES[stream], std::mem::take(open)));
        }
    }

    pub(super) fn next_line(&mut self) -> Option<(&'static str, Vec<u8>)> {
        self.lines.pop_front()
    }

    /// Lines without an end, once nothing more comes.
    pub(super) fn rest(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let open = NAMES.into_iter().zip(self.open.iter_mut().map(std::mem::take));
        open.filter(|(_, line)| !line.is_empty()).collect()
    }
}

fn starts_with_time(text: &[u8]) -> bool {
    let time = text.split(|b| *b == b' ').next().and_then(|word| std::str::from_utf8(word).ok());
    time.is_some_and(|time| super::parse_time(time).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, text: &str) -> Vec<u8> {
        let mut frame = vec![stream, 0, 0, 0];
        frame.extend_from_slice(&(text.len() as u32).to_be_bytes());
        frame.extend_from_slice(text.as_bytes());
        frame
    }

    #[test]
    fn lines_of_both_streams_in_any_pieces() {
        let t = "2026-01-01T00:00:00.000000001Z ";
        let mut all = frame(1, &format!("{t}one\n"));
        all.extend(frame(2, &format!("{t}wrong\r\n")));
        all.extend(frame(1, &format!("{t}long ")));
        all.extend(frame(1, &format!("{t}line\n")));
        all.extend(frame(1, &format!("{t}no end")));
        for step in [1, 7, 1_000] {
            let mut frames = Frames::new(false);
            let mut lines = Vec::new();
            for piece in all.chunks(step) {
                frames.push(piece).unwrap();
                lines.extend(std::iter::from_fn(|| frames.next_line()));
            }
            lines.extend(frames.rest());
            let text =
                |(stream, line): &(&str, Vec<u8>)| format!("{stream} {}", String::from_utf8_lossy(line));
            let got: Vec<String> = lines.iter().map(text).collect();
            let expect = ["stdout one", "stderr wrong", "stdout long line", "stdout no end"];
            let expect = expect.map(|line| line.replacen(' ', &format!(" {t}"), 1));
            assert_eq!(got, expect, "pieces of {step}");
        }
        assert!(Frames::new(false).push(b"plain text").is_err());
        let mut tty = Frames::new(true);
        tty.push(b"a\r\nb").unwrap();
        assert_eq!(tty.next_line(), Some(("stdout", b"a".to_vec())));
        assert_eq!(tty.rest(), [("stdout", b"b".to_vec())]);
    }
}

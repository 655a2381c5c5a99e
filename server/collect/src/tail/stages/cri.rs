//! `cri`: lines of container runtimes, `time stream flags text`, with partial lines joined.

use std::sync::Arc;

use template::gotime::Layout;

use super::multiline::{Block, held};
use super::{Gather, Stage, State};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::Draft;

/// A partial line whose end does not come is let go after this time, ms.
const MAX_WAIT_MS: i64 = 10_000;

/// Bounds of partial lines.
#[derive(Debug)]
struct Cri {
    time: Layout,
    stream: Arc<str>,
    max_partial_lines: u64,
    max_partial_bytes: usize,
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let max_partial_lines = section.number("max_partial_lines")?.unwrap_or(100).max(1);
    let truncates = section.bool("max_partial_line_size_truncate")?.unwrap_or(false);
    let size = section.size("max_partial_line_size")?.filter(|size| truncates && *size > 0);
    let max_partial_bytes = size.map_or(usize::MAX, |size| size as usize);
    let time = Layout::named("RFC3339Nano").map_err(|why| section.bad("time", why))?;
    let cri = Cri { time, stream: Arc::from("stream"), max_partial_lines, max_partial_bytes };
    Ok(vec![Stage::Gather(Arc::new(cri))])
}

impl Gather for Cri {
    fn name(&self) -> &'static str {
        "cri"
    }

    fn state(&self) -> State {
        State::Block(None)
    }

    fn push(&self, mut draft: Draft, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Block(slot) = state else { return out.push(draft) };
        let Some(partial) = self.parse(&mut draft, now_ms) else { return out.push(draft) };
        match slot {
            None if !partial => return out.push(draft),
            None => *slot = Some(Block::new(draft, now_ms)),
            Some(block) => {
                block.text.extend_from_slice(&draft.line);
                block.lines += 1;
                block.last_ms = now_ms;
                // The last piece's time and labels count.
                let start = block.first.start;
                block.first = Draft { start, ..draft };
            }
        }
        let done =
            slot.take_if(|block| !partial || block.lines >= self.max_partial_lines || block.is_full(0));
        out.extend(done.map(|block| self.finish(*block)));
    }

    fn release(&self, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        if let State::Block(slot) = state {
            let late = slot.take_if(|block| now_ms - block.last_ms >= MAX_WAIT_MS);
            out.extend(late.map(|block| self.finish(*block)));
        }
    }

    fn held(&self, state: &State) -> Option<u64> {
        held(state)
    }
}

impl Cri {
    fn finish(&self, mut block: Block) -> Draft {
        block.text.truncate(self.max_partial_bytes);
        block.finish()
    }

    /// Takes the line apart: whether it is partial, or nothing if it is not of this form.
    fn parse(&self, draft: &mut Draft, now_ms: i64) -> Option<bool> {
        let mut parts = draft.line.splitn(4, |b| *b == b' ');
        let mut word = || std::str::from_utf8(parts.next()?).ok();
        let (time, stream, flags) = (word()?, word()?, word()?);
        if !matches!(stream, "stdout" | "stderr") || flags.is_empty() {
            return None;
        }
        let partial = flags.split(':').any(|flag| flag == "P");
        let (time, stream) = (self.time.parse(time, None, now_ms), stream.to_owned());
        let line = parts.next().map(|text| draft.line.slice_ref(text)).unwrap_or_default();
        draft.line = line;
        draft.t_ns = time.unwrap_or(draft.t_ns);
        draft.set_label(&self.stream, Some(stream));
        Some(partial)
    }
}

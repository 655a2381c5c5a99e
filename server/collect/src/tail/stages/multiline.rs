//! `multiline`: joins lines to the first line of their block.

use std::sync::Arc;

use bytes::Bytes;
use regex::Regex;

use super::{Gather, Stage, State, compile};
use crate::Result;
use crate::section::Section;
use crate::tail::pipeline::Draft;

/// Most bytes of a block.
const MAX_BLOCK_BYTES: usize = 4 << 20;

/// How blocks begin and end.
#[derive(Debug)]
struct Multiline {
    first_line: Regex,
    max_wait_ms: i64,
    max_lines: u64,
}

/// Lines that are being joined.
#[derive(Debug)]
pub(crate) struct Block {
    pub(super) first: Draft,
    pub(super) text: Vec<u8>,
    pub(super) lines: u64,
    pub(super) last_ms: i64,
}

impl Block {
    pub(super) fn new(first: Draft, now_ms: i64) -> Box<Self> {
        Box::new(Block { text: first.line.to_vec(), first, lines: 1, last_ms: now_ms })
    }

    pub(super) fn finish(self) -> Draft {
        Draft { line: Bytes::from(self.text), ..self.first }
    }

    pub(super) fn is_full(&self, more: usize) -> bool {
        self.text.len() + more > MAX_BLOCK_BYTES
    }
}

/// The file offset of a block's first line.
pub(super) fn held(state: &State) -> Option<u64> {
    match state {
        State::Block(Some(block)) => Some(block.first.start),
        _ => None,
    }
}

pub(super) fn read(section: &Section<'_>) -> Result<Vec<Stage>> {
    let pattern = section.text("firstline")?.filter(|pattern| !pattern.is_empty());
    let pattern =
        pattern.ok_or_else(|| section.bad("firstline", "multiline needs a firstline expression"))?;
    let first_line = compile(section, "firstline", &pattern)?;
    let max_wait_ms = section.duration_ms("max_wait_time")?.unwrap_or(3_000);
    let max_lines = section.number("max_lines")?.unwrap_or(128).max(1);
    Ok(vec![Stage::Gather(Arc::new(Multiline { first_line, max_wait_ms, max_lines }))])
}

impl Gather for Multiline {
    fn name(&self) -> &'static str {
        "multiline"
    }

    fn state(&self) -> State {
        State::Block(None)
    }

    fn push(&self, draft: Draft, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        let State::Block(slot) = state else { return out.push(draft) };
        let is_first = self.first_line.is_match(&String::from_utf8_lossy(&draft.line));
        match slot {
            Some(block) if !is_first && block.lines < self.max_lines && !block.is_full(draft.line.len()) => {
                block.text.push(b'\n');
                block.text.extend_from_slice(&draft.line);
                block.lines += 1;
                block.last_ms = now_ms;
            }
            // Before the first block there is nothing to join with.
            None if !is_first => out.push(draft),
            _ => {
                out.extend(slot.take().map(|block| block.finish()));
                *slot = Some(Block::new(draft, now_ms));
            }
        }
    }

    fn release(&self, state: &mut State, now_ms: i64, out: &mut Vec<Draft>) {
        if let State::Block(slot) = state {
            let late = slot.take_if(|block| now_ms - block.last_ms >= self.max_wait_ms);
            out.extend(late.map(|block| block.finish()));
        }
    }

    fn held(&self, state: &State) -> Option<u64> {
        held(state)
    }
}

//! Canonical Huffman codes.

use std::io;

/// Most bits of a code.
pub(super) const MAX_LENGTH: usize = 20;

/// The symbols of a code, by length and in order.
pub(super) struct Code {
    /// For each length: its first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, u32); MAX_LENGTH + 1],
    symbols: Vec<u16>,
}

impl Code {
    /// The code whose symbols have these lengths; `None` if there is none.
    pub(super) fn new(lengths: &[u8]) -> Option<Self> {
        let mut symbols = Vec::with_capacity(lengths.len());
        let mut table = [(0, 0, 0); MAX_LENGTH + 1];
        let mut first = 0_u32;
        for (length, entry) in table.iter_mut().enumerate().skip(1) {
            let begin = symbols.len();
            let of_length = lengths.iter().enumerate().filter(|(_, l)| usize::from(**l) == length);
            symbols.extend(of_length.map(|(symbol, _)| symbol as u16));
            let count = (symbols.len() - begin) as u32;
            *entry = (first, count, begin as u32);
            if first + count > 1 << length {
                return None;
            }
            first = (first + count) << 1;
        }
        (symbols.len() == lengths.len()).then_some(Code { lengths: table, symbols })
    }

    /// Reads a symbol bit by bit; `None` if the bits are none.
    pub(super) fn read(&self, mut bit: impl FnMut() -> io::Result<u64>) -> io::Result<Option<u16>> {
        let mut code = 0_u32;
        for (first, count, begin) in &self.lengths[1..] {
            code = code << 1 | bit()? as u32;
            if code.wrapping_sub(*first) < *count {
                return Ok(self.symbols.get((begin + code - first) as usize).copied());
            }
        }
        Ok(None)
    }
}

//! Reads bzip2: streams one behind the other, each of blocks that are decoded one at a time. Memory is bounded by
//! the format: 900,000 bytes a block, times four. What is no bzip2, or is damaged, is an error.

mod huffman;

use std::io::{self, BufReader, Read};

use huffman::{Code, MAX_LENGTH};

const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
/// Symbols that share a code.
const GROUP: usize = 50;

/// The uncompressed bytes of a reader.
pub(crate) struct Bzip2Reader<R> {
    bits: Bits<R>,
    /// Most bytes of a block of this stream; 0 before the first.
    block_bytes: usize,
    /// The block as its transform: a byte in the low bits, the place of the next in the others.
    block: Vec<u32>,
    at: u32,
    left: usize,
    /// Four equal bytes are followed by how many more there are.
    last: u8,
    run: u8,
    repeats: u8,
    check: Checksum,
    wanted: u32,
    combined: u32,
    ended: bool,
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not bzip2, or damaged: {what}"))
}

impl<R: Read> Bzip2Reader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Bzip2Reader {
            bits: Bits { inner: BufReader::with_capacity(64 << 10, inner), held: 0, count: 0 },
            block_bytes: 0,
            block: Vec::new(),
            at: 0,
            left: 0,
            last: 0,
            run: 0,
            repeats: 0,
            check: Checksum::default(),
            wanted: 0,
            combined: 0,
            ended: false,
        }
    }

    /// Goes on to the next block; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        if self.block_bytes == 0 && !self.start()? {
            return Err(bad("it does not begin with BZh"));
        }
        loop {
            match self.bits.take(48)? {
                BLOCK => {
                    self.read_block()?;
                    return Ok(true);
                }
                END => {
                    if self.bits.take(32)? as u32 != self.combined {
                        return Err(bad("the checksum of the whole is wrong"));
                    }
                    self.bits.align();
                    if !self.start()? {
                        return Ok(false);
                    }
                }
                _ => return Err(bad("a block was expected")),
            }
        }
    }

    /// Reads the header of a stream; false if there is none: what follows the last one is of no concern.
    fn start(&mut self) -> io::Result<bool> {
        let mut header = [0; 4];
        for byte in &mut header {
            match self.bits.take(8) {
                Ok(bits) => *byte = bits as u8,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        if !header.starts_with(b"BZh") || !(b'1'..=b'9').contains(&header[3]) {
            return Ok(false);
        }
        (self.block_bytes, self.combined) = (usize::from(header[3] - b'0') * 100_000, 0);
        Ok(true)
    }

    fn read_block(&mut self) -> io::Result<()> {
        self.wanted = self.bits.take(32)? as u32;
        if self.bits.take(1)? == 1 {
            return Err(bad("a randomised block, which no program has written since 2000"));
        }
        let first = self.bits.take(24)? as usize;
        let used = self.used_bytes()?;
        let (selectors, codes) = self.codes(used.len() + 2)?;
        self.block.clear();
        self.symbols(used, &selectors, &codes)?;
        if first >= self.block.len() {
            return Err(bad("a block that begins outside of itself"));
        }
        self.link();
        (self.at, self.left) = (self.block[first] >> 8, self.block.len());
        (self.run, self.repeats, self.check) = (0, 0, Checksum::default());
        Ok(())
    }

    /// The bytes that occur in the block.
    fn used_bytes(&mut self) -> io::Result<Vec<u8>> {
        let groups = self.bits.take(16)?;
        let mut used = Vec::new();
        for group in (0..16_u8).filter(|group| groups >> (15 - group) & 1 == 1) {
            let members = self.bits.take(16)?;
            let of_group = (0..16).filter(|member| members >> (15 - member) & 1 == 1);
            used.extend(of_group.map(|member| group * 16 + member as u8));
        }
        if used.is_empty() { Err(bad("a block without bytes")) } else { Ok(used) }
    }

    /// Which code each group of symbols has, and the codes.
    fn codes(&mut self, symbols: usize) -> io::Result<(Vec<u8>, Vec<Code>)> {
        let (count, groups) = (self.bits.take(3)? as u8, self.bits.take(15)?);
        if !(2..=6).contains(&count) || groups == 0 {
            return Err(bad("its number of codes"));
        }
        let mut front: Vec<u8> = (0..count).collect();
        let mut selectors = Vec::with_capacity(groups as usize);
        for _ in 0..groups {
            let mut at = 0;
            while self.bits.take(1)? == 1 {
                at += 1;
                if at >= front.len() {
                    return Err(bad("a code that does not exist"));
                }
            }
            front[..=at].rotate_right(1);
            selectors.push(front[0]);
        }
        let mut codes = Vec::new();
        for _ in 0..count {
            let mut length = self.bits.take(5)? as i32;
            let mut lengths = Vec::with_capacity(symbols);
            for _ in 0..symbols {
                while self.bits.take(1)? == 1 {
                    length += if self.bits.take(1)? == 1 { -1 } else { 1 };
                    if !(1..=MAX_LENGTH as i32).contains(&length) {
                        return Err(bad("the length of a code"));
                    }
                }
                lengths.push(length as u8);
            }
            codes.push(Code::new(&lengths).ok_or_else(|| bad("a code"))?);
        }
        Ok((selectors, codes))
    }

    /// Reads the block's bytes: runs of the front of a list, or places in it.
    fn symbols(&mut self, mut front: Vec<u8>, selectors: &[u8], codes: &[Code]) -> io::Result<()> {
        let end = front.len() as u16 + 1;
        let (mut run, mut unit) = (0_usize, 1_usize);
        for selector in selectors {
            let code = &codes[usize::from(*selector)];
            for _ in 0..GROUP {
                let symbol = code.read(|| self.bits.take(1))?.ok_or_else(|| bad("a symbol"))?;
                if symbol < 2 {
                    run += unit << symbol;
                    unit *= 2;
                    if run > self.block_bytes {
                        return Err(bad("a block that is too long"));
                    }
                    continue;
                }
                self.push(front[0], std::mem::take(&mut run))?;
                unit = 1;
                if symbol == end {
                    return Ok(());
                }
                front[..usize::from(symbol)].rotate_right(1);
                self.push(front[0], 1)?;
            }
        }
        Err(bad("a block without an end"))
    }

    fn push(&mut self, byte: u8, n: usize) -> io::Result<()> {
        if self.block.len() + n > self.block_bytes {
            return Err(bad("a block that is too long"));
        }
        self.block.extend(std::iter::repeat_n(u32::from(byte), n));
        Ok(())
    }

    /// Undoes the sorting: each byte learns where the next one stands.
    fn link(&mut self) {
        let mut starts = [0_u32; 256];
        for byte in &self.block {
            starts[*byte as usize & 0xff] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for i in 0..self.block.len() {
            let start = &mut starts[self.block[i] as usize & 0xff];
            self.block[*start as usize] |= (i as u32) << 8;
            *start += 1;
        }
    }

    /// The block's next byte as it was before runs were shortened; nothing if it only tells how often one is repeated.
    fn step(&mut self) -> Option<u8> {
        let entry = self.block[self.at as usize];
        let byte = entry as u8;
        self.at = entry >> 8;
        self.left -= 1;
        if self.run == 4 {
            (self.run, self.repeats) = (0, byte);
            return None;
        }
        self.run = if byte == self.last && self.run > 0 { self.run + 1 } else { 1 };
        self.last = byte;
        Some(byte)
    }

    fn finish_block(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        self.block.clear();
        let found = !self.check.0;
        self.combined = self.combined.rotate_left(1) ^ found;
        if found == self.wanted { Ok(()) } else { Err(bad("the checksum of a block is wrong")) }
    }
}

impl<R: Read> Read for Bzip2Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while n < buffer.len() && !self.ended {
            let byte = if self.repeats > 0 {
                self.repeats -= 1;
                Some(self.last)
            } else if self.left > 0 {
                self.step()
            } else {
                self.finish_block()?;
                // What is there is given before more is read.
                if n > 0 {
                    break;
                }
                self.ended = !self.next_block()?;
                None
            };
            if let Some(byte) = byte {
                self.check.add(byte);
                buffer[n] = byte;
                n += 1;
            }
        }
        Ok(n)
    }
}

/// Bits, the highest of a byte first.
struct Bits<R> {
    inner: BufReader<R>,
    held: u64,
    count: u32,
}

impl<R: Read> Bits<R> {
    /// The next `n` bits, 48 at most.
    fn take(&mut self, n: u32) -> io::Result<u64> {
        while self.count < n {
            let mut byte = [0];
            self.inner.read_exact(&mut byte)?;
            self.held = self.held << 8 | u64::from(byte[0]);
            self.count += 8;
        }
        self.count -= n;
        Ok(self.held >> self.count & ((1 << n) - 1))
    }

    /// Leaves out what is left of a byte.
    fn align(&mut self) {
        self.count -= self.count % 8;
    }
}

/// CRC-32 with the highest bit first, as bzip2 has it.
struct Checksum(u32);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(u32::MAX)
    }
}

const CRC: [u32; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < 256 {
        let (mut crc, mut bit) = ((i as u32) << 24, 0);
        while bit < 8 {
            crc = if crc >> 31 == 1 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

impl Checksum {
    fn add(&mut self, byte: u8) {
        self.0 = self.0 << 8 ^ CRC[(self.0 >> 24) as usize ^ usize::from(byte)];
    }
}

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
pub(crate) use tests::TWO_STREAMS;

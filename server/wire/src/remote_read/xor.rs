//! Prometheus' XOR chunks: times as differences of differences, values as what changed of their bits.

/// Bits, the highest of a byte first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Free bits of the last byte.
    free: u32,
}

impl Bits {
    fn bit(&mut self, bit: bool) {
        if self.free == 0 {
            self.bytes.push(0);
            self.free = 8;
        }
        self.free -= 1;
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.free;
        }
    }

    /// The lowest `count` bits of `value`.
    fn put(&mut self, value: u64, count: u32) {
        for i in (0..count).rev() {
            self.bit(value >> i & 1 == 1);
        }
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put(value & 0x7f | 0x80, 8);
            value >>= 7;
        }
        self.put(value, 8);
    }
}

/// Leading and trailing zeros of the last window of changed bits.
type Window = Option<(u32, u32)>;

/// One chunk with all samples; at most 65,535 of them.
pub(super) fn encode(timestamps: &[i64], values: &[f64]) -> Vec<u8> {
    let count = u16::try_from(timestamps.len().min(values.len())).unwrap_or(u16::MAX);
    let mut bits = Bits { bytes: count.to_be_bytes().to_vec(), free: 0 };
    let (mut before, mut delta, mut value) = (0_i64, 0_i64, 0_u64);
    let mut window: Window = None;
    let samples = timestamps.iter().zip(values).take(usize::from(count)).enumerate();
    for (i, (&t, new)) in samples {
        let new = new.to_bits();
        let new_delta = t.wrapping_sub(before);
        match i {
            0 => {
                bits.varint(((t << 1) ^ (t >> 63)) as u64);
                bits.put(new, 64);
            }
            1 => {
                bits.varint(new_delta as u64);
                change(&mut bits, value ^ new, &mut window);
            }
            _ => {
                time(&mut bits, new_delta.wrapping_sub(delta));
                change(&mut bits, value ^ new, &mut window);
            }
        }
        (before, value) = (t, new);
        delta = if i == 0 { 0 } else { new_delta };
    }
    bits.bytes
}

fn time(bits: &mut Bits, difference: i64) {
    let fits = |count: u32| {
        let half = 1_i64 << (count - 1);
        (-(half - 1)..=half).contains(&difference)
    };
    let (prefix, length, count) = match difference {
        0 => (0b0, 1, 0),
        _ if fits(14) => (0b10, 2, 14),
        _ if fits(17) => (0b110, 3, 17),
        _ if fits(20) => (0b1110, 4, 20),
        _ => (0b1111, 4, 64),
    };
    bits.put(prefix, length);
    bits.put(difference as u64, count);
}

fn change(bits: &mut Bits, changed: u64, window: &mut Window) {
    bits.bit(changed != 0);
    if changed == 0 {
        return;
    }
    // Five bits hold the leading zeros.
    let (leading, trailing) = (changed.leading_zeros().min(31), changed.trailing_zeros());
    if let Some((before, after)) = *window
        && leading >= before
        && trailing >= after
    {
        bits.bit(false);
        bits.put(changed >> after, 64 - before - after);
        return;
    }
    *window = Some((leading, trailing));
    let significant = 64 - leading - trailing;
    bits.bit(true);
    bits.put(u64::from(leading), 5);
    // 64 becomes 0, which no window has.
    bits.put(u64::from(significant), 6);
    bits.put(changed >> trailing, significant);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reader<'a> {
        bytes: &'a [u8],
        at: usize,
    }

    impl Reader<'_> {
        fn take(&mut self, count: u32) -> u64 {
            (0..count).fold(0, |value, _| {
                let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
                self.at += 1;
                value << 1 | u64::from(bit)
            })
        }

        fn varint(&mut self) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = self.take(8);
                value |= (byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        }
    }

    /// Reads a chunk as its description says.
    fn decode(bytes: &[u8]) -> Vec<(i64, u64)> {
        let mut reader = Reader { bytes, at: 0 };
        let count = reader.take(16);
        let (mut t, mut delta, mut value) = (0_i64, 0_i64, 0_u64);
        let (mut leading, mut trailing) = (0, 0);
        let mut out = Vec::new();
        for i in 0..count {
            match i {
                0 => {
                    let raw = reader.varint();
                    t = (raw >> 1) as i64 ^ -((raw & 1) as i64);
                    value = reader.take(64);
                }
                _ => {
                    if i == 1 {
                        delta = reader.varint() as i64;
                    } else {
                        let sizes = [0, 14, 17, 20, 64];
                        let ones = (0..4).take_while(|_| reader.take(1) == 1).count();
                        let size = sizes[ones];
                        let raw = reader.take(size);
                        let half = 1_u64 << size.saturating_sub(1).min(63);
                        let negative = size > 0 && size < 64 && raw > half;
                        let signed = if negative { raw as i64 - (1_i64 << size) } else { raw as i64 };
                        delta = delta.wrapping_add(signed);
                    }
                    t = t.wrapping_add(delta);
                    if reader.take(1) == 1 {
                        if reader.take(1) == 1 {
                            leading = reader.take(5) as u32;
                            let significant = match reader.take(6) as u32 {
                                0 => 64,
                                n => n,
                            };
                            trailing = 64 - leading - significant;
                        }
                        value ^= reader.take(64 - leading - trailing) << trailing;
                    }
                }
            }
            out.push((t, value));
        }
        out
    }

    #[test]
    fn chunks_hold_what_was_put_in() {
        let check = |samples: &[(i64, f64)]| {
            let (times, values): (Vec<i64>, Vec<f64>) = samples.iter().copied().unzip();
            let expected: Vec<(i64, u64)> = samples.iter().map(|(t, v)| (*t, v.to_bits())).collect();
            assert_eq!(decode(&encode(&times, &values)), expected, "{samples:?}");
        };
        check(&[]);
        check(&[(1_700_000_000_000, 1.5)]);
        check(&[(-5, f64::NAN), (0, f64::NEG_INFINITY)]);
        check(&[
            (0, 1.0),
            (15_000, 1.0),
            (30_001, 2.0),
            (45_000, 2.5),
            (1_000_000, -2.5),
            (9_000_000_000, 0.1),
        ]);
        check(&[(0, 0.0), (8_191, 1e300), (24_574, -1e-300), (40_957, f64::MAX), (57_341, 5e-324)]);
        let long: Vec<_> = (0..120).map(|i| (i * 15_000 + i % 7, (i as f64).sqrt())).collect();
        check(&long);
    }
}

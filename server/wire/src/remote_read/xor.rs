//! Prometheus' XOR chunks: times as differences of differences, values as what changed of their bits.

use super::bits::{Bits, Window, fits};

/// One chunk with all samples; at most 65,535 of them.
pub(super) fn encode(samples: &[(i64, f64)]) -> Vec<u8> {
    let mut bits = Bits::counting(samples.len());
    let (mut before, mut delta, mut value) = (0_i64, 0_i64, 0_u64);
    let mut window: Window = None;
    for (i, (t, new)) in samples.iter().take(usize::from(u16::MAX)).enumerate() {
        let new = new.to_bits();
        let new_delta = t.wrapping_sub(before);
        match i {
            0 => {
                bits.varint(((t << 1) ^ (t >> 63)) as u64);
                bits.put(new, 64);
            }
            1 => {
                bits.varint(new_delta as u64);
                bits.change(value ^ new, &mut window);
            }
            _ => {
                time(&mut bits, new_delta.wrapping_sub(delta));
                bits.change(value ^ new, &mut window);
            }
        }
        (before, value) = (*t, new);
        delta = if i == 0 { 0 } else { new_delta };
    }
    bits.bytes
}

fn time(bits: &mut Bits, difference: i64) {
    let (prefix, length, count) = match difference {
        0 => (0b0, 1, 0),
        _ if fits(difference, 14) => (0b10, 2, 14),
        _ if fits(difference, 17) => (0b110, 3, 17),
        _ if fits(difference, 20) => (0b1110, 4, 20),
        _ => (0b1111, 4, 64),
    };
    bits.put(prefix, length);
    bits.put(difference as u64, count);
}

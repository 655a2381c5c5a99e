//! Bits of Prometheus' chunks, and the codes of numbers that chunks of floats and of histograms share.
//! Source: `tsdb/docs/format/chunks.md` of Prometheus.

/// Bits, the highest of a byte first.
#[derive(Debug, Default)]
pub(super) struct Bits {
    pub(super) bytes: Vec<u8>,
    /// Free bits of the last byte.
    free: u32,
}

impl Bits {
    /// Begins with the number of samples, as each chunk does.
    pub(super) fn counting(samples: usize) -> Bits {
        let count = u16::try_from(samples).unwrap_or(u16::MAX);
        Bits { bytes: count.to_be_bytes().to_vec(), free: 0 }
    }

    pub(super) fn bit(&mut self, bit: bool) {
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
    pub(super) fn put(&mut self, value: u64, count: u32) {
        for i in (0..count).rev() {
            self.bit(value >> i & 1 == 1);
        }
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put(value & 0x7f | 0x80, 8);
            value >>= 7;
        }
        self.put(value, 8);
    }

    /// `<varbit_int>`: a class of sizes, then so many bits.
    pub(super) fn varbit_int(&mut self, value: i64) {
        let class = match value {
            0 => 0,
            _ => (1..8).find(|class| fits(value, VARBIT_SIZES[*class])).unwrap_or(8),
        };
        self.varbit(class, value as u64);
    }

    /// `<varbit_uint>`: the same classes.
    pub(super) fn varbit_uint(&mut self, value: u64) {
        let size = 64 - value.leading_zeros();
        let class = (0..8).find(|class| size <= VARBIT_SIZES[*class]).unwrap_or(8);
        self.varbit(class, value);
    }

    fn varbit(&mut self, class: usize, value: u64) {
        (0..class).for_each(|_| self.bit(true));
        // The last class is told by its ones alone.
        if class < 8 {
            self.bit(false);
        }
        self.put(value, VARBIT_SIZES[class]);
    }

    /// What changed of a float's bits: nothing, inside the last window, or with a window of its own.
    pub(super) fn change(&mut self, changed: u64, window: &mut Window) {
        self.bit(changed != 0);
        if changed == 0 {
            return;
        }
        // Five bits hold the leading zeros.
        let (leading, trailing) = (changed.leading_zeros().min(31), changed.trailing_zeros());
        if let Some((before, after)) = *window
            && leading >= before
            && trailing >= after
        {
            self.bit(false);
            self.put(changed >> after, 64 - before - after);
            return;
        }
        *window = Some((leading, trailing));
        let significant = 64 - leading - trailing;
        self.bit(true);
        self.put(u64::from(leading), 5);
        // 64 becomes 0, which no window has.
        self.put(u64::from(significant), 6);
        self.put(changed >> trailing, significant);
    }
}

/// Bits of each class of `<varbit_int>`.
pub(super) const VARBIT_SIZES: [u32; 9] = [0, 3, 6, 9, 12, 18, 25, 56, 64];

/// Leading and trailing zeros of the last window of changed bits.
pub(super) type Window = Option<(u32, u32)>;

/// Whether a signed number fits so many bits: from `-(2^(n-1) - 1)` to `2^(n-1)`.
pub(super) fn fits(value: i64, bits: u32) -> bool {
    let half = 1_i64 << (bits - 1);
    (-(half - 1)..=half).contains(&value)
}

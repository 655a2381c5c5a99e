//! Bloom filters over the ids of a block, and the minimizers that find part of an id.

use twox_hash::XxHash3_64;

use crate::codec::{Reader, put_varint};
use crate::{Error, Result};

/// Bits and probes for whole ids and for (name, value) pairs: 1 % false candidates.
pub(crate) const WHOLE: Shape = Shape { bits: 10, probes: 7 };
/// Bits and probes for minimizers: a search asks for several at once, so each may be wrong more often.
pub(crate) const GRAM: Shape = Shape { bits: 4, probes: 3 };

/// Length of the pieces of an id that are hashed.
const GRAM_BYTES: usize = 8;
/// Of so many consecutive pieces one is kept.
const GRAMS_A_WINDOW: usize = 9;
/// Ids of this length and more have minimizers: every piece of an id that is so long holds at least one.
pub(crate) const MIN_GRAM_ID: usize = GRAM_BYTES + GRAMS_A_WINDOW - 1;

/// How a filter is laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    bits: usize,
    probes: u32,
}

/// The hash of a whole id.
#[inline]
pub(crate) fn hash_id(id: &[u8]) -> u64 {
    XxHash3_64::oneshot(id)
}

/// The hash of a metadata pair.
pub(crate) fn hash_pair(name: &str, value: &str) -> u64 {
    let mut bytes = Vec::with_capacity(name.len() + value.len() + 1);
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(value.as_bytes());
    XxHash3_64::oneshot(&bytes)
}

#[inline]
fn hash_gram(gram: &[u8]) -> u64 {
    let mut bytes = [0; GRAM_BYTES];
    bytes.copy_from_slice(gram);
    let mixed = u64::from_le_bytes(bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Hands the minimizers of `id` to `keep`, each run of equal ones once.
pub(crate) fn minimizers(id: &[u8], mut keep: impl FnMut(u64)) {
    if id.len() < MIN_GRAM_ID {
        return;
    }
    let mut window = [0u64; GRAMS_A_WINDOW];
    let mut least: Option<(u64, usize)> = None;
    for (at, gram) in id.windows(GRAM_BYTES).enumerate() {
        let hash = hash_gram(gram);
        window[at % GRAMS_A_WINDOW] = hash;
        let gone = least.is_none_or(|(_, from)| from + GRAMS_A_WINDOW <= at);
        let mut changed = false;
        if gone && at + 1 >= GRAMS_A_WINDOW {
            let first = at + 1 - GRAMS_A_WINDOW;
            least = (first..=at).map(|i| (window[i % GRAMS_A_WINDOW], i)).min_by_key(|(hash, _)| *hash);
            changed = true;
        } else if least.is_some_and(|(old, _)| hash < old) {
            least = Some((hash, at));
            changed = true;
        }
        if let Some((hash, _)) = least.filter(|_| changed && at + 1 >= GRAMS_A_WINDOW) {
            keep(hash);
        }
    }
}

/// Appends a filter that holds `hashes` (sorted and made unique here).
pub(crate) fn build(hashes: &mut Vec<u64>, shape: Shape, out: &mut Vec<u8>) {
    hashes.sort_unstable();
    hashes.dedup();
    let len = (hashes.len() * shape.bits).div_ceil(8);
    put_varint(out, len as u64);
    put_varint(out, u64::from(shape.probes));
    let start = out.len();
    out.resize(start + len, 0);
    let bits = &mut out[start..];
    for hash in hashes.iter() {
        for bit in probes(*hash, shape.probes, len) {
            bits[bit / 8] |= 1 << (bit % 8);
        }
    }
}

#[inline]
fn probes(hash: u64, probes: u32, len: usize) -> impl Iterator<Item = usize> {
    let step = hash.rotate_left(32) | 1;
    let bits = (len * 8) as u128;
    (0..u64::from(probes)).map(move |i| {
        let mixed = hash.wrapping_add(step.wrapping_mul(i)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mixed) * bits) >> 64) as usize
    })
}

/// A filter as [`build`] wrote it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bloom<'a> {
    bits: &'a [u8],
    probes: u32,
}

impl<'a> Bloom<'a> {
    /// The next filter of `reader`.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let len = reader.varint()?;
        let probes = reader.varint()?;
        if probes > 64 {
            return Err(Error::corrupt(format!("a bloom filter with {probes} probes")));
        }
        let len = usize::try_from(len).map_err(|_| Error::corrupt("a bloom filter's size"))?;
        Ok(Bloom { bits: reader.take(len)?, probes: probes as u32 })
    }

    /// False if `hash` is certainly not in the filter.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        !self.bits.is_empty()
            && probes(hash, self.probes, self.bits.len())
                .all(|bit| self.bits[bit / 8] & (1 << (bit % 8)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grams(id: &[u8]) -> Vec<u64> {
        let mut all = Vec::new();
        minimizers(id, |hash| all.push(hash));
        all
    }

    #[test]
    fn few_strangers_pass() {
        let mut out = Vec::new();
        let mut hashes: Vec<u64> = (0..1000u32).map(|i| hash_id(&i.to_le_bytes())).collect();
        build(&mut hashes, WHOLE, &mut out);
        assert!(out.len() < 1260);
        let bloom = Bloom::read(&mut Reader(&out)).expect("reads");
        assert!((0..1000u32).all(|i| bloom.may_hold(hash_id(&i.to_le_bytes()))));
        let strangers = (1000..11_000u32).filter(|i| bloom.may_hold(hash_id(&i.to_le_bytes()))).count();
        assert!(strangers < 200, "{strangers} of 10,000");
        let mut empty = Vec::new();
        build(&mut Vec::new(), WHOLE, &mut empty);
        assert!(!Bloom::read(&mut Reader(&empty)).expect("reads").may_hold(7));
    }

    proptest! {
        #[test]
        fn a_long_piece_shares_its_minimizers(id in "[a-f0-9]{16,80}", from in 0usize..64, len in 16usize..80) {
            let from = from.min(id.len() - MIN_GRAM_ID);
            let piece = &id.as_bytes()[from..(from + len).min(id.len())];
            let (all, part) = (grams(id.as_bytes()), grams(piece));
            prop_assert!(!part.is_empty());
            prop_assert!(part.iter().all(|hash| all.contains(hash)));
        }
    }
}

//! Shapes: lists of series that batches repeat, known to a segment by number.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxBuildHasher;

use super::Ids;
use crate::head::{Head, Ref};
use crate::ints;
use crate::varint::{self, Reader};

/// Shapes that a segment knows at once; the oldest number is given anew.
const SLOTS: usize = 1024;
/// Series in all known shapes, at most.
const MAX_REFS: usize = 4 << 20;
/// Shapes seen once that are remembered.
const MAX_SEEN: usize = 4096;
/// Series in one shape, at most.
const MAX_SHAPE: usize = 1 << 24;

const INLINE: u8 = 0;
const DEFINE: u8 = 1;
const USE: u8 = 2;

/// The writer's side.
#[derive(Debug, Default)]
pub(crate) struct KnownShapes {
    slots: Vec<(u64, Vec<Ref>)>,
    by_hash: HashMap<u64, u32, FxBuildHasher>,
    seen: HashSet<u64, FxBuildHasher>,
    next: usize,
    refs: usize,
}

impl KnownShapes {
    /// Forgets all: a segment begins, or refs have changed.
    pub(crate) fn clear(&mut self) {
        *self = KnownShapes::default();
    }

    pub(super) fn encode(&mut self, head: &Head, refs: &[Ref], out: &mut Vec<u8>) {
        let hash = hash(refs);
        if let Some(&slot) = self.by_hash.get(&hash)
            && self.slots[slot as usize].1 == refs
        {
            out.push(USE);
            varint::put(out, u64::from(slot));
            return;
        }
        // Mixed requests never repeat: a shape gets a number when it comes the second time.
        let define = !refs.is_empty() && !self.seen.insert(hash) && self.refs + refs.len() <= MAX_REFS;
        if self.seen.len() > MAX_SEEN {
            self.seen.clear();
        }
        if define {
            out.push(DEFINE);
            varint::put(out, self.define(hash, refs) as u64);
        } else {
            out.push(INLINE);
        }
        let ids: Vec<i64> = refs.iter().map(|&series| head.get(series).id as i64).collect();
        ints::encode_column(&ids, out);
    }

    fn define(&mut self, hash: u64, refs: &[Ref]) -> usize {
        let slot = self.next;
        self.next = (self.next + 1) % SLOTS;
        if slot == self.slots.len() {
            self.slots.push((hash, refs.to_vec()));
        } else {
            let (old, list) = std::mem::replace(&mut self.slots[slot], (hash, refs.to_vec()));
            self.refs -= list.len();
            if self.by_hash.get(&old) == Some(&(slot as u32)) {
                self.by_hash.remove(&old);
            }
        }
        self.refs += refs.len();
        self.by_hash.insert(hash, slot as u32);
        slot
    }
}

/// The replaying side.
#[derive(Debug, Default)]
pub(crate) struct ReplayedShapes {
    slots: Vec<Vec<Ref>>,
}

impl ReplayedShapes {
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
    }

    pub(super) fn decode(&mut self, reader: &mut Reader<'_>, ids: &Ids) -> Option<Vec<Ref>> {
        let tag = reader.byte()?;
        if tag == USE {
            return self.slots.get(usize::try_from(reader.varint()?).ok()?).cloned();
        }
        let slot = match tag {
            DEFINE => Some(reader.count_up_to(SLOTS - 1)?),
            INLINE => None,
            _ => return None,
        };
        let found = ints::decode_column(reader, MAX_SHAPE)?;
        let refs: Vec<Ref> = found.iter().map(|id| ids.get(&(*id as u64)).copied()).collect::<Option<_>>()?;
        if let Some(slot) = slot {
            if slot >= self.slots.len() {
                self.slots.resize(slot + 1, Vec::new());
            }
            self.slots[slot] = refs.clone();
        }
        Some(refs)
    }
}

fn hash(refs: &[Ref]) -> u64 {
    refs.iter().fold(refs.len() as u64, |hash, &series| {
        (hash.rotate_left(5) ^ u64::from(series)).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

//! Slots in chunks of fixed size: a growing shard copies nothing and wastes at most one chunk.

use crate::address::Address;
use crate::protocol::Record;

/// Slots to a chunk. Small, because each of the shards may have one that is nearly empty.
const CHUNK: usize = 32;

/// A record with its address; without a record it is free.
pub(super) struct Slot {
    pub(super) address: Address,
    pub(super) record: Option<Record>,
}

crate::debug::structure!(Slot: address);

#[derive(Default)]
pub(super) struct Slab {
    chunks: Vec<Vec<Slot>>,
    free: Vec<u32>,
}

crate::debug::structure!(Slab);

impl Slab {
    /// How many slots there are, free ones included.
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(super) fn get(&self, at: u32) -> Option<&Slot> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut Slot> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.chunks.iter_mut().flatten()
    }

    /// Where `slot` is now.
    pub(super) fn insert(&mut self, slot: Slot) -> u32 {
        if let Some(at) = self.free.pop() {
            if let Some(free) = self.get_mut(at) {
                *free = slot;
            }
            return at;
        }
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(slot),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(slot);
                self.chunks.push(chunk);
            }
        }
        // Four billion slots in one shard do not fit into memory.
        u32::try_from(self.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn free(&mut self, at: u32) {
        if let Some(slot) = self.get_mut(at) {
            slot.record = None;
            self.free.push(at);
        }
    }
}

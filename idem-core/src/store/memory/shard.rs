//! One shard: an index from address to slot, and the slots.

use hashbrown::HashTable;

use super::slab::{Slab, Slot};
use crate::address::Address;
use crate::protocol::{Record, State};
use crate::time::Timestamp;

/// What a shard holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct Shard {
    index: HashTable<u32>,
    slots: Slab,
    usage: Usage,
    /// Where the next look for expired records begins.
    cursor: usize,
}

impl Shard {
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn contains(&self, address: Address) -> bool {
        self.find(address).is_some()
    }

    /// Lets `act` see and change the record at `address`, absent or not.
    pub(super) fn with<T>(&mut self, address: Address, act: impl FnOnce(&mut Option<Record>) -> T) -> T {
        let Some(at) = self.find(address) else {
            let mut record = None;
            let answer = act(&mut record);
            if let Some(record) = record {
                self.insert(address, record);
            }
            return answer;
        };
        let Some(slot) = self.slots.get_mut(at) else { return act(&mut None) };
        let before = reply_bytes(slot.record.as_ref());
        let answer = act(&mut slot.record);
        let after = reply_bytes(slot.record.as_ref());
        let gone = slot.record.is_none();
        self.usage.bytes = self.usage.bytes - before + after;
        if gone {
            self.remove(address, at);
        }
        answer
    }

    /// Drops expired records among the next `steps` slots.
    pub(super) fn expire_some(&mut self, steps: usize, now: Timestamp) -> usize {
        self.expire_from_cursor(steps, usize::MAX, now)
    }

    /// Drops up to `limit` expired records.
    pub(super) fn expire(&mut self, limit: usize, now: Timestamp) -> usize {
        if limit == 0 { 0 } else { self.expire_from_cursor(self.slots.len(), limit, now) }
    }

    fn expire_from_cursor(&mut self, steps: usize, limit: usize, now: Timestamp) -> usize {
        let mut expired = 0;
        for _ in 0..steps.min(self.slots.len()) {
            if expired == limit {
                break;
            }
            self.cursor = (self.cursor + 1) % self.slots.len();
            let at = u32::try_from(self.cursor).unwrap_or(u32::MAX);
            let Some(Slot { address, record: Some(record) }) = self.slots.get_mut(at) else { continue };
            if record.state.is_expired(now) {
                let address = *address;
                self.usage.bytes -= reply_bytes(Some(record));
                self.remove(address, at);
                expired += 1;
            }
        }
        expired
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Address, &mut Record)> {
        self.slots.iter_mut().filter_map(|slot| slot.record.as_mut().map(|record| (slot.address, record)))
    }

    fn find(&self, address: Address) -> Option<u32> {
        let is_it = |at: &u32| self.slots.get(*at).is_some_and(|slot| slot.address == address);
        self.index.find(address.hash64(), is_it).copied()
    }

    fn insert(&mut self, address: Address, record: Record) {
        self.usage.records += 1;
        self.usage.bytes += reply_bytes(Some(&record));
        let at = self.slots.insert(Slot { address, record: Some(record) });
        let slots = &self.slots;
        let hash_of = |at: &u32| slots.get(*at).map_or(0, |slot| slot.address.hash64());
        self.index.insert_unique(address.hash64(), at, hash_of);
    }

    fn remove(&mut self, address: Address, at: u32) {
        if let Ok(entry) = self.index.find_entry(address.hash64(), |candidate| *candidate == at) {
            entry.remove();
            self.slots.free(at);
            self.usage.records -= 1;
        }
    }
}

fn reply_bytes(record: Option<&Record>) -> usize {
    match record.map(|record| &record.state) {
        Some(State::Done { reply, .. }) => reply.as_bytes().len(),
        _ => 0,
    }
}

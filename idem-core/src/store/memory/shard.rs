//! One shard: an index from address to slot, and the slots.

use std::ops::ControlFlow;

use hashbrown::HashTable;

use super::slab::{Slab, Slot};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Record, State};

/// What a shard holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

pub(super) struct Shard {
    index: HashTable<u32>,
    slots: Slab,
    usage: Usage,
    /// Where the next look for expired records begins.
    cursor: usize,
    /// Nothing expires before this time, so no look is needed before.
    due: Timestamp,
    /// The same for what the cursor has passed since it was last at the start.
    due_behind: Timestamp,
}

crate::debug::structure!(Shard: usage);

const NEVER: Timestamp = Timestamp::from_micros(u64::MAX);

impl Default for Shard {
    fn default() -> Self {
        Self {
            index: HashTable::new(),
            slots: Slab::default(),
            usage: Usage::default(),
            cursor: 0,
            due: NEVER,
            due_behind: NEVER,
        }
    }
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
        let expires = expiry(slot.record.as_ref());
        let gone = slot.record.is_none();
        self.expires_at(expires);
        self.usage.bytes = self.usage.bytes - before + after;
        if gone {
            self.remove(address, at);
        }
        answer
    }

    /// Drops expired records among the next `steps` slots.
    pub(super) fn expire_some(&mut self, steps: usize, now: Timestamp) -> usize {
        if now < self.due { 0 } else { self.expire_from_cursor(steps, usize::MAX, now) }
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
            if self.cursor == 0 {
                self.due = std::mem::replace(&mut self.due_behind, NEVER);
            }
            let at = u32::try_from(self.cursor).unwrap_or(u32::MAX);
            let Some(Slot { address, record: Some(record) }) = self.slots.get_mut(at) else { continue };
            if record.state.is_expired(now) {
                let address = *address;
                self.usage.bytes -= reply_bytes(Some(record));
                self.remove(address, at);
                expired += 1;
            } else {
                self.due_behind = self.due_behind.min(expiry(Some(record)));
            }
        }
        expired
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Address, &Record)> {
        self.slots.iter().filter_map(|slot| slot.record.as_ref().map(|record| (slot.address, record)))
    }

    /// Lets `act` change every record, until it says that it has had enough.
    pub(super) fn for_each(
        &mut self,
        mut act: impl FnMut(&mut Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for record in self.slots.iter_mut().filter_map(|slot| slot.record.as_mut()) {
            let flow = act(record);
            self.due = self.due.min(expiry(Some(record)));
            self.due_behind = self.due_behind.min(self.due);
            flow?;
        }
        ControlFlow::Continue(())
    }

    fn expires_at(&mut self, expires: Timestamp) {
        self.due = self.due.min(expires);
        self.due_behind = self.due_behind.min(expires);
    }

    fn find(&self, address: Address) -> Option<u32> {
        let is_it = |at: &u32| self.slots.get(*at).is_some_and(|slot| slot.address == address);
        self.index.find(address.hash64(), is_it).copied()
    }

    fn insert(&mut self, address: Address, record: Record) {
        self.usage.records += 1;
        self.usage.bytes += reply_bytes(Some(&record));
        self.expires_at(expiry(Some(&record)));
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

fn expiry(record: Option<&Record>) -> Timestamp {
    match record.map(|record| &record.state) {
        Some(State::Done { expires, .. } | State::Released { expires }) => *expires,
        _ => NEVER,
    }
}

fn reply_bytes(record: Option<&Record>) -> usize {
    match record.map(|record| &record.state) {
        Some(State::Done { reply, .. }) => reply.as_bytes().len(),
        _ => 0,
    }
}

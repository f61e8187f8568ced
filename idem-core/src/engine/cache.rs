//! Completed replies that this process has seen: a replay without asking the store.
//!
//! A completed record does not change until it expires, so this is sound as long as an entry does not outlive it. An
//! operator who settles or forgets a record from another process is obeyed after `cache_max_age` at the latest.

use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::later;
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::reply::Reply;

#[derive(Clone)]
pub(super) struct Cached {
    pub(super) fingerprint: Fingerprint,
    pub(super) reply: Reply,
    until: Instant,
}

crate::debug::structure!(Cached);

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Address, Cached> for ByBytes {
    fn weight(&self, _: &Address, cached: &Cached) -> u64 {
        (cached.reply.as_bytes().len() + 192) as u64
    }
}

pub(super) struct ReplyCache {
    replies: Cache<Address, Cached, ByBytes>,
    max_age: Duration,
}

crate::debug::structure!(ReplyCache: max_age);

impl ReplyCache {
    pub(super) fn new(bytes: u64, max_age: Duration) -> Self {
        let expected = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(16);
        Self { replies: Cache::with_weighter(expected, bytes, ByBytes), max_age }
    }

    pub(super) fn get(&self, address: Address) -> Option<Cached> {
        let cached = self.replies.get(&address)?;
        if Instant::now() >= cached.until {
            self.replies.remove(&address);
            return None;
        }
        Some(cached)
    }

    /// `asked` is when the statement that brought the reply was sent, and `remaining` what the record had left.
    pub(super) fn put(
        &self,
        address: Address,
        fingerprint: Fingerprint,
        reply: Reply,
        asked: Instant,
        remaining: Duration,
    ) {
        let until = later(asked, self.max_age.min(remaining));
        self.replies.insert(address, Cached { fingerprint, reply, until });
    }

    pub(super) fn remove(&self, address: Address) {
        self.replies.remove(&address);
    }
}

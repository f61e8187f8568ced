//! What the clones of a client share.

use std::sync::{Arc, Mutex, PoisonError};

use fastrand::Rng;

use super::Prepare;
use crate::engine::{DelaySource, Policy};
use crate::key::KeyHeader;

/// What the clones of a [`Client`](super::Client) share.
pub(super) struct Shared {
    pub(super) http: reqwest::Client,
    pub(super) defaults: Defaults,
    pub(super) max_reply: usize,
    pub(super) rng: Mutex<Rng>,
}

/// What a request takes over unless it says otherwise.
pub(crate) struct Defaults {
    pub(crate) policy: Policy,
    pub(crate) delays: Option<Arc<dyn DelaySource>>,
    pub(crate) key_header: KeyHeader,
    pub(crate) prepare: Option<Prepare>,
}

impl Shared {
    /// A seed for one operation's waits.
    pub(super) fn seed(&self) -> u64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }
}

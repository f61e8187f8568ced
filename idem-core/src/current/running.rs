//! One run of an operation.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::derive::{Underivable, derive};
use crate::address::Address;
use crate::key::{IdempotencyKey, KeyBytes, OperationName, OperationParts};
use crate::observe::Watch;
use crate::protocol::Fence;

/// What a run is known by.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: Address,
    pub(crate) key: KeyBytes,
    /// From 1.
    pub(crate) attempt: u32,
    /// `None` in a transaction: the database keeps stale owners out.
    pub(crate) fence: Option<Fence>,
    /// Which engine runs it: its address in memory.
    pub(crate) engine: usize,
    pub(crate) in_transaction: bool,
    pub(crate) watch: Watch,
}

/// A run of an idempotent operation, as its handler sees it: [`current()`](super::current()) gives it.
///
/// Cheap to clone. It may outlive the run; keys can still be derived then.
#[derive(Clone)]
pub struct Current(Arc<Inner>);

struct Inner {
    running: Running,
    parent: Option<Current>,
    /// The keys that this run has derived: one for each name.
    taken: Mutex<HashSet<IdempotencyKey>>,
    /// The handler has ended.
    over: AtomicBool,
}

impl Current {
    /// Begins a run within `parent`.
    pub(super) fn within(parent: Option<Self>, running: Running) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Inner { running, parent, taken, over: AtomicBool::new(false) }))
    }

    /// The idempotency key, if it is text: the header's, or a computed one of a single part. A key of several parts is
    /// none.
    ///
    /// Keys are often built from personal data: keep it out of logs, and derive keys for other services instead of
    /// passing it on.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.running.key.as_text()
    }

    /// The operation: its `name`, or method and path.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.watch().name()
    }

    /// Which attempt this is, from 1. Above 1, an earlier one has ended without a result that could be kept.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.running.attempt
    }

    /// The fence of this run's claim, for a resource that refuses lower ones. `None` in a transaction, which keeps a
    /// slow owner out by itself.
    #[must_use]
    pub fn fence(&self) -> Option<Fence> {
        self.0.running.fence
    }

    /// Where the record lives.
    #[must_use]
    pub fn address(&self) -> Address {
        self.0.running.address
    }

    /// The operation from whose handler this one was called.
    #[must_use]
    pub fn parent(&self) -> Option<&Self> {
        self.0.parent.as_ref()
    }

    /// The idempotency key of the call `name` that this operation makes: for every attempt, process and version the
    /// same, and another one for every other name, key, scope and operation.
    ///
    /// Name the call (`"charge"`), with an id where there are several of a kind (`("refund", line.id)`). A name is
    /// good for one call of a run, whether or not that call is made in the end; repeating a call with the key that it
    /// had is no second one. A run that begins anew has all names free.
    ///
    /// The recipe, so that other languages can follow it: SHA-256 over the text `idem derived key 1`, the 32 bytes of
    /// the [`Address`], and the parts of the name as text (integers in decimal), each after its length in bytes as a
    /// 64-bit big-endian number. The first 16 bytes of the digest are the key, written as a `UUIDv8` (RFC 9562 §5.8).
    /// Neither the running key nor the name can be read from it.
    ///
    /// # Errors
    /// [`Underivable::NameTaken`] for the second call of one name in this run; [`Underivable::Name`] if the name has no
    /// parts, or one of them is `None`.
    pub fn derive(&self, name: impl OperationName) -> Result<IdempotencyKey, Underivable> {
        let key = derive(self.address(), &OperationParts::of(&name)?);
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.insert(key.clone()) { Ok(key) } else { Err(Underivable::NameTaken) }
    }

    /// Which engine runs it.
    pub(crate) fn engine(&self) -> usize {
        self.0.running.engine
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.running.watch
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.0.running.in_transaction
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }

    /// The handler has ended: calling the operation is no re-entry any more.
    pub(crate) fn end(&self) {
        self.0.over.store(true, Ordering::Release);
    }
}

/// Without the key.
impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("operation", &self.operation())
            .field("address", &self.address())
            .field("attempt", &self.attempt())
            .field("parent", &self.parent().map(Self::operation))
            .finish_non_exhaustive()
    }
}

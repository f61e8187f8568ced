//! Where hooks run that the keeper asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

/// The runtime that calls come from: what a hook talks to is at home there, and a hook that blocks its thread holds up
/// no renewal.
#[derive(Debug, Default)]
pub(super) struct HookRuntime {
    known: AtomicBool,
    runtime: Mutex<Option<Handle>>,
}

impl HookRuntime {
    fn lock(&self) -> MutexGuard<'_, Option<Handle>> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the caller's, unless there is one.
    pub(super) fn is_here(&self) {
        if !self.known.load(Ordering::Acquire)
            && let Ok(here) = Handle::try_current()
        {
            *self.lock() = Some(here);
            self.known.store(true, Ordering::Release);
        }
    }

    pub(super) fn runtime(&self) -> Option<Handle> {
        self.lock().clone()
    }

    /// The runtime has ended: the next caller's runtime is taken.
    pub(super) fn is_gone(&self) {
        *self.lock() = None;
        self.known.store(false, Ordering::Release);
    }
}

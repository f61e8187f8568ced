//! Connections that nobody uses at the moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, Id};

/// Idle connections, each with the runtime it belongs to: a connection that is used from another runtime would wait
/// for that one, and a renewal must not wait for a runtime that is blocked.
#[derive(Debug)]
pub(super) struct Links<L>(Mutex<Vec<(Id, L)>>);

/// More are closed as they come back.
const MOST_IDLE: usize = 16;

impl<L> Links<L> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn take(&self) -> Option<L> {
        let here = Handle::try_current().ok()?.id();
        let mut idle = self.lock();
        let at = idle.iter().rposition(|(runtime, _)| *runtime == here)?;
        Some(idle.swap_remove(at).1)
    }

    /// Keeps `link` for later, or hands it back when there are enough.
    pub(super) fn give_back(&self, link: L) -> Option<L> {
        let Ok(here) = Handle::try_current() else { return Some(link) };
        let mut idle = self.lock();
        if idle.len() >= MOST_IDLE {
            return Some(link);
        }
        idle.push((here.id(), link));
        None
    }

    /// Takes all, of every runtime.
    pub(super) fn clear(&self) -> Vec<L> {
        self.lock().drain(..).map(|(_, link)| link).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Id, L)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

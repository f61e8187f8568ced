//! The connections of a store: how many there are, and those that are idle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, Id};

/// Connections, each with the runtime it belongs to: one that is used from another runtime would wait for that one,
/// which may be blocked.
#[derive(Debug)]
pub(super) struct Links<L> {
    /// The oldest first.
    idle: Mutex<Vec<Held<L>>>,
    open: Arc<AtomicUsize>,
    most: usize,
}

/// More are closed as they come back.
const MOST_IDLE: usize = 16;

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Held<L> {
    pub(super) link: L,
    runtime: Option<Id>,
    place: OpenConnection,
}

/// A place among the connections that may be open.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<AtomicUsize>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl OpenConnection {
    /// With a connection that was opened on this runtime.
    pub(super) fn fill<L>(self, link: L) -> Held<L> {
        Held { link, runtime: here(), place: self }
    }
}

impl<L> Held<L> {
    /// The connection, to say goodbye to, and the place that it has until then.
    pub(super) fn into_parts(self) -> (L, OpenConnection) {
        (self.link, self.place)
    }
}

impl<L> Links<L> {
    /// `most`: how many are in use at once, at most. So many may be open.
    pub(super) fn new(most: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), open: Arc::default(), most }
    }

    /// One that was opened on this runtime.
    pub(super) fn take(&self) -> Option<Held<L>> {
        let here = here()?;
        let mut idle = self.lock();
        let at = idle.iter().rposition(|held| held.runtime == Some(here))?;
        Some(idle.remove(at))
    }

    /// A place for a new one; where all are taken, idle ones of other runtimes are closed.
    pub(super) fn place(&self) -> OpenConnection {
        let place = OpenConnection(Arc::clone(&self.open));
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.most {
            let mut idle = self.lock();
            let too_many = (self.open.load(Ordering::Relaxed).saturating_sub(self.most)).min(idle.len());
            let closed: Vec<Held<L>> = idle.drain(..too_many).collect();
            drop(idle);
            drop(closed);
        }
        place
    }

    /// Keeps `held` for later, or hands it back when there are enough.
    pub(super) fn give_back(&self, held: Held<L>) -> Option<Held<L>> {
        let mut idle = self.lock();
        if idle.len() >= MOST_IDLE.min(self.most) {
            return Some(held);
        }
        idle.push(held);
        None
    }

    /// Takes all, of every runtime.
    pub(super) fn clear(&self) -> Vec<Held<L>> {
        self.lock().drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held<L>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn here() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

#[cfg(test)]
mod tests {
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn idle_connections_of_other_runtimes_make_room() {
        let links = Links::new(2);
        let runtimes = [runtime(), runtime(), runtime()];
        let seen = runtimes.each_ref().map(|runtime| {
            runtime.block_on(async {
                let link = Arc::new(());
                let seen = Arc::downgrade(&link);
                assert!(links.take().is_none(), "those of others are not used");
                assert!(links.give_back(links.place().fill(link)).is_none());
                seen
            })
        });
        assert_eq!(seen.each_ref().map(std::sync::Weak::strong_count), [0, 1, 1], "the oldest is closed");
        runtimes[2].block_on(async { assert!(links.take().is_some()) });
        assert_eq!(links.open.load(Ordering::Relaxed), 1);
    }
}

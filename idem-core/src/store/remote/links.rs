//! The connections of a store: how many there are, and those that nobody uses at the moment.

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
    place: Place,
}

/// A place among the connections that may be open.
#[derive(Debug)]
pub(super) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Place {
    /// With a connection that was opened on this runtime.
    pub(super) fn fill<L>(self, link: L) -> Held<L> {
        Held { link, runtime: here(), place: self }
    }
}

impl<L> Held<L> {
    /// To say goodbye to: it counts no more.
    pub(super) fn into_link(self) -> L {
        drop(self.place);
        self.link
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
    pub(super) fn place(&self) -> Place {
        let place = Place(Arc::clone(&self.open));
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

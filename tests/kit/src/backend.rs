//! How the suite gets at a store: several handles on the same records, and a way to let the store's time pass.
//!
//! A database judges time by its own clock, so a backend for one writes two lines:
//!
//! ```
//! use idem_core::store::{Store, memory::MemoryStore};
//! use idem_testing::Backend;
//! use std::sync::Arc;
//!
//! struct Database(Arc<MemoryStore>);
//!
//! impl Backend for Database {
//!     type Store = Arc<MemoryStore>;
//!
//!     async fn open(&self) -> Self::Store {
//!         self.0.clone() // a real one connects anew
//!     }
//! }
//!
//! idem_testing::run(async || Database(Arc::default()), async |trial| {
//!     assert_eq!(trial.store().reap(10).await.unwrap(), 0);
//! });
//! ```

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::ManualClock;
use idem_core::clock::{Clock, Timestamp};
use idem_core::store::Store;

/// Records to test a store on. No other test uses them, and they are empty at first.
pub trait Backend: Send + Sync + 'static {
    /// The store under test.
    type Store: Store;

    /// A new handle on the **same** records, as another process would have it: a connection or pool of its own.
    /// Every case runs over two, turn by turn.
    ///
    /// # Panics
    /// If there is none to be had: the case then fails with that message.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Lets `span` pass on the store's clock.
    ///
    /// As provided it sleeps, a little longer than asked, for a store whose clock cannot be moved; cases then use
    /// the short spans of [`Timing::REAL`]. A backend with a clock in its hand moves that instead.
    fn advance(&self, span: Duration) -> impl Future<Output = ()> + Send {
        // The slack covers databases that round to milliseconds and timers that fire early.
        tokio::time::sleep(span + Duration::from_millis(3))
    }

    /// What the store's clock shows, if it stands still between calls of [`advance`](Self::advance); the cases then
    /// compare times to the microsecond. `None`, as provided, for a clock that runs.
    fn now(&self) -> Option<Timestamp> {
        None
    }

    /// False if there is nothing to test on, a server that is not installed, say: the cases then end at once. A test
    /// runner counts them as passed, so say loudly that they did not run.
    fn is_there(&self) -> bool {
        true
    }

    /// The spans that the cases use.
    fn timing(&self) -> Timing {
        if self.now().is_some() { Timing::MANUAL } else { Timing::REAL }
    }
}

/// The two spans that every case is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// A lease or retention that shall end: the case that sets it then lets it pass. At least a millisecond, and no less
    /// than the store's clock can tell apart.
    pub short: Duration,
    /// A lease or retention that outlives the case.
    pub long: Duration,
}

impl Timing {
    /// For a clock that is moved: ten seconds and an hour. The tests wait for neither.
    pub const MANUAL: Self = Self { short: Duration::from_secs(10), long: Duration::from_hours(1) };
    /// For a clock that runs: 20 ms, which the case really waits, and ten minutes.
    pub const REAL: Self = Self { short: Duration::from_millis(20), long: Duration::from_mins(10) };

    /// For a store that tells times apart more coarsely than [`REAL`](Self::REAL) does.
    #[must_use]
    pub const fn new(short: Duration, long: Duration) -> Self {
        Self { short, long }
    }
}

/// The backend of a store that keeps its records in itself: all handles are one store behind an [`Arc`].
///
/// ```
/// use idem_core::store::memory::MemoryStore;
/// use idem_testing::{Backend, Shared};
///
/// let backend = Shared::new(|clock| MemoryStore::builder().clock(clock).build());
/// assert!(backend.now().is_some());
/// ```
#[derive(Debug)]
pub struct Shared<S> {
    store: Arc<S>,
    clock: ManualClock,
}

impl<S: Store> Shared<S> {
    /// Of the store that `make` builds on the clock it is given, a [`ManualClock`] that stands at some day in 2026.
    pub fn new(make: impl FnOnce(Arc<dyn Clock>) -> S) -> Self {
        let clock = ManualClock::new(Timestamp::from_micros(1_780_000_000_000_000));
        Self { store: Arc::new(make(Arc::new(clock.clone()))), clock }
    }
}

impl<S: Store> Backend for Shared<S> {
    type Store = Arc<S>;

    async fn open(&self) -> Arc<S> {
        self.store.clone()
    }

    async fn advance(&self, span: Duration) {
        self.clock.advance(span);
    }

    fn now(&self) -> Option<Timestamp> {
        Some(self.clock.now())
    }
}

//! The check, and what can be set about it.

use std::fmt::Debug;
use std::time::Duration;

#[cfg(doc)]
use super::NotIdempotent;

/// Asserts that `operation` is safe to repeat: twice, concurrently and after a crash. See the
/// [module](super) for what is compared, and [`idempotence`] for its arguments and for a form that does
/// not panic.
///
/// # Panics
/// If it is [not](NotIdempotent), or if one of the three panics or hangs for minutes.
pub fn assert_idempotent<Env, T, E, S, Setup, Operation, Observe>(
    setup: Setup,
    operation: Operation,
    observe: Observe,
) where
    Setup: AsyncFn() -> Env + Sync,
    Operation: AsyncFn(&Env) -> Result<T, E> + Sync,
    Observe: AsyncFn(&Env) -> S + Sync,
    Env: Sync,
    T: Debug + Send,
    E: Debug + Send,
    S: PartialEq + Debug,
{
    if let Err(found) = idempotence(setup, operation, observe).check() {
        panic!("{found}");
    }
}

/// A check whether `operation` is safe to repeat.
///
/// `setup` makes an environment of its own for every run: a map, or a connection pool on an empty table. `operation` is
/// what is checked; one that cannot fail ends in `Ok::<_, Infallible>(…)`. `observe` gives the state that decides.
///
/// The check brings its own runtime, on a thread of its own; it blocks the calling thread, so it is best called from a
/// plain `#[test]`. What belongs to a runtime (connections, tasks) has to be made in `setup`.
pub fn idempotence<Env, T, E, S, Setup, Operation, Observe>(
    setup: Setup,
    operation: Operation,
    observe: Observe,
) -> Idempotence<Setup, Operation, Observe, T>
where
    Setup: AsyncFn() -> Env,
    Operation: AsyncFn(&Env) -> Result<T, E>,
    Observe: AsyncFn(&Env) -> S,
{
    Idempotence {
        setup,
        operation,
        observe,
        same_answer: None,
        copies: 4,
        rounds: 16,
        max_places: 200,
        patience: Duration::from_millis(200),
    }
}

/// A check of one operation. Made by [`idempotence`].
#[derive(Debug, Clone)]
#[must_use = "it does nothing before one of its phases is called"]
pub struct Idempotence<Setup, Operation, Observe, T> {
    pub(super) setup: Setup,
    pub(super) operation: Operation,
    pub(super) observe: Observe,
    pub(super) same_answer: Option<fn(&T, &T) -> bool>,
    pub(super) copies: usize,
    pub(super) rounds: usize,
    pub(super) max_places: usize,
    pub(super) patience: Duration,
}

impl<Setup, Operation, Observe, T> Idempotence<Setup, Operation, Observe, T> {
    /// Also asks that every run answers as the only one does. A run that fails, and fails once more when it is
    /// repeated, answers differently.
    pub fn same_answer(mut self) -> Self
    where
        T: PartialEq,
    {
        self.same_answer = Some(T::eq);
        self
    }

    /// How many copies run at the same time, in lockstep and on threads. Default 4, at least 2.
    pub fn copies(mut self, copies: usize) -> Self {
        self.copies = copies.max(2);
        self
    }

    /// How often copies on threads are let go. Default 16. What they find, they find by chance; with 0 the check is
    /// the same each time.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// At how many places the operation may wait; every place is tried. Default 200; more is
    /// [reported](NotIdempotent::TooManyPlaces), never skipped.
    pub fn max_places(mut self, places: usize) -> Self {
        self.max_places = places;
        self
    }

    /// How long copies wait for one that cannot go on, before they go on without it: it may wait for a lock that one
    /// of them holds. Default 200 ms; it should be longer than one call to the database takes.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

//! Operations that are under way in this process: concurrent calls of one address share a flight and ask the store once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::claim_slot::ClaimSlot;
use super::drain::Counted;
use super::ending::Ending;
use crate::address::Address;
use crate::current;
use crate::fingerprint::Fingerprint;
use crate::policy::Policy;
use crate::protocol::Owner;
use crate::reply::Reply;
use crate::store::StoreErrorKind;

const SHARDS: usize = 64;

/// One operation under way in this process.
pub(super) struct Flight {
    pub(super) address: Address,
    pub(super) fingerprint: Fingerprint,
    stage: Mutex<Stage>,
    /// The claim that is under way.
    pub(super) claim: ClaimSlot,
    /// Rings at every change of the stage.
    pub(super) changed: Notify,
    attempt: Mutex<AttemptState>,
    lost: AtomicBool,
    /// Rings when the claim turns out to belong to another attempt.
    pub(super) losing: Notify,
}

crate::debug::structure!(Flight: address);

/// The attempt that was won for the flight.
#[derive(Default)]
struct AttemptState {
    /// Until the attempt has ended, a drain waits for it.
    counted: Option<Counted>,
    unfinished: Option<Unfinished>,
}

crate::debug::structure!(AttemptState);

/// An ending that its caller writes. The keeper writes it if the caller does not get through with it.
pub(super) struct Unfinished {
    pub(super) since: Instant,
    pub(super) owner: Owner,
    pub(super) policy: Policy,
    /// What the handler found as the current operation.
    pub(super) run: current::Current,
    pub(super) ending: Ending,
}

/// How far it is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// The store is being asked.
    Claiming,
    /// Another process runs it; the leader asks again from time to time.
    Elsewhere,
    /// Another transaction runs it, and other connections do not see its record yet; the leader asks again from time to
    /// time.
    #[cfg_attr(not(feature = "_tx"), allow(dead_code, reason = "only databases have transactions"))]
    Contended,
    /// Our handler runs.
    Running(Held),
    /// Our handler runs in a transaction, which needs no renewal and is undone by its own end.
    #[cfg_attr(not(feature = "_tx"), allow(dead_code, reason = "only databases have transactions"))]
    TxCall,
    /// Over.
    Ended(FlightEnd),
}

/// A claim that is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) owner: Owner,
    pub(super) lease: Duration,
    pub(super) renew_at: Instant,
    /// From here on the claim is not renewed any more.
    pub(super) until: Instant,
}

/// How a flight ended, as far as a follower needs to know.
#[derive(Debug, Clone)]
pub(super) enum FlightEnd {
    /// With this answer.
    Done(Reply),
    /// The outcome is unknown.
    Unknown,
    /// The store did not answer, or refused.
    Failed(StoreErrorKind),
    /// Ask the store.
    Open,
}

impl Flight {
    fn new(address: Address, fingerprint: Fingerprint, now: Instant) -> Self {
        Self {
            address,
            fingerprint,
            stage: Mutex::new(Stage::Claiming),
            claim: ClaimSlot::new(now),
            changed: Notify::new(),
            attempt: Mutex::default(),
            lost: AtomicBool::new(false),
            losing: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stage(&self) -> Stage {
        self.lock().clone()
    }

    /// Sets the stage, unless the flight has ended: its followers are all told the same. True if it did.
    pub(super) fn set(&self, stage: Stage) -> bool {
        let mut current = self.lock();
        let goes_on = !matches!(*current, Stage::Ended(_));
        if goes_on {
            *current = stage;
        }
        drop(current);
        self.changed.notify_waiters();
        goes_on
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(*self.lock(), Stage::Ended(_))
    }

    /// True if the flight waits for a leader that has not been polled for too long: it may never be polled again.
    pub(super) fn is_forsaken(&self, now: Instant) -> bool {
        matches!(self.stage(), Stage::Claiming | Stage::Elsewhere | Stage::Contended)
            && self.claim.leader_is_silent(now)
    }

    /// The claim, while the handler runs.
    pub(super) fn held(&self) -> Option<Held> {
        match *self.lock() {
            Stage::Running(held) => Some(held),
            _ => None,
        }
    }

    /// Sets when the claim is renewed next.
    pub(super) fn renew_at(&self, at: Instant) {
        if let Stage::Running(held) = &mut *self.lock() {
            held.renew_at = at;
        }
    }

    fn attempt(&self) -> MutexGuard<'_, AttemptState> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The claim is an attempt from here on.
    pub(super) fn attempt_begins(&self, counted: Counted) {
        self.attempt().counted = Some(counted);
    }

    /// The attempt is settled. Called again, does nothing.
    pub(super) fn attempt_ends(&self) {
        let ended = std::mem::take(&mut *self.attempt());
        drop(ended);
    }

    /// The caller writes the ending of the attempt from here on.
    pub(super) fn unfinished(&self, unfinished: Unfinished) {
        self.attempt().unfinished = Some(unfinished);
    }

    /// The ending that the caller was to write, to be written by another.
    pub(super) fn take_unfinished(&self) -> Option<Unfinished> {
        self.attempt().unfinished.take()
    }

    /// The same, if the caller began before `limit`: it may be a future that is held and not polled any more.
    fn take_unfinished_since(&self, limit: Instant) -> Option<Unfinished> {
        self.attempt().unfinished.take_if(|unfinished| unfinished.since <= limit)
    }

    /// Tells the handler to stop.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::Release);
        self.losing.notify_waiters();
    }

    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

/// What asking for a flight got.
pub(super) enum Joined {
    /// No call of this process was at it: the caller leads.
    Leader(Arc<Flight>),
    /// Another call of this process is at it.
    Follower(Arc<Flight>),
}

crate::debug::variants!(Joined { Leader, Follower });

/// All operations under way in this process.
pub(crate) struct Flights {
    shards: Box<[Mutex<Map>]>,
    /// Addresses of claims that are followed although their callers were told that the store failed.
    followed: Mutex<Vec<Address>>,
    attempts: AtomicUsize,
    /// Rings when the last attempt is settled.
    pub(super) idle: Notify,
}

crate::debug::structure!(Flights);

type Map = HashMap<Address, Arc<Flight>, BuildHasherDefault<DigestHasher>>;

impl Default for Flights {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            followed: Mutex::default(),
            attempts: AtomicUsize::new(0),
            idle: Notify::new(),
        }
    }
}

impl Flights {
    fn shard(&self, address: Address) -> Option<MutexGuard<'_, Map>> {
        let at = address.as_bytes()[30] as usize % SHARDS;
        self.shards.get(at).map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn join(&self, address: Address, fingerprint: Fingerprint, now: Instant) -> Joined {
        let fresh = || Arc::new(Flight::new(address, fingerprint, now));
        let Some(mut shard) = self.shard(address) else { return Joined::Leader(fresh()) };
        match shard.entry(address) {
            std::collections::hash_map::Entry::Occupied(entry) => Joined::Follower(Arc::clone(entry.get())),
            std::collections::hash_map::Entry::Vacant(entry) => {
                Joined::Leader(Arc::clone(entry.insert(fresh())))
            }
        }
    }

    /// Ends a flight: first new calls find it no more, then its followers are told.
    pub(super) fn land(&self, flight: &Arc<Flight>, end: FlightEnd) {
        self.remove(flight);
        flight.set(Stage::Ended(end));
    }

    fn remove(&self, flight: &Arc<Flight>) {
        if let Some(mut shard) = self.shard(flight.address)
            && shard.get(&flight.address).is_some_and(|found| Arc::ptr_eq(found, flight))
        {
            shard.remove(&flight.address);
        }
    }

    /// Claims that their leaders have not polled to an answer until `now`, and when the next of the others would be.
    pub(super) fn unanswered(&self, now: Instant) -> (Vec<Arc<Flight>>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for flight in shard.values() {
                match flight.claim.adopt_at() {
                    Some(at) if at <= now => due.push(Arc::clone(flight)),
                    Some(at) => next = Some(next.map_or(at, |next| next.min(at))),
                    None => {}
                }
            }
        }
        (due, next)
    }

    /// Endings that their callers have been writing since before `limit`.
    pub(super) fn unfinished_since(&self, limit: Instant) -> Vec<(Arc<Flight>, Unfinished)> {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        let flights: Vec<_> = shards.flat_map(|shard| shard.values().cloned().collect::<Vec<_>>()).collect();
        let unfinished = flights.into_iter().filter_map(|flight| {
            let unfinished = flight.take_unfinished_since(limit)?;
            Some((flight, unfinished))
        });
        unfinished.collect()
    }

    /// Stops the handler that runs here as `owner`: its claim is not its own any more.
    pub(crate) fn lose(&self, address: Address, owner: Owner) {
        let flight = self.shard(address).and_then(|shard| shard.get(&address).cloned());
        if let Some(flight) = flight.filter(|flight| flight.held().is_some_and(|held| held.owner == owner)) {
            flight.lose();
        }
    }

    /// Every held claim.
    pub(super) fn held(&self) -> Vec<(Arc<Flight>, Held)> {
        let mut held = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            held.extend(
                shard.values().filter_map(|flight| flight.held().map(|claim| (Arc::clone(flight), claim))),
            );
        }
        held
    }

    /// A claim at `address` is followed until the guard is dropped.
    pub(super) fn follows(&self, address: Address) -> Followed<'_> {
        self.followed().push(address);
        Followed { flights: self, address }
    }

    /// True if this process may have claimed the key itself, for a caller that was told that the store failed.
    pub(super) fn is_followed(&self, address: Address) -> bool {
        self.followed().contains(&address)
    }

    fn followed(&self) -> MutexGuard<'_, Vec<Address>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }

    pub(super) fn attempt_begins(&self) {
        self.attempts.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn attempt_ends(&self) {
        if self.attempts.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.idle.notify_waiters();
        }
    }
}

/// From [`Flights::follows`].
#[derive(Debug)]
pub(super) struct Followed<'a> {
    flights: &'a Flights,
    address: Address,
}

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        let mut followed = self.flights.followed();
        if let Some(at) = followed.iter().position(|address| *address == self.address) {
            followed.swap_remove(at);
        }
    }
}

/// Takes 64 bits of the digest as they are.
#[derive(Debug, Default)]
struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
}

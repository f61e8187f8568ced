//! What a store is asked to do.

use std::time::Duration;

use super::batch::Addressed;
use crate::address::Address;
use crate::protocol::{Claim, Namespace, Order, Owner, Record, Seen, StateKind, Verdict};
use crate::reply::Reply;

/// T5: the operation ended with `reply`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Completion {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
    /// The answer.
    pub reply: Reply,
    /// How long it lives, counted from now on the store's clock.
    pub retention: Duration,
}

impl Completion {
    /// The end of the operation with `reply`.
    #[must_use]
    pub const fn new(address: Address, owner: Owner, reply: Reply, retention: Duration) -> Self {
        Self { address, owner, reply, retention }
    }
}

/// T6: nothing happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Release {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
    /// How long the row is kept, counted from now on the store's clock.
    pub retention: Duration,
}

impl Release {
    /// The word that nothing happened.
    #[must_use]
    pub const fn new(address: Address, owner: Owner, retention: Duration) -> Self {
        Self { address, owner, retention }
    }
}

/// T7: the owner cannot say whether it happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MarkUnknown {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
}

impl MarkUnknown {
    /// The word of `owner` that it cannot say.
    #[must_use]
    pub const fn new(address: Address, owner: Owner) -> Self {
        Self { address, owner }
    }
}

/// T3: the owner is alive.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Renewal {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
    /// How far the lease shall reach, counted from now on the store's clock.
    pub lease: Duration,
}

impl Renewal {
    /// A lease that reaches `lease` from now.
    #[must_use]
    pub const fn new(address: Address, owner: Owner, lease: Duration) -> Self {
        Self { address, owner, lease }
    }
}

/// A look for abandoned records.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sweep {
    /// Whose: its own, and those that name no namespace.
    pub namespace: Namespace,
    /// How long past its lease a record must be.
    pub grace: Duration,
    /// How long a record that is freed for another run is kept, if it does not say so itself.
    pub retention: Duration,
    /// The most records to move in this call.
    pub limit: usize,
}

impl Sweep {
    /// A look for records that are `grace` past their lease.
    #[must_use]
    pub const fn new(namespace: Namespace, grace: Duration, retention: Duration, limit: usize) -> Self {
        Self { namespace, grace, retention, limit }
    }
}

/// What a sweep moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepCount {
    /// Now unknown: a hook or an operator has to settle them.
    pub unknown: usize,
    /// Now released: the next caller runs them.
    pub released: usize,
}

impl SweepCount {
    /// That many of each.
    #[must_use]
    pub const fn new(unknown: usize, released: usize) -> Self {
        Self { unknown, released }
    }
}

/// A request for some of the records in one state.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page {
    /// Whose: its own, and those that name no namespace.
    pub namespace: Namespace,
    /// Which state.
    pub state: StateKind,
    /// Only records after this address; `None` for the first page.
    pub after: Option<Address>,
    /// The most records to give.
    pub limit: usize,
}

impl Page {
    /// The first `limit` records in `state` that follow `after`.
    #[must_use]
    pub const fn new(namespace: Namespace, state: StateKind, after: Option<Address>, limit: usize) -> Self {
        Self { namespace, state, after, limit }
    }
}

/// A question for the number of records in one state.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Count {
    /// Whose: its own, and those that name no namespace.
    pub namespace: Namespace,
    /// Which state.
    pub state: StateKind,
}

impl Count {
    /// How many records are in `state`.
    #[must_use]
    pub const fn new(namespace: Namespace, state: StateKind) -> Self {
        Self { namespace, state }
    }
}

/// A record with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Where it lives.
    pub address: Address,
    /// What it says.
    pub record: Record,
}

impl Entry {
    /// `record`, which lives at `address`.
    #[must_use]
    pub const fn new(address: Address, record: Record) -> Self {
        Self { address, record }
    }
}

/// A verdict about an unknown or stuck record.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settlement {
    /// Who may give the verdict: a record of another namespace is absent for it.
    pub namespace: Namespace,
    /// The record's address.
    pub address: Address,
    /// The record that the verdict is about; if it moved since, nothing is written.
    pub seen: Seen,
    /// What was found out.
    pub verdict: Verdict,
    /// Who says so, and why: written into the record with the verdict.
    pub order: Order,
    /// How long the settled record lives, counted from now on the store's clock, if it does not say so itself: see
    /// [`Terms`](crate::protocol::Terms).
    pub retention: Duration,
}

impl Settlement {
    /// A verdict about the record as it was seen.
    #[must_use]
    pub const fn new(
        namespace: Namespace,
        address: Address,
        seen: Seen,
        verdict: Verdict,
        order: Order,
        retention: Duration,
    ) -> Self {
        Self { namespace, address, seen, verdict, order, retention }
    }
}

/// An order to let the same request run again, although its outcome is not known.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Free {
    /// As in [`Settlement`].
    pub namespace: Namespace,
    /// The record's address.
    pub address: Address,
    /// As in [`Settlement`].
    pub seen: Seen,
    /// As in [`Settlement`].
    pub order: Order,
    /// How long the freed record is kept, counted from now on the store's clock, if it does not say so itself.
    pub retention: Duration,
}

impl Free {
    /// An order about the record as it was seen.
    #[must_use]
    pub const fn new(
        namespace: Namespace,
        address: Address,
        seen: Seen,
        order: Order,
        retention: Duration,
    ) -> Self {
        Self { namespace, address, seen, order, retention }
    }
}

/// An order to drop a record, and what it says of orders with it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Forget {
    /// As in [`Settlement`].
    pub namespace: Namespace,
    /// The record's address.
    pub address: Address,
    /// As in [`Settlement`].
    pub seen: Seen,
}

impl Forget {
    /// An order about the record as it was seen.
    #[must_use]
    pub const fn new(namespace: Namespace, address: Address, seen: Seen) -> Self {
        Self { namespace, address, seen }
    }
}

macro_rules! addressed {
    ($($request:ty)*) => {$(
        impl Addressed for $request {
            fn address(&self) -> Address {
                self.address
            }
        }
    )*};
}
addressed!(Claim Completion Release MarkUnknown Renewal Settlement Free Forget);

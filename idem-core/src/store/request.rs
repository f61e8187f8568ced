//! What a store is asked to do.

use std::time::Duration;

use super::batch::Addressed;
use crate::address::Address;
use crate::protocol::{Claim, Namespace, Order, Owner, Record, Seen, StateKind, Verdict};
use crate::reply::Reply;

/// T5: the operation ended with `reply`.
#[derive(Debug, Clone)]
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

/// T6: nothing happened.
#[derive(Debug, Clone)]
pub struct Release {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
    /// How long the row is kept, counted from now on the store's clock.
    pub retention: Duration,
}

/// T7: the owner cannot say whether it happened.
#[derive(Debug, Clone)]
pub struct MarkUnknown {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
}

/// T3: the owner is alive.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The record's address.
    pub address: Address,
    /// The guard.
    pub owner: Owner,
    /// How far the lease shall reach, counted from now on the store's clock.
    pub lease: Duration,
}

/// A look for abandoned records.
#[derive(Debug, Clone)]
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

/// What a sweep moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepCount {
    /// Now unknown: somebody should look at them.
    pub unknown: usize,
    /// Now released: the next caller runs them.
    pub released: usize,
}

/// A request for some of the records in one state.
#[derive(Debug, Clone)]
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

/// A question for the number of records in one state.
#[derive(Debug, Clone)]
pub struct Count {
    /// Whose: its own, and those that name no namespace.
    pub namespace: Namespace,
    /// Which state.
    pub state: StateKind,
}

/// A record with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it lives.
    pub address: Address,
    /// What it says.
    pub record: Record,
}

/// A verdict about an unknown or stuck record.
#[derive(Debug, Clone)]
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

/// An order to let the same request run again, whatever became of it.
#[derive(Debug, Clone)]
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

/// An order to drop a record, and what it says of orders with it.
#[derive(Debug, Clone)]
pub struct Forget {
    /// As in [`Settlement`].
    pub namespace: Namespace,
    /// The record's address.
    pub address: Address,
    /// As in [`Settlement`].
    pub seen: Seen,
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

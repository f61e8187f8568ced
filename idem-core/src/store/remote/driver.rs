//! What a database must be able to do.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::failure::DriverFault;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Claim, Namespace, Owner, Record, StateKind, Tally};
use crate::reply::Reply;
use crate::store::{Addressed, Count, Entry, Page, Renewal, StoreError, Sweep, SweepCount};

/// One database's statements. Each call is one round trip unless it says otherwise, takes effect as a whole or not at
/// all unless it says otherwise, and can be repeated unchanged.
pub(in crate::store) trait Driver: fmt::Debug + Send + Sync + 'static {
    /// A connection. Bound to the runtime that opened it.
    type Link: fmt::Debug + Send + 'static;

    /// What a connection is to the server.
    type Session: fmt::Debug + Send + Sync + 'static;

    /// Of a transaction of the application's.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    fn session_of(transaction: u64) -> Option<Self::Session> {
        let _ = transaction;
        None
    }

    /// The most operations in one statement.
    const ROUND: usize = 256;

    fn connect(&self) -> impl Future<Output = Result<Self::Link, DriverFault>> + Send;

    /// T1 where there is no record: writes the claim's. What was found at each address, in order.
    fn claim(
        &self,
        link: &mut Self::Link,
        claims: &[&Claim],
    ) -> impl Future<Output = Result<Vec<Found>, DriverFault>> + Send;

    /// T5, T6 or T7 where the guard holds. For each, in order, whether it was applied now.
    fn finish(
        &self,
        link: &mut Self::Link,
        finishes: &[&Finish],
    ) -> impl Future<Output = Result<Vec<bool>, DriverFault>> + Send;

    /// The records as they stand, in order.
    fn load(
        &self,
        link: &mut Self::Link,
        addresses: &[Address],
    ) -> impl Future<Output = Result<Vec<Found>, DriverFault>> + Send;

    /// Writes a change if the record still is as it was read; says whether it did.
    fn change(
        &self,
        link: &mut Self::Link,
        change: &Change,
    ) -> impl Future<Output = Result<bool, DriverFault>> + Send;

    /// T3, skipping rows that another transaction has locked. For each, in order, whether the lease was pushed on. May
    /// take more than one round trip.
    fn renew(
        &self,
        link: &mut Self::Link,
        renewals: &[&Renewal],
    ) -> impl Future<Output = Result<Vec<bool>, DriverFault>> + Send;

    /// [`Store::sweep`](crate::store::Store::sweep). May take more than one round trip, each a step of its own.
    fn sweep(
        &self,
        link: &mut Self::Link,
        sweep: &Sweep,
    ) -> impl Future<Output = Result<SweepCount, DriverFault>> + Send;

    /// [`Store::reap`](crate::store::Store::reap).
    fn reap(
        &self,
        link: &mut Self::Link,
        limit: usize,
    ) -> impl Future<Output = Result<usize, DriverFault>> + Send;

    /// [`Store::list`](crate::store::Store::list).
    fn list(
        &self,
        link: &mut Self::Link,
        page: &Page,
    ) -> impl Future<Output = Result<Vec<Entry>, DriverFault>> + Send;

    /// [`Store::count`](crate::store::Store::count).
    fn count(
        &self,
        link: &mut Self::Link,
        count: &Count,
    ) -> impl Future<Output = Result<u64, DriverFault>> + Send;

    /// [`Store::tally`](crate::store::Store::tally). May take more than one round trip.
    fn tally(
        &self,
        link: &mut Self::Link,
        namespace: &Namespace,
    ) -> impl Future<Output = Result<Tally, DriverFault>> + Send;

    /// The number by which another connection can end what runs on `link`; `None` where there is no such way.
    fn session(&self, link: &Self::Link) -> Option<Self::Session>;

    /// Ends the statement that runs in another session, if it is one of the store's and still runs.
    fn end(
        &self,
        link: &mut Self::Link,
        session: &Self::Session,
    ) -> impl Future<Output = Result<(), DriverFault>> + Send;

    /// Says goodbye.
    fn close(&self, link: Self::Link) -> impl Future<Output = ()> + Send;
}

/// What stands at an address.
#[derive(Debug)]
pub(in crate::store) enum Found {
    /// The claim's own record, written just now: its fence is this time.
    Fresh(Timestamp),
    /// A record, and the store's clock.
    Stands(Box<Record>, Timestamp),
    /// Nothing that this statement could see.
    Nothing,
    /// Something that must be neither believed nor changed.
    Unreadable(StoreError),
}

/// How an owner ends its claim.
#[derive(Debug, Clone)]
pub(in crate::store) struct Finish {
    pub(in crate::store) address: Address,
    pub(in crate::store) owner: Owner,
    pub(in crate::store) end: ClaimEnd,
}

#[derive(Debug, Clone)]
pub(in crate::store) enum ClaimEnd {
    /// From running or unknown.
    Done { reply: Reply, retention: Duration },
    /// From running or unknown.
    Released { retention: Duration },
    /// From running.
    Unknown,
}

impl ClaimEnd {
    /// The state that it leads to.
    pub(in crate::store) const fn state(&self) -> StateKind {
        match self {
            Self::Done { .. } => StateKind::Done,
            Self::Released { .. } => StateKind::Released,
            Self::Unknown => StateKind::Unknown,
        }
    }

    /// The second state that it may come from; the first is running.
    pub(in crate::store) const fn also_from(&self) -> StateKind {
        match self {
            Self::Done { .. } | Self::Released { .. } => StateKind::Unknown,
            Self::Unknown => StateKind::Running,
        }
    }

    pub(in crate::store) const fn retention(&self) -> Option<Duration> {
        match self {
            Self::Done { retention, .. } | Self::Released { retention } => Some(*retention),
            Self::Unknown => None,
        }
    }

    pub(in crate::store) const fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Done { reply, .. } => Some(reply),
            Self::Released { .. } | Self::Unknown => None,
        }
    }
}

impl Addressed for Finish {
    fn address(&self) -> Address {
        self.address
    }
}

/// What [`protocol`](crate::protocol) made of a record.
#[derive(Debug)]
pub(in crate::store) struct Change {
    pub(in crate::store) address: Address,
    /// As it was read. The write's guard: state, fence, nonce, lease and expiry.
    pub(in crate::store) before: Box<Record>,
    /// As it must be; `None` to delete it.
    pub(in crate::store) after: Option<Box<Record>>,
}

/// A span for a database that counts in signed 64-bit microseconds, short enough that adding it to any clock of this
/// age cannot overflow.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(in crate::store) fn micros(span: Duration) -> i64 {
    /// About 146,000 years.
    const LONGEST: i64 = i64::MAX / 2;
    i64::try_from(span.as_micros()).unwrap_or(LONGEST).min(LONGEST)
}

/// A number for a database whose integers are signed.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(in crate::store) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

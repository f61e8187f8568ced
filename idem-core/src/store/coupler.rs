//! What a database must be able to do for an operation whose effects and record commit together.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "sqlite-tx")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use super::{BoxFuture, StoreError};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Claim, ClaimOutcome, Fence, Nonce, Won};
use crate::reply::Reply;
use crate::tx::Isolation;

/// The statements of one database, on a connection of the application's pool.
///
/// Whatever fails leaves the transaction to be rolled back; nothing of it is then kept.
pub(crate) trait Coupler<Db: Database>: fmt::Debug + Send + Sync {
    /// A connection.
    fn seat(&self) -> BoxFuture<'_, Result<Seat<Db>, TxFault>>;

    /// Begins.
    fn begin<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        gate: &'c Arc<Gate>,
        begin: Begin,
    ) -> BoxFuture<'c, Result<Transaction<'c, Db>, TxFault>>;

    /// True if the store was set up to [begin and claim](Self::begin_claiming) in one message.
    fn claims_with_begin(&self) -> bool {
        false
    }

    /// Begins and claims in one message. `None` if there is more to it than a new record; what is left of the
    /// transaction is then to be [cleared](Self::clear) away.
    fn begin_claiming<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        gate: &'c Gate,
        begin: Begin,
        claim: &'c Claim,
    ) -> BeginClaiming<'c, Db> {
        let _ = (connection, gate, begin, claim);
        Box::pin(async { Ok(None) })
    }

    /// Ends the transaction that a claim with its begin has left behind.
    fn clear<'c>(&'c self, connection: &'c mut Db::Connection) -> BoxFuture<'c, Result<(), TxFault>> {
        let _ = connection;
        Box::pin(async { Ok(()) })
    }

    /// T1, T2 and T10, before anything else in the transaction. Won, the record is running and locked.
    fn claim<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        gate: &'c Gate,
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>>;

    /// T5, as its last. Not ours: the record is not the one that this very transaction claimed, and it must roll back.
    fn complete<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<Completed, TxFault>>;

    /// Whether the database takes a record with a reply of so many bytes. Where it would not, it may break the connection,
    /// and undo the transaction with it.
    fn takes<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        bytes: usize,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        let _ = (connection, bytes);
        Box::pin(async { Ok(true) })
    }

    /// Whether the record is still this very transaction's, asked before a rollback, after which nothing could tell. An
    /// error: this cannot be seen from inside of the transaction.
    fn holds<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>>;

    /// Whether a transaction without a record is still the one that was begun, and may commit. An error: it is, and a
    /// statement in it has failed.
    fn is_whole<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
    ) -> BoxFuture<'c, Result<Completed, TxFault>>;

    /// True if a connection that is left so must be [restored](Self::restore) before others may use it.
    fn leaves_traces(&self, left: Left) -> bool;

    /// Makes the connection what it was before. An error: it is not, and must be closed.
    fn restore<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        gate: &'c Gate,
        left: Left,
    ) -> BoxFuture<'c, Result<(), TxFault>>;

    /// Whether the session still forbids all writes but those of the transaction that was begun. A handler may have taken
    /// that back.
    fn forbids<'c>(&'c self, connection: &'c mut Db::Connection) -> BoxFuture<'c, Result<bool, TxFault>> {
        let _ = connection;
        Box::pin(async { Ok(true) })
    }

    /// True if what a handler writes after the end of the transaction commits statement by statement.
    fn lets_slip(&self) -> bool {
        false
    }

    /// True if no statement of the handler's can commit anything before idem commits.
    fn holds_commits(&self) -> bool {
        false
    }

    /// True if the database may roll back a whole transaction for one statement, and goes on in another one.
    fn undoes_silently(&self) -> bool {
        false
    }

    /// Of an error of the driver's at BEGIN or ROLLBACK.
    fn fault(&self, error: sqlx::Error) -> TxFault;

    /// Of an error of the driver's at COMMIT.
    fn commit_fault(&self, error: sqlx::Error) -> CommitFault;

    /// How long a transaction may take at most, given the lease of the store's other records.
    fn longest(&self, lease: Duration) -> Option<Duration> {
        let _ = lease;
        None
    }
}

/// A transaction with its claim, if that was won.
pub(crate) type BeginClaiming<'c, Db> =
    BoxFuture<'c, Result<Option<(Transaction<'c, Db>, HeldRow)>, TxFault>>;

/// How a transaction is begun.
#[cfg_attr(
    not(any(feature = "mysql", feature = "postgres")),
    allow(dead_code, reason = "every transaction of SQLite begins alike")
)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begin {
    /// `None`: the connection's.
    pub(crate) isolation: Option<Isolation>,
    /// What its claim will do about another transaction; `None`: there is no claim, and the transaction is
    /// [known again](Coupler::is_whole) by a mark.
    pub(crate) claim: Option<Rivals>,
    /// How long its handler may take.
    pub(crate) longest: Duration,
}

impl Begin {
    /// How long the server may wait for the next statement. By then the handler is over: its process, or the host, has gone
    /// or stands still, and the transaction still holds its locks.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn idle(&self) -> Duration {
        const MOST_LATER: Duration = Duration::from_mins(1);
        self.longest.saturating_add(self.longest.min(MOST_LATER)).max(Duration::from_secs(1))
    }
}

/// What came of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completed {
    /// It will be committed.
    Done {
        /// The session has the settings that it had when the transaction began, as far as this statement could see.
        settings_kept: bool,
    },
    /// It is not the transaction that was begun.
    NotOurs,
}

/// How a transaction has left its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing is open on it.
    Committed,
    /// Nothing is open on it; settings of the session may have been changed.
    Changed,
    /// Nothing is open on it.
    RolledBack,
    /// Not known: the connection must be closed.
    Doubtful,
}

/// Why a COMMIT failed.
#[derive(Debug)]
pub(crate) enum CommitFault {
    /// The database rolled back, for the sake of another transaction.
    Conflict(StoreError),
    /// The database rolled back, or did not commit and will be made to roll back.
    Refused(StoreError),
    /// The database answered with an error that does not say what became of it.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "sqlite-tx")),
        allow(dead_code, reason = "PostgreSQL's errors say it")
    )]
    Unclear(StoreError),
    /// There was no answer.
    Lost(StoreError),
}

/// What a claim does when another transaction is at the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rivals {
    /// Says so at once.
    Tell,
    /// Waits for its end, which decides.
    Await,
}

/// What a claim inside a transaction got.
#[derive(Debug)]
pub(crate) enum Claimed {
    Won(HeldRow),
    /// Anything but `Won`: the transaction has nothing to do.
    Decided(ClaimOutcome),
}

/// A record that this transaction has claimed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldRow {
    pub(crate) address: Address,
    pub(crate) nonce: Nonce,
    /// Not known where the claim brought nothing back; then the nonce and the transaction are the guard.
    pub(crate) fence: Option<Fence>,
    /// From 1.
    pub(crate) attempts: u32,
    #[cfg_attr(not(feature = "mysql"), allow(dead_code, reason = "only MySQL's session clock can be moved"))]
    /// The server's clock at the claim, and when that was, where a handler could move the clock of its session.
    pub(crate) clock: Option<(Timestamp, Instant)>,
}

impl HeldRow {
    pub(crate) const fn new(address: Address, won: Won) -> Self {
        Self {
            address,
            nonce: won.owner.nonce,
            fence: Some(won.owner.fence),
            attempts: won.attempts,
            clock: None,
        }
    }
}

/// Why a transaction cannot go on.
#[derive(Debug)]
pub(crate) enum TxFault {
    /// The database undid it for somebody else's sake; another try may succeed at once.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has one writer at a time")
    )]
    Conflict(StoreError),
    /// The database refused; what failed before, in a statement of the handler's, is refused too.
    Refused(StoreError),
    /// The database refused a statement of idem's, for a right or an object that the session lacks: a handler may have set
    /// another role.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no rights")
    )]
    Misconfigured(StoreError),
    /// The connection broke, or was not to be had.
    Broken(StoreError),
}

impl TxFault {
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Conflict(error)
            | Self::Refused(error)
            | Self::Misconfigured(error)
            | Self::Broken(error) => error,
        }
    }
}

/// What idem has told a connection about its transaction, and knows of it.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// It may commit.
    open: AtomicBool,
    /// What runs on it is to end.
    cancelled: AtomicBool,
    /// By which its server tells it from others; 0 where it does not.
    on_server: AtomicU64,
    /// The settings of its connection when it began, where the connection does not keep them itself.
    #[cfg(feature = "sqlite-tx")]
    settings: OnceLock<String>,
}

/// Ends what the server does for a connection that is given up.
pub(crate) trait Cancel: Send + Sync {
    /// Soon, in the background, as far as that is possible. `transaction`: its [number](Gate::known_as).
    fn cancel(self: Arc<Self>, transaction: u64);
}

impl Gate {
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::SeqCst);
    }

    #[cfg_attr(
        not(feature = "sqlite-tx"),
        allow(dead_code, reason = "only SQLite can be kept from committing")
    )]
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::SeqCst)
    }

    #[cfg(feature = "sqlite-tx")]
    pub(crate) const fn settings(&self) -> &OnceLock<String> {
        &self.settings
    }

    #[cfg_attr(not(feature = "sqlite-tx"), allow(dead_code, reason = "only SQLite asks"))]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The number by which the server knows the transaction, and never another one; not 0.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no server")
    )]
    pub(crate) fn known_as(&self, number: u64) {
        self.on_server.store(number, Ordering::Relaxed);
    }
}

/// A connection of the application's pool. Unless it was [given back](Self::give_back) it is closed when dropped: what
/// was left open on it must reach no other user of the pool, and the database undoes it. A statement that still runs on it is
/// cancelled, because a server may not notice before its end that its client has gone.
pub(crate) struct Seat<Db: Database> {
    connection: PoolConnection<Db>,
    gate: Arc<Gate>,
    clean: bool,
    /// `None` where the gate is enough.
    canceller: Option<Arc<dyn Cancel>>,
    /// Where one transaction at a time may run.
    _turn: Option<OwnedSemaphorePermit>,
}

impl<Db: Database> Seat<Db> {
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no server")
    )]
    pub(crate) fn on_server(connection: PoolConnection<Db>, canceller: Option<Arc<dyn Cancel>>) -> Self {
        Self { connection, gate: Arc::default(), clean: false, canceller, _turn: None }
    }

    #[cfg_attr(not(feature = "sqlite-tx"), allow(dead_code, reason = "only SQLite has one writer at a time"))]
    pub(crate) fn in_turn(connection: PoolConnection<Db>, turn: OwnedSemaphorePermit) -> Self {
        Self { connection, gate: Arc::default(), clean: false, canceller: None, _turn: Some(turn) }
    }

    pub(crate) fn parts(&mut self) -> (&mut Db::Connection, &Arc<Gate>) {
        (&mut self.connection, &self.gate)
    }

    /// The connection is as it was: the pool may have it.
    pub(crate) fn give_back(mut self) {
        self.clean = true;
    }
}

impl<Db: Database> Drop for Seat<Db> {
    fn drop(&mut self) {
        if self.clean {
            return;
        }
        self.gate.cancelled.store(true, Ordering::Relaxed);
        if let (Some(canceller), number @ 1..) =
            (&self.canceller, self.gate.on_server.load(Ordering::Relaxed))
        {
            Arc::clone(canceller).cancel(number);
        }
        self.connection.close_on_drop();
    }
}

impl<Db: Database> fmt::Debug for Seat<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

/// The databases whose transactions a store can ride in.
#[derive(Default)]
pub struct Couplings(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Couplings {
    pub(crate) fn add<Db: Database>(&mut self, coupler: Arc<dyn Coupler<Db>>) {
        self.0.insert(TypeId::of::<Db>(), Box::new(coupler));
    }

    pub(crate) fn get<Db: Database>(&self) -> Option<Arc<dyn Coupler<Db>>> {
        self.0.get(&TypeId::of::<Db>())?.downcast_ref().cloned()
    }
}

impl fmt::Debug for Couplings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Couplings({})", self.0.len())
    }
}

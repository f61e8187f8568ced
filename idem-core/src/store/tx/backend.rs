//! The statements that a database needs for an operation whose effects and record commit together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Database, Transaction};

use super::{
    Begin, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals, TxConnection, TxFault,
};
use crate::protocol::Claim;
use crate::reply::Reply;
use crate::store::BoxFuture;

/// The statements of one database, on a connection of the application's pool.
///
/// After a failure of any statement the transaction is rolled back, and nothing of it is kept.
pub(crate) trait TxBackend<Db: Database>: fmt::Debug + Send + Sync {
    /// A connection.
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<Db>, TxFault>>;

    /// Begins.
    fn begin<'c>(
        &'c self,
        connection: &'c mut Db::Connection,
        permit: &'c Arc<CommitPermit>,
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
        permit: &'c CommitPermit,
        begin: Begin,
        claim: &'c Claim,
    ) -> BeginClaiming<'c, Db> {
        let _ = (connection, permit, begin, claim);
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
        permit: &'c CommitPermit,
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
    /// and undo the transaction with it. Asked of replies beyond 64 KiB alone.
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
        permit: &'c CommitPermit,
        left: Left,
    ) -> BoxFuture<'c, Result<(), TxFault>>;

    /// Whether the session still forbids all writes but those of the transaction that was begun. A handler may have taken
    /// that back, or the database cannot forbid them: what a handler writes after the end of the transaction then commits
    /// statement by statement.
    fn forbids<'c>(&'c self, connection: &'c mut Db::Connection) -> BoxFuture<'c, Result<bool, TxFault>> {
        let _ = connection;
        Box::pin(async { Ok(true) })
    }

    /// True if no statement of the handler's can commit anything before idem commits.
    fn holds_commits(&self) -> bool {
        false
    }

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

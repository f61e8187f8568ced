//! A connection of the application's pool, with what idem knows of its transaction.

use std::fmt;
use std::sync::Arc;

use sqlx::Database;
use sqlx::pool::PoolConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::CommitPermit;

/// Ends what the server does for a connection that is given up.
pub(crate) trait Cancel: Send + Sync {
    /// Soon, in the background, as far as that is possible. `transaction`: its [number](CommitPermit::known_as).
    fn cancel(self: Arc<Self>, transaction: u64);
}

/// A connection of the application's pool. Unless it was [given back](Self::give_back) it is closed when dropped: what
/// was left open on it must reach no other user of the pool, and the database undoes it. A statement that still runs on it is
/// cancelled, because a server may not notice before its end that its client has gone.
pub(crate) struct TxConnection<Db: Database> {
    connection: PoolConnection<Db>,
    permit: Arc<CommitPermit>,
    clean: bool,
    /// `None` where the permit is enough.
    canceller: Option<Arc<dyn Cancel>>,
    /// Where one transaction at a time may run.
    _turn: Option<OwnedSemaphorePermit>,
}

impl<Db: Database> TxConnection<Db> {
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no server")
    )]
    pub(crate) fn on_server(connection: PoolConnection<Db>, canceller: Option<Arc<dyn Cancel>>) -> Self {
        Self { connection, permit: Arc::default(), clean: false, canceller, _turn: None }
    }

    #[cfg_attr(not(feature = "sqlite-tx"), allow(dead_code, reason = "only SQLite has one writer at a time"))]
    pub(crate) fn in_turn(connection: PoolConnection<Db>, turn: OwnedSemaphorePermit) -> Self {
        Self { connection, permit: Arc::default(), clean: false, canceller: None, _turn: Some(turn) }
    }

    pub(crate) fn parts(&mut self) -> (&mut Db::Connection, &Arc<CommitPermit>) {
        (&mut self.connection, &self.permit)
    }

    /// The connection is as it was: the pool may have it.
    pub(crate) fn give_back(mut self) {
        self.clean = true;
    }
}

impl<Db: Database> Drop for TxConnection<Db> {
    fn drop(&mut self) {
        if self.clean {
            return;
        }
        self.permit.cancel();
        if let (Some(canceller), number @ 1..) = (&self.canceller, self.permit.number()) {
            Arc::clone(canceller).cancel(number);
        }
        self.connection.close_on_drop();
    }
}

impl<Db: Database> fmt::Debug for TxConnection<Db> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxConnection").finish_non_exhaustive()
    }
}

//! What a backend is asked for, and what it answers.

use std::time::{Duration, Instant};

use super::Isolation;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{ClaimOutcome, Fence, Nonce, Won};

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
    /// [known again](TxBackend::is_whole) by a mark.
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
    /// As in [`Won`].
    pub(crate) took_over: bool,
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
            took_over: won.took_over,
            clock: None,
        }
    }
}

/// What came of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completed {
    /// The completion is written, and commits with the transaction.
    Done {
        /// The session has the settings that it had when the transaction began, as far as this statement could see.
        settings_kept: bool,
    },
    /// The transaction is not the one that was begun.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "the others may have undone it for one statement")
    )]
    NotOurs,
    /// The same, and the database may have rolled back all of it for one statement, and gone on in another one.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "sqlite-tx")),
        allow(dead_code, reason = "PostgreSQL ends a transaction that has failed")
    )]
    Undone,
}

/// How a transaction has left its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The transaction is committed, and no other is open.
    Committed,
    /// The transaction is committed, and no other is open; settings of the session may have been changed.
    Changed,
    /// The transaction is rolled back, and no other is open.
    RolledBack,
    /// Not known: the connection must be closed.
    Doubtful,
}

//! Whether the transaction on a connection may commit, and whether it was cancelled.

#[cfg(feature = "sqlite-tx")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What idem has told a connection about its transaction, and knows of it.
#[derive(Debug, Default)]
pub(crate) struct CommitPermit {
    /// The transaction may commit.
    open: AtomicBool,
    /// The statement that runs on the connection is to end.
    cancelled: AtomicBool,
    /// The number by which the server tells the connection from others; 0 where it has none.
    on_server: AtomicU64,
    /// The settings of its connection when it began, where the connection does not keep them itself.
    #[cfg(feature = "sqlite-tx")]
    settings: OnceLock<String>,
}

impl CommitPermit {
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

    /// Ends what runs on the connection.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The number that [`known_as`](Self::known_as) was told; 0 without one.
    pub(super) fn number(&self) -> u64 {
        self.on_server.load(Ordering::Relaxed)
    }
}

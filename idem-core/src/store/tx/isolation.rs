//! How much a transaction may see of others.

/// The isolation level of a transaction; without one, it is the connection's default. SQLite's transactions are
/// always serializable.
///
/// idem's own guards do not depend on it. Above `ReadCommitted` a database may undo a transaction for the sake of
/// another: see `tx_retries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// `READ COMMITTED`.
    ReadCommitted,
    /// `REPEATABLE READ`.
    RepeatableRead,
    /// `SERIALIZABLE`.
    Serializable,
}

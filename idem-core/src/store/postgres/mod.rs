//! Records in PostgreSQL, version 12 or newer.
//!
//! ```no_run
//! use idem_core::store::postgres::PostgresStore;
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("postgres://app@db.internal/shop").await?;
//!
//! // Or from the pool that the application has: its address and credentials are used; its
//! // connections, only by `#[tx]` handlers.
//! let pool = sqlx::PgPool::connect("postgres://app@db.internal/shop").await?;
//! let store = PostgresStore::builder(&pool).table("payments.idem_record").open().await?;
//! # Ok(()) }
//! ```
//!
//! **Guarantee:** one key, one effect, one answer, across all processes that use the same primary, and across their
//! crashes. What was answered survives a crash of the database as far as a commit does: with
//! [`synchronous_commit`](https://www.postgresql.org/docs/current/wal-async-commit.html)` = off` the last moments may
//! be lost, and after a fail-over to an asynchronous replica all that the replica had not received: those keys then run
//! again. Set `synchronous_commit = on` with synchronous standbys where that must not happen.
//!
//! **Needs** the primary (a replica answers with an error), the right to create a table and functions, or an operator who
//! runs [`PostgresStore::migrations`], and up to 6 + 2 × [`concurrency`](PostgresStoreBuilder::concurrency) connections, opened
//! when they are first needed. Times are the server's clock. A pooler in transaction mode, such as PgBouncer, needs
//! [`through_pooler`](PostgresStoreBuilder::through_pooler).
//!
//! **Rights**, found when the store opens, which says all that is missing in one error, with these statements for its own
//! names: `GRANT USAGE ON SCHEMA app TO clerk`, `GRANT SELECT, INSERT, UPDATE, DELETE ON app.idem_record TO clerk` and
//! `GRANT EXECUTE` on the table's functions, which PostgreSQL grants to all unless it was revoked. To migrate,
//! `GRANT USAGE, CREATE ON SCHEMA app TO clerk` and the table's ownership. Sessions that are read-only, and
//! row-level security on the table, are refused. Other
//! settings of the server or the role (`bytea_output`, `standard_conforming_strings`, `default_transaction_isolation`) do
//! not matter.
//!
//! **Gives up** on the server before it does here: each statement has a `lock_timeout` of two fifths of the
//! [`timeout`](PostgresStoreBuilder::timeout) and a `statement_timeout` of four fifths, unless the connect options set
//! shorter ones; through a pooler, for that statement alone. So what is
//! [`Unavailable`](crate::store::StoreErrorKind::Unavailable) for a lock did certainly not happen. A statement whose
//! answer never came is cancelled on the server, from another connection; not through a pooler, which hides whose it is.
//!
//! **Costs** one round trip for a new key, for a replay (none where this process has the answer in its cache), for a
//! duplicate, for a completion or a release; two for a take-over, a repeated claim after a release, and a completion
//! that comes too late. All claims that wait travel in one statement, and so do all completions: with 64 callers, a
//! commit carries dozens of them.
//!
//! **Upgrades** process by process, and back: processes of this version and of the one before share a table. Opening
//! migrates it; a migration waits for the table 300 ms at a time, so that nothing queues behind it, and in the end says
//! which session is in the way. `{table}_schema()` is the schema's number, `{table}_version()` the oldest one that a
//! process may know. See `docs/upgrading.md`.
//!
//! # How it works
//! A claim is an insertion, which has one plan. What looks rows up on the way of a call is a function in the database,
//! made by the migration (not for what operators list and count): its settings pin the plan, so that a table that was empty when it was first looked at is not scanned a
//! minute later, on any connection. Every write is guarded by state, fence and nonce in the statement itself.

mod args;
mod builder;
mod driver;
mod escaped;
mod fault;
mod link;
mod rights;
mod schema;
mod statements;
mod store;
mod tx;
mod tx_claim;
mod tx_fault;
mod tx_statements;

pub use builder::{PostgresSource, PostgresStoreBuilder};
pub use store::PostgresStore;

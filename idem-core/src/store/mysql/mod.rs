//! Records in MySQL, version 8.0 or newer, and MariaDB, version 10.6 or newer.
//!
//! ```no_run
//! use idem_core::store::mysql::MySqlStore;
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MySqlStore::connect("mysql://app@db.internal/shop").await?;
//!
//! // Or from the pool that the application has: its address and credentials are used; its
//! // connections, only by `#[tx]` handlers.
//! let pool = sqlx::MySqlPool::connect("mysql://app@db.internal/shop").await?;
//! let store = MySqlStore::builder(&pool).table("payments.idem_record").open().await?;
//! # Ok(()) }
//! ```
//!
//! **Guarantee:** one key, one effect, one answer, across all processes that use the same primary, and across their
//! crashes. What was answered survives a crash of the database as far as a commit does: with
//! [`innodb_flush_log_at_trx_commit`](https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html) other than 1 the
//! last second may be lost, and after a fail-over to an asynchronous replica all that the replica had not received:
//! those keys then run again. In a Galera cluster, let all processes write to one node.
//!
//! **Needs** the primary (a replica answers with an error), the right to create a table, or an operator who runs
//! [`MySqlStore::migrations`], `binlog_format` `ROW` or `MIXED` where there is a binary log, and up to
//! 6 + 2 × [`concurrency`](MySqlStoreBuilder::concurrency) connections, opened when they are first needed. Times are the server's
//! clock, in UTC with any time zone. A proxy that hands statements to different servers or connections, such as
//! `ProxySQL`, is not supported.
//!
//! **Rights**, found when the store opens, which says all that is missing in one error, with this statement for its own
//! names: ``GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.`idem_record` TO 'app'@'%'``, and to migrate `CREATE, ALTER` as well.
//! The server's `sql_mode`, `autocommit`, time zone, isolation level and read-only transactions do not matter: each
//! connection sets its own.
//!
//! **Gives up** on the server before it does here: a statement waits for a lock for two fifths of the
//! [`timeout`](MySqlStoreBuilder::timeout), rounded down to seconds, but at least one, and runs for four fifths of it (on
//! MySQL, which knows no such limit for writes, only where it reads). What is
//! [`Unavailable`](crate::store::StoreErrorKind::Unavailable) for a lock did certainly not happen. A statement whose
//! answer never came is killed, from another connection.
//!
//! **Costs**, in round trips, once a connection knows its statements:
//!
//! | | MariaDB | MySQL |
//! |---|---|---|
//! | a new key | 1 | 1; in a batch 2 |
//! | a replay that is in no cache, a duplicate | 1 | 2 |
//! | a completion, a release | 1 | 1 |
//! | all leases of a process, renewed | 1 | 1 |
//! | a take-over, a claim after a release | 2 | 3 |
//! | a completion that comes too late | 2 | 2 |
//!
//! All claims that wait travel in one statement, and so do all completions. The first time that a connection sees a
//! statement, it is prepared, which is one more.
//!
//! **Upgrades** process by process, and back: processes of this version and of the one before share a table. Opening
//! migrates it; a migration waits for the table a second at a time, so that nothing queues behind it for longer, and in
//! the end says which session is in the way. The comment of the column `namespace` holds the schema's number, that of
//! the table the oldest one that a process may know. See `docs/upgrading.md`.
//!
//! # How it works
//! Outside of `#[tx]` handlers every write is one statement that commits by itself, guarded by state, fence and nonce; there is no transaction that
//! a dropped future could leave open. Rows are locked in the order of their addresses. Whether a claim was won is told
//! by what the server returns (on MariaDB the row; on MySQL the number that only an inserted row leaves), never by the
//! count of rows of an insertion, which means one thing or another depending on how a client connects. Where rows are
//! counted, the statement changes each that it finds.

mod builder;
mod dialect;
mod driver;
mod fault;
mod link;
mod many;
mod rights;
mod rows;
mod schema;
mod statements;
mod store;
mod tx;
mod tx_claim;
mod tx_fault;
mod tx_statements;

pub use builder::{MySqlSource, MySqlStoreBuilder};
pub use dialect::Dialect;
pub use store::MySqlStore;

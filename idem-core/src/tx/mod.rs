//! Effects and record in one commit: `#[tx]` handlers, and the same from plain code.
//!
//! A stored answer protects the caller; this protects the world. The handler gets a transaction of the database that the
//! store is in, and its record is written in it: the record is done **if and only if** the effects are committed. A
//! process may die at any instruction, and the effect has happened exactly once or not at all.
//!
#![cfg_attr(all(feature = "sqlite-tx", feature = "axum", feature = "macros"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "sqlite-tx", feature = "axum", feature = "macros")), doc = "```ignore")]
//! use axum::{Json, Router, http::StatusCode, routing::post};
//! use idem_core::{Idem, Scope, idempotent, store::sqlite::SqliteStore, tx::SqliteTx};
//! # use axum::response::{IntoResponse, Response};
//! # #[derive(serde::Deserialize, Clone)] struct NewPayment { account: i64, amount: i64 }
//! # #[derive(Debug, thiserror::Error)] #[error(transparent)] struct ApiError(#[from] sqlx::Error);
//! # impl IntoResponse for ApiError {
//! #     fn into_response(self) -> Response { StatusCode::INTERNAL_SERVER_ERROR.into_response() }
//! # }
//!
//! #[idempotent]
//! async fn pay(#[tx] tx: &mut SqliteTx<'_>, Json(new): Json<NewPayment>) -> Result<StatusCode, ApiError> {
//!     sqlx::query("UPDATE account SET balance = balance - ? WHERE id = ?")
//!         .bind(new.amount)
//!         .bind(new.account)
//!         .execute(&mut **tx) // not `tx`: the connection in it
//!         .await?;
//!     Ok(StatusCode::CREATED)
//! }
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = sqlx::SqlitePool::connect("sqlite:shop.db").await?;
//! let store = SqliteStore::builder("shop.db").pool(&pool).open().await?; // the same file
//! let idem = Idem::builder(store).scope(Scope::header("x-account")).build();
//! let app: Router = Router::new().route("/payments", post(pay)).layer(idem.layer());
//! # drop(app); Ok(()) }
//! ```
//!
//! Or without a macro, every line to be seen ([`Idem::transaction`](crate::Idem::transaction)):
//!
#![cfg_attr(feature = "sqlite-tx", doc = "```")]
#![cfg_attr(not(feature = "sqlite-tx"), doc = "```ignore")]
//! use idem_core::{Idem, Refused, Scope, store::sqlite::SqliteStore, tx::OperationKey};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let dir = std::env::temp_dir().join(format!("idem-tx-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir).unwrap();
//! # let path = dir.join("shop.db");
//! let idem = Idem::builder(SqliteStore::open(&path).await?).scope(Scope::public()).build();
//! let pay = async || {
//!     let key = OperationKey::new("pay", "order-17").scope("acme").fingerprint(&1200);
//!     idem.transaction(key, async |tx| {
//!         sqlx::raw_sql("CREATE TABLE receipt (amount INT); INSERT INTO receipt VALUES (1200)")
//!             .execute(&mut **tx)
//!             .await
//!             .map_err(|_| Refused::BodyUnreadable)?; // an error of your own
//!         Ok::<_, Refused>(1200)
//!     })
//!     .await
//! };
//! assert_eq!(pay().await, Ok(1200));
//! assert_eq!(pay().await, Ok(1200)); // a replay: the table was not created again
//! # std::fs::remove_dir_all(&dir).unwrap();
//! # Ok::<(), idem_core::store::StoreError>(()) }).unwrap();
//! ```
//!
//! # What becomes of an answer
//!
//! | answer | effects | record |
//! |---|---|---|
//! | 2xx, 3xx, `Ok` | committed | done, in the same commit (`commit_on` decides otherwise) |
//! | 4xx but the next row; `Final`; an `Err` under `on_error = store` | rolled back | done, without effects |
//! | 307 308 401 403 407 408 412 421 425 428 429 | rolled back | none: the key is as if it had never been used |
//! | 5xx, any other `Err`, `NoEffect` | rolled back | none |
//! | `Ambiguous`: something outside the database may have happened | rolled back | unknown |
//! | a panic, a dropped caller (unless it said `Ambiguous` already), a dead process | rolled back | none |
//! | the database undid it (40001, 40P01, 1213, 1205) | rolled back | none; runs again up to `tx_retries` times, else 503 `transaction-conflict` |
//! | success, although a statement had failed (PostgreSQL; elsewhere that statement alone is undone, and the rest commits) or the database refuses the COMMIT, or past [`max_run`](crate::IdemBuilder::max_run) (on SQLite a third of the lease, if that is less) | rolled back | none; 500 `transaction-aborted` |
//!
//! No answer leaves before the commit is certain. A COMMIT whose answer is lost is settled by writing the claim again in
//! another transaction, which waits for the end of the first and so learns it; while the database cannot be asked, the
//! caller hears `outcome-unknown`, same key.
//!
//! # Concurrent calls with one key
//!
//! Calls in the same process are answered from memory, without a connection. A call in another process uses one:
//! PostgreSQL and MariaDB say `request-in-progress` at once, MySQL within a second, and SQLite waits for the writer. With
//! `wait`, all wait and get the answer. A dead owner's transaction is ended by the database, so its key is free at once:
//! there is no lease to wait for.
//!
//! # Whose connections
//!
//! Those of the pool that the store was built from ([`PostgresStore::builder(&pool)`](crate::store::postgres),
//! [`MySqlStore::builder(&pool)`](crate::store::mysql), [`SqliteStoreBuilder::pool`](crate::store::sqlite)); a store that
//! was opened by URL or path makes a pool of its own. Business tables may be in any schema of that database; on SQLite,
//! in that file. Around the handler's statements come, for a new key, BEGIN, one statement, one statement, COMMIT. A connection is given
//! back as it was (autocommit, the access mode and `wait_timeout` on MySQL, `default_transaction_read_only` on PostgreSQL;
//! on SQLite, a commit hook and a progress handler of the application's are replaced for the time and gone afterwards);
//! one whose state is in doubt is closed.
//!
//! A connection that is closed, past `max_run` or because its caller has left, is cancelled on the server as well, so that
//! the locks of its transaction become free. Where nothing is left that could do so, for a process stands still or its host
//! has vanished, the server ends the transaction by itself: its timeout for a silent client is set to `max_run` and as much
//! again, a minute at most.
//!
//! A handler may set a search path, a database (`USE`) or a role: idem's statements name their schema, and are sent under
//! that role. The role needs SELECT and UPDATE on the table (for the hooks of a pool that set it, INSERT as well), and on
//! PostgreSQL USAGE on the schema and EXECUTE on the functions. Without them nothing is kept, and the caller hears
//! `misconfigured`.
//!
//! On SQLite a transaction holds the file's only write lock from its first moment: those of a process queue, and each may
//! take a third of the lease at most, so that no other record lapses meanwhile. Do not wait for anything foreign in it.
//!
//! # Ended behind the handler's back
//!
//! A transaction can end before it is told to: by a deadlock whose error was ignored (MySQL undoes all of it and goes on
//! in another), by `INSERT OR ROLLBACK` (SQLite), by a change of a table (MySQL commits first), by a nested transaction
//! that could not be begun (the driver rolls all of it back), by a COMMIT or ROLLBACK of the handler's own. The completion
//! notices, since it only counts in the transaction that claimed. What follows is refused or undone: on SQLite by a commit
//! hook, on PostgreSQL and MySQL because every other transaction of the session is read-only until the handler has
//! returned. So the caller hears `transaction-conflict` or `transaction-aborted`, and nothing was kept; what was committed
//! in the middle is `outcome-unknown`, with an error in the log. Through a pooler
//! ([`through_pooler`](crate::store::postgres::PostgresStoreBuilder::through_pooler)) PostgreSQL's session is not the
//! handler's alone, and what follows the end of a transaction is committed: there, too, the key becomes `outcome-unknown`.
//! A call without a key has no record that tells what was committed: except on SQLite, it is `outcome-unknown`, also past
//! `max_run` and on a connection that breaks before the COMMIT.
//!
//! Leave BEGIN, COMMIT, ROLLBACK, PREPARE TRANSACTION and changes of tables out of handlers. One that ends its transaction
//! by hand **and** then writes in another that it declares READ WRITE, or that removes SQLite's commit hook, defeats all of
//! this: what it writes so is kept, and the caller is told that nothing was. (Where it has taken back the session's
//! read-only setting, as `RESET ALL` does, its key is `outcome-unknown`.) A transaction that it prepares for two-phase commit is told as `transaction-aborted`, also where it is committed later.
//! Nested transactions (`tx.begin()`) are fine; one
//! that the handler neither ends nor drops is `transaction-aborted`. A constraint that the COMMIT looks at (`DEFERRABLE`)
//! and finds broken is `transaction-aborted` as well, with its name in the log. Settings that a handler leaves changed
//! (`SET` without `LOCAL`, `PRAGMA`, `ATTACH`) close its connection; those of extensions, the timeout for silent clients, temporary tables and
//! locks of the session are not looked at.
//!
//! # One operation inside another
//!
//! An idempotent call through the same [`Idem`](crate::Idem), or a clone of it, inside a transaction is refused as
//! [`Refused::InsideTransaction`](crate::Refused::InsideTransaction), the same key as
//! [`Refused::Reentered`](crate::Refused::Reentered), at once: it could not see what the transaction wrote, and would wait
//! for it. Calls to other services carry [derived keys](mod@crate::current), as everywhere; but they are not undone by a
//! rollback, so the service must be idempotent under that key. Another `Idem` over the same database is not recognised:
//! have one for each.

mod again;
mod conflict;
mod database;
mod plain;
mod spec;
mod state;
mod transaction;

pub use conflict::{MayConflict, is_conflict};
#[cfg(feature = "mysql")]
pub use database::MySqlTx;
#[cfg(feature = "postgres")]
pub use database::PgTx;
#[cfg(feature = "sqlite-tx")]
pub use database::SqliteTx;
pub use database::{Carries, HasStore, HasTx, TxArgument};
pub use transaction::OperationKey;

pub use crate::store::{Isolation, TxStore};

pub(crate) use spec::TxSpec;

#[doc(hidden)]
pub mod emitted;

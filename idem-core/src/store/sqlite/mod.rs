//! Records in an SQLite file: the embedded default.
//!
//! ```
//! use idem_core::store::{Store, sqlite::SqliteStore};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let dir = std::env::temp_dir().join(format!("idem-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir).unwrap();
//! let store = SqliteStore::open(dir.join("idem.db")).await?;
//! assert_eq!(store.reap(100).await?, 0);
//! store.close().await;
//! # std::fs::remove_dir_all(&dir).unwrap();
//! # Ok::<(), idem_core::store::StoreError>(())
//! # }).unwrap();
//! ```
//!
//! **Guarantee:** one key, one effect, one answer, across the threads and processes of one machine that open the same
//! file, and across their crashes. What was answered also survives loss of power, unless
//! [`Durability::Normal`] was chosen.
//!
//! **Needs** a local file system whose sync can be trusted, and write access to the file and its directory (SQLite
//! keeps `-wal` and `-shm` files beside it; move and back up the three together, or with `VACUUM INTO`). A network
//! file system will not do: [a write-ahead log needs shared memory](https://www.sqlite.org/wal.html). The processes
//! share one clock, that of the machine. Replies are in the file as they were sent, so give it the permissions of the
//! most secret of them; new files get those of the process's umask. Never delete the file while it is in use.
//!
//! **Costs** no network, and one sync for all operations that wait together; an operation that changes nothing, such
//! as a replay, costs none and waits for no other process. A record takes about 170 bytes of disk beside its reply, 105
//! of them beside address and fingerprint (whole pages, indexes included, over 100,000 records with replies of 256
//! bytes; 180 with replies of 1 KiB). A file that was there before keeps the size of its pages (with SQLite's own,
//! 4 KiB, 20 bytes more; 200 with replies of 1 KiB) and its own size, until `VACUUM` gives back what became free. A
//! store has two threads, which sleep while there is no call.
//!
//! # How it works
//! One thread writes and one reads, each with a connection of its own, so neither a blocked runtime nor a dropped
//! caller harms anything. The writer takes all calls that wait, without a timer: a lone call does not wait, and many
//! callers share a transaction. Records are read, [`protocol`](crate::protocol) decides, and every change is one
//! statement that names what was read and does nothing if another process was faster. A lost connection is opened
//! again, but a file that vanished is not replaced by an empty one, which would have forgotten every key.
//!
//! The tables are `idem_record`, `idem_label`, `idem_terms` and `idem_meta`; they may live in your own database. They are
//! created and migrated when the store is opened; [`SqliteStore::migrations`] is the SQL. In `idem_meta`,
//! `current_schema` is the schema's number and `schema` the oldest one that a process may know: this version and the one
//! before share a file. See `docs/upgrading.md`.

mod builder;
mod change;
mod error;
mod link;
mod load;
mod operation;
mod reader;
mod round;
mod row;
mod rules;
mod schema;
mod sql;
mod store;
#[cfg(test)]
mod tests;
mod transaction;
#[cfg(feature = "sqlite-tx")]
mod tx;
#[cfg(feature = "sqlite-tx")]
mod tx_claim;
#[cfg(feature = "sqlite-tx")]
mod tx_fault;
mod upkeep;
mod worker;
mod writer;

pub use builder::SqliteStoreBuilder;
pub use link::Durability;
pub use store::SqliteStore;

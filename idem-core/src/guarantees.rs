#![doc = include_str!("guarantees.md")]
//!
//! # Example
//!
//! The strongest column of the table, in a few lines:
//!
#![cfg_attr(all(feature = "sqlite-tx", feature = "macros"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "sqlite-tx", feature = "macros")), doc = "```ignore")]
//! use idem_core::{Idem, Refused, idempotent, store::sqlite::SqliteStore, tx::SqliteTx};
//!
//! /// However often it is called for one order, and wherever it dies: one row.
//! #[idempotent(with = idem, key = order, name = "book")]
//! async fn book(idem: &Idem<SqliteStore>, #[tx] tx: &mut SqliteTx<'_>, order: i64) -> Result<i64, Refused> {
//!     let insert = sqlx::query("INSERT INTO booking (id) VALUES (?)").bind(order);
//!     insert.execute(&mut **tx).await.map_err(|_| Refused::BodyUnreadable)?; // an error of your own
//!     Ok(order)
//! }
//! # fn main() {}
//! ```

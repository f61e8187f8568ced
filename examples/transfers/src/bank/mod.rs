//! The bank: accounts, and a ledger with a row for each transfer, in a database.
//!
//! Nothing in its tables forbids that a transfer is made twice. That it is not is the work of the record which commits
//! together with it.

mod engine;
mod sql;

pub(crate) use engine::{Bank, Books};

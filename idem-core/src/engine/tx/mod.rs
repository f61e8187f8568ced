//! An operation whose effects and record commit together.
//!
//! A [`TxCall`] claims inside a transaction of the application's pool, runs the handler in it, and completes the
//! record as the transaction's last statement. So the record is done if and only if the effects are committed, also
//! when a process or the database dies in between. No lease is needed, because the database itself ends the transaction
//! of a dead owner. A transaction that ends otherwise is rolled back, and keeps at most a record without effects.

mod alone;
mod bare;
mod call;
mod conclude;
mod ended;
mod rules;
mod run;
mod transaction;

pub(crate) use bare::Bare;
pub(crate) use call::{Turn, TxCall};
pub(crate) use ended::{TxBody, TxEnding};
pub(crate) use rules::TxOptions;

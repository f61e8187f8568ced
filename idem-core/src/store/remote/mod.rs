//! What the stores on a server share: how operations wait for each other, travel together, and are decided.
//!
//! A [`Driver`](driver::Driver) knows one database's statements. Everything else is here, once:
//!
//! - [`queue`]: operations that wait go out together, without a timer, so a lone caller does not wait. What a caller does
//!   not drive itself runs on a [`thread`] of the store's.
//! - [`exchange`]: a statement on a connection, tried again where the connection broke. Every statement is safe to
//!   repeat, and repeating it settles what became of the first try: a conflicting write waits for it. The server gives
//!   up before the client ([`limits`]); what the client gives up is ended there ([`cancels`]).
//! - [`claims`], [`finishes`] (in [`rounds`]), [`verdicts`]: the first statement does the usual thing in one round trip, a new claim or
//!   its owner's completion, under a guard of its own. Wherever it does not, the record comes back and
//!   [`protocol`](crate::protocol) itself decides; what it changed is written by one statement that names the record as
//!   it was read, and does nothing if another process was faster. Then the operation begins anew.

mod cancels;
pub(super) mod claims;
pub(super) mod driver;
mod exchange;
pub(super) mod failure;
mod finishes;
mod lane;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod limits;
mod links;
mod own;
mod queue;
mod renewals;
mod rounds;
mod statement;
pub(super) mod store;
#[cfg(test)]
mod tests;
mod thread;
mod verdicts;

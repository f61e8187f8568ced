//! What an operator does: see what is unsettled, and settle it.
//!
//! An operation is **unknown** when its handler died, or said so itself, between an effect and the record of it. Its
//! callers get 409 `outcome-unknown`, and nothing moves until the outcome is found out, by a
//! [verify hook](crate::verify) or by you. Such a record does not expire, so raise an alarm on
//! [`Operator::count`], or on the gauges that [`Operator::record_gauges`] sets.
//!
//! 1. [`list`](Operator::list) what is unknown or stuck, page by page, or [`inspect`](Operator::inspect) the key of a
//!    caller that complains, by its [`address`](Operator::address).
//! 2. Find out elsewhere: at the bank, in the log.
//! 3. Give an [order](Orders), with your name and the reason:
//!
//! | order | for a record that is | then |
//! |---|---|---|
//! | [`settle`](Orders::settle) as happened | unknown, stuck | every call gets the answer that you give |
//! | [`settle`](Orders::settle) as not happened | unknown, stuck | the same request may run |
//! | [`retry`](Orders::retry) | unknown, stuck | the same request may run, although its outcome is unknown: the effect may happen twice |
//! | [`release`](Orders::release) | running, its owner known to be dead | the next caller runs at once, without waiting for the lease |
//! | [`forget`](Orders::forget) | anything but running | the key is as if it had never been used |
//!
//! ```
//! use idem_core::protocol::{StateKind, Verdict, WriteOutcome};
//! use idem_core::{Idem, Scope, store::memory::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
//! let operator = idem.operator();
//! let mut after = None;
//! loop {
//!     let page = operator.list(StateKind::Unknown, after, 100).await?;
//!     let Some(last) = page.last() else { break };
//!     after = Some(last.address);
//!     for entry in &page {
//!         println!("{} {:?} {:?}", entry.address, entry.record.label, entry.record.key_hint);
//!         let ada = operator.by("ada").because("bank has no such charge");
//!         match ada.settle(entry, Verdict::DidNotHappen).await? {
//!             WriteOutcome::Applied => {} // the caller may try again
//!             WriteOutcome::Lost(now) => println!("it moved meanwhile, and is {now:?}"),
//!         }
//!     }
//! }
//! # Ok::<_, idem_core::store::StoreError>(()) }).unwrap();
//! ```
//!
//! **Guarantee:** an order is about the record as it was seen, and is refused if that has moved since: another owner,
//! another state, even a lease that was renewed. So two operators, a hook and a late owner never overwrite each other:
//! the first one counts, and the others are told how the record stands. An order whose answer was lost can be given
//! again unchanged.
//!
//! **Several services in one store** do not see each other's records: lists, counts and orders reach only those of the
//! engine's [`namespace`](crate::IdemBuilder::namespace), and records of the previous version of idem, which name none. An
//! order about another service's record is lost, as if the record were absent.
//!
//! **The audit line.** Each order but `forget` leaves one line in the record, in the same write:
//! `2026-11-24T15:04:05Z settled as not happened by ada: bank has no such charge`. It stays through further runs, until
//! the next order or the end of the record. `forget` takes it along, and is only logged.

mod gauges;
mod look;
mod orders;

pub use look::Operator;
pub use orders::{OrderBuilder, Orders};

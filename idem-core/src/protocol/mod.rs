//! The protocol: what may happen to the record of a key, as pure code.
//!
//! No I/O and no clock: every function takes the record as it stands, what the caller wants, and the store's time, and
//! leaves the record as it must be. The memory store and SQLite run this code; stores on a server do so too, for all but
//! what usually happens, which one guarded statement says. All are held against it by the conformance suite.
//!
//! | # | transition | function |
//! |---|---|---|
//! | T1 claim, T2a take over, T2b claim again, T10 replay | absent, running, released, done → running | [`claim`] |
//! | T3 renew | running → running | [`renew`] |
//! | T4 step | running → running | [`step`] |
//! | T5 complete | running, unknown → done | [`complete`] |
//! | T6 release | running, unknown → released | [`release`] |
//! | T7 ambiguous | running → unknown | [`mark_unknown`], [`claim`], [`sweep`] |
//! | T8 unwind | running → unwinding → done, stuck | [`begin_unwind`], [`end_unwind`] |
//! | T9 reap | done, released → absent | [`reap`] |
//! | orders | unknown, stuck → done, released, absent; running → released | [`settle`], [`free`], [`forget`] |
//!
//! [`tally`] changes nothing: what waits is counted.
//!
//! What keeps two owners apart is the pair of fence and nonce, compared by every write. The lease only decides when
//! another caller may try. A nonce that was released is spent: T2b needs another one.
//!
//! ```
//! use idem_core::protocol::{self, Claim, ClaimOutcome, Nonce, Terms, WriteOutcome};
//! use idem_core::{Address, Fingerprint, KeyHint, Label, Reply, clock::Timestamp};
//! use std::time::Duration;
//!
//! let mut record = None;
//! let address = Address::new("shop", b"acme", "pay", b"k1");
//! let lease = Duration::from_secs(30);
//! let terms = Terms::new(Duration::from_secs(3600), lease, "shop");
//! let claim = Claim::new(address, Nonce::fresh(), Fingerprint::none(), lease, terms)
//!     .for_operators(Label::new("pay", b"acme"), KeyHint::of(b"k1"));
//! let now = Timestamp::from_micros(1_000_000);
//! let ClaimOutcome::Won(won) = protocol::claim(&mut record, &claim, now) else { panic!() };
//! let reply = Reply::from(b"201 Created".to_vec());
//! let done = protocol::complete(&mut record, won.owner, &reply, Duration::from_secs(3600), now);
//! assert_eq!(done, WriteOutcome::Applied);
//!
//! let mut retry = claim;
//! retry.nonce = Nonce::fresh();
//! let ClaimOutcome::Replay(replay) = protocol::claim(&mut record, &retry, now) else { panic!() };
//! assert_eq!(replay.reply, reply);
//! ```

mod audit;
mod claim;
mod guarded;
mod namespace;
mod order;
mod owner;
mod record;
mod settle;
mod step;
mod sweep;
mod tally;
mod terms;
mod unwind;

pub use audit::AuditLine;
pub use claim::{Claim, ClaimOutcome, Replay, Won, claim};
pub use guarded::{RecordView, RenewOutcome, WriteOutcome, complete, mark_unknown, release, renew};
pub use namespace::Namespace;
pub use order::{Order, Seen};
pub use owner::{Fence, Nonce, Owner};
pub use record::{AfterCrash, Record, State, StateKind};
pub use settle::{Verdict, forget, free, settle};
pub use step::{StepLog, StepOutcome, step};
pub use sweep::{Swept, reap, sweep};
pub use tally::{Tally, tally};
pub use terms::Terms;
pub use unwind::{Unwound, begin_unwind, end_unwind};

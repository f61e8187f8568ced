//! What all forms of an idempotent function share: one contract, one resolve, one driver, and one more for functions in a
//! transaction.
//!
//! A form is one kind of function whose calls are made safe to repeat: a plain function, an HTTP handler. It implements
//! [`Form`]: what its callers get for a refusal and for a replay, what an output means, and how an output is written down.
//! All else is here, once:
//!
//! - [`resolve`]: from key and scope, as the form found them, to the rules that they must keep;
//! - [`Call`]: enter, run, write down, settle, answer;
//! - [`TxRun`]: the same in a transaction of the store's database, as often as the function may run.

mod call;
mod contract;
mod fate;
mod resolve;
#[cfg(feature = "_tx")]
mod tx;

#[cfg(feature = "tower")]
pub(crate) use call::Body;
pub(crate) use call::{Call, Next};
pub(crate) use contract::{Form, FormPoints, PanicPayload};
pub(crate) use fate::Fate;
pub(crate) use resolve::{checked_key, checked_scope};
#[cfg(feature = "_tx")]
pub(crate) use tx::{Returned, TxFunction, TxRun};

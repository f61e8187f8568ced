//! A faulty network in one process: it stands between callers and API, and speaks TCP to both.
//!
//! Whole HTTP/1.1 [messages](message) are taken from one side and passed to the other, unless their [fate] is
//! another. Fates are drawn from the seed and the number of the request, so the n-th request that comes in always has
//! the same one.
//!
//! | fault | what the caller sees | what the API sees |
//! |---|---|---|
//! | request lost | the connection closes | nothing |
//! | reply lost | the connection closes | the request, answered |
//! | duplicate | one answer | the request twice, at the same time or one late |
//! | reset | half of an answer, then a reset | the request, answered |
//! | delay | a late answer | a late request |
//!
//! A caller that hangs up before it has its answer is seen by the API, too: its connection there closes. A duplicate
//! that is on its way goes on.

mod fate;
mod line;
mod message;
mod proxy;
mod rates;
mod traffic;

pub(crate) use proxy::Network;
pub(crate) use rates::{Rates, RatesError};
pub(crate) use traffic::Traffic;

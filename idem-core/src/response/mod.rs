//! What idem says over HTTP, for any framework: problem documents, status codes, and the stored form of a response.
//!
//! | situation | status | code | the caller should |
//! |---|---|---|---|
//! | no key, a bad key | 400 | `idempotency-key-missing`, `-invalid` | mend the request |
//! | key used for another request | 400 (draft profile: 422) | `idempotency-key-reused` | repeat the first request unchanged; a new key only for a new operation |
//! | still running | 409 + Retry-After | `request-in-progress` | ask again, same key |
//! | may or may not have happened | 409; 503 while the store is away; 500 to the caller whose own run panicked | `outcome-unknown` | find out; ask again, same key |
//! | happened, answer not kept | 409 | `result-unavailable` | look the result up |
//! | store away | 503 + Retry-After | `store-unavailable` | ask again, same key |
//! | store full | 429 + Retry-After | `capacity-exceeded` | ask again, same key |
//! | shutting down | 503 + Retry-After | `shutting-down` | ask again, same key |
//! | no caller to scope by | 400 | `scope-missing` | authenticate |
//! | body too long, broken, not canonical | 413, 400, 400 | `body-too-large`, `body-unreadable`, `fingerprint-invalid` | mend the request |
//! | handler panicked, may be re-run | 500 | `handler-panicked` | ask again, same key |
//! | operation called from inside itself | 500 | `operation-reentered` | tell its operators |
//! | the database undid it for another's sake | 503 + Retry-After | `transaction-conflict` | ask again, same key |
//! | its transaction failed, or took too long | 500 | `transaction-aborted` | ask again, same key |
//! | operation called inside a transaction | 500 | `inside-transaction` | tell its operators |
//! | server put together wrongly | 500 | `misconfigured`, `body-not-read`, `store-cannot-couple` | tell its operators |
//!
//! ```
//! use idem_core::response::{Problem, Profile};
//! use idem_core::Refused;
//!
//! let problem = Problem::new(&Refused::KeyReused, Profile::Draft07);
//! assert_eq!(problem.status(), 422);
//! assert_eq!(problem.code(), "idempotency-key-reused");
//! ```

#[cfg(feature = "tower")]
mod class;
mod fields;
mod problem;
mod profile;
#[cfg(feature = "tower")]
mod replayed;
mod stored;

pub use problem::Problem;
pub use profile::Profile;
pub use stored::reply;

#[cfg(feature = "tower")]
pub(crate) use class::class_of;
#[cfg(feature = "tower")]
pub(crate) use fields::REPLAYED;
#[cfg(feature = "tower")]
pub(crate) use replayed::Stored;
#[cfg(feature = "tower")]
pub(crate) use stored::encode;

//! Where an operation's key comes from, and how it travels.
//!
//! By default every operation gets a fresh `UUIDv7`: it is unique, and it tells its age, which a server may use to
//! refuse a key that is older than its records. A key [derived](derive()) from the operation's name and stable parts
//! is the same after a restart, on another machine, and whenever the user asks again.
//!
//! ```
//! use idem_client::key::derive;
//!
//! let order_id = 17;
//! let key = derive(&("charge", order_id))?;
//! assert_eq!(key, derive(&("charge", "17"))?);
//! assert_ne!(key, derive(&("refund", order_id))?);
//! # Ok::<(), idem_client::BuildError>(())
//! ```

mod derived;
mod digest;
mod header;
mod source;

pub use derived::{OperationName, OperationParts, derive};
pub use header::{KeyForm, KeyHeader};

pub(crate) use digest::digest;
pub(crate) use source::KeySource;

//! Describing one operation: its request, frozen before the first attempt, and its key.
//!
//! ```
//! use idem_client::Client;
//!
//! # fn main() -> Result<(), idem_client::BuildError> {
//! let client = Client::builder().build()?;
//! let operation = client
//!     .post("https://api.example/charges")
//!     .json(&serde_json::json!({ "amount": 1200 }))
//!     .operation(("charge", 17))
//!     .build()?;
//! // Known before anything is sent: write it down, and no crash can lose it.
//! let key = operation.key().map(|key| key.as_str().to_owned());
//! assert_eq!(key.map(|key| key.len()), Some(36));
//! # Ok(()) }
//! ```

mod builder;
mod frozen;
mod operation;

pub use builder::RequestBuilder;
pub use operation::Operation;

pub(crate) use frozen::Frozen;

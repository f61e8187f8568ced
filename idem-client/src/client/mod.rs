//! The client over `reqwest`.
//!
//! It follows no redirects (a 3xx is a final answer, so a key never travels to a place its owner did not name) and
//! switches reqwest's own retries off, so that attempts are counted exactly.
//!
//! ```
//! use std::time::Duration;
//! use idem_client::{Client, Policy};
//!
//! # fn main() -> Result<(), idem_client::BuildError> {
//! let client = Client::builder()
//!     .policy(Policy::default().max_attempts(6).attempt_timeout(Duration::from_secs(5)))
//!     .build()?;
//! # Ok(()) }
//! ```

mod attempt;
mod builder;
mod handle;
mod prepare;
mod run;
mod shared;

pub use builder::ClientBuilder;
pub use handle::Client;
pub use prepare::{AttemptContext, BoxError};

pub(crate) use prepare::{Prepare, prepare};

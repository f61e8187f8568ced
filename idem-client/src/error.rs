//! What can go wrong before anything is sent.
//!
//! Once a byte may have left, there are no errors, only [outcomes](crate::Outcome).
//!
//! ```
//! use idem_client::{BuildError, Client};
//!
//! # fn main() -> Result<(), BuildError> {
//! let refused = Client::builder().build()?.post("ftp://shop.example/orders").build();
//! assert!(matches!(refused, Err(BuildError::Url(_))));
//! # Ok(()) }
//! ```

use http::HeaderName;
use idem_core::InvalidKey;
use idem_core::key::InvalidName;

/// Why the client itself did not send an operation. Nothing has left; the operation has not happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be built as it was described.
    #[error(transparent)]
    Refused(#[from] BuildError),
}

/// Why a request, or a client, cannot be built. Never holds a key or a body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Not an absolute `http` or `https` URL.
    #[error("the URL cannot be used: {0}")]
    Url(String),
    /// The body cannot be written as JSON.
    #[error("the body cannot be written as JSON")]
    Json(#[source] serde_json::Error),
    /// A text that is not a header name.
    #[error("a header name holds a character that is not allowed")]
    HeaderName,
    /// A text that is not a header value.
    #[error("the value of the header `{0}` holds a character that is not allowed")]
    HeaderValue(HeaderName),
    /// The key was given as a plain header, where the client does not see it.
    #[error(
        "the header `{0}` was set by hand: pass the key to `.key()`, so that every attempt carries the same one"
    )]
    KeyByHand(HeaderName),
    /// Not an idempotency key.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// A key cannot be derived from the operation's name.
    #[error("no key can be derived from this operation: {0}")]
    Operation(#[from] InvalidName),
    /// This run of an idempotent handler has made a call of this name already: see
    /// [keys that travel](crate::key#keys-that-travel).
    #[error(
        "this run of the idempotent handler has made a call of this name already, and a second one would be taken for a repetition: name the calls apart, as in `.name((\"refund\", line.id))`; without a name, method and URL are the name"
    )]
    NameTaken,
    /// The HTTP client cannot be set up: TLS, proxy or default headers.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

//! idem makes operations safe to repeat: one key, one effect, one answer.

#[cfg(feature = "axum")]
pub mod axum;
pub mod address;
mod engine;
pub mod fingerprint;
pub mod http;
mod idem;
pub mod key;
mod label;
pub mod operator;
pub mod outcome;
pub mod plain;
mod policy;
pub mod protocol;
mod refused;
mod reply;
mod scope;
pub mod store;
pub mod time;

#[doc(hidden)]
pub mod __private;

#[doc(inline)]
pub use address::Address;
#[doc(inline)]
pub use fingerprint::Fingerprint;
pub use idem::{Builder, Drained, Idem, NoScope};
#[doc(inline)]
pub use key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};
pub use label::{KeyHint, Label};
#[doc(inline)]
pub use outcome::{Ambiguous, Classify, ErrorClass, Final, NoEffect};
pub use policy::OnError;
#[doc(inline)]
pub use protocol::AfterCrash;
pub use refused::{Refused, Unavailable};
pub use reply::Reply;
pub use scope::Scope;

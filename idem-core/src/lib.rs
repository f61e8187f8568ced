//! idem makes operations safe to repeat: one key, one effect, one answer.

pub mod address;
pub mod fingerprint;
pub mod key;
mod label;
pub mod protocol;
mod reply;
pub mod store;
pub mod time;

#[doc(inline)]
pub use address::Address;
#[doc(inline)]
pub use fingerprint::Fingerprint;
#[doc(inline)]
pub use key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};
pub use label::{KeyHint, Label};
#[doc(inline)]
pub use protocol::AfterCrash;
pub use reply::Reply;

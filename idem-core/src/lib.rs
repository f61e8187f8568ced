//! idem makes operations safe to repeat: one key, one effect, one answer.

pub mod key;

#[doc(inline)]
pub use key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};

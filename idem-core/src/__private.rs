//! What `#[idempotent]` emits calls to. Not for use by hand: it changes with every version.

pub use crate::plain;
pub use crate::policy::Spec;

#[cfg(feature = "axum")]
pub use crate::axum;

//! What `#[idempotent]` emits calls to. Not for use by hand: it changes with every version.

pub use crate::plain;
pub use crate::policy::{Definition, Spec};

#[cfg(feature = "axum")]
pub use crate::axum;

#[cfg(feature = "_tx")]
pub use crate::tx;

/// Stands after a `return` that is never reached, and gives the closure its type.
#[must_use]
pub fn never<T>() -> T {
    loop {
        std::hint::spin_loop();
    }
}

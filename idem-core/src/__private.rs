//! What `#[idempotent]` emits calls to. Not for use by hand: it changes with every version.

use std::fmt;

/// Under this name, also where a dependency of the user is called `core`.
pub use ::core;

pub use std::boxed::Box;

pub use crate::plain;
pub use crate::policy::{Definition, Spec};

#[cfg(feature = "axum")]
pub use crate::handler as axum;

#[cfg(feature = "_tx")]
pub use crate::tx::emitted as tx;

/// Stands after a `return` that is never reached, and gives the closure its type.
#[must_use]
pub fn never<T>() -> T {
    loop {
        std::hint::spin_loop();
    }
}

/// A part of an argument, borrowed: an expression that looks at it gets its value where that can be copied.
pub struct Peek<'a, T: ?Sized>(pub &'a T);

/// Without the value.
impl<T: ?Sized> fmt::Debug for Peek<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peek")
    }
}

/// Found first: a copy.
pub trait PeekByValue<T> {
    #[doc(hidden)]
    fn idem_peek(&self) -> T;
}

impl<T: Copy> PeekByValue<T> for &Peek<'_, T> {
    fn idem_peek(&self) -> T {
        *self.0
    }
}

/// Found for everything else.
pub trait PeekByReference<'a, T: ?Sized> {
    #[doc(hidden)]
    fn idem_peek(&self) -> &'a T;
}

impl<'a, T: ?Sized> PeekByReference<'a, T> for Peek<'a, T> {
    fn idem_peek(&self) -> &'a T {
        self.0
    }
}

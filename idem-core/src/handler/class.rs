//! What a handler's own error says about the operation. The macro calls `(&&says::<Output>()).idem_class()`: method look-up
//! finds [`SaysClass`] for a `Result` whose error implements [`Classify`], and [`SaysNothing`] for all else.

use std::fmt;
use std::marker::PhantomData;

use super::{Marked, Response};
use crate::outcome::{Classify, ErrorClass};

/// A type of output.
pub struct Says<R>(PhantomData<fn() -> R>);

/// Asks.
#[must_use]
pub const fn says<R>() -> Says<R> {
    Says(PhantomData)
}

impl<R> fmt::Debug for Says<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Says")
    }
}

/// Found first: the error says itself what it means.
pub trait SaysClass<R> {
    #[doc(hidden)]
    fn idem_class(&self) -> fn(&R) -> ErrorClass;
}

impl<T, E: Classify> SaysClass<Result<T, E>> for &Says<Result<T, E>> {
    fn idem_class(&self) -> fn(&Result<T, E>) -> ErrorClass {
        |output| output.as_ref().err().map_or(ErrorClass::Default, Classify::class)
    }
}

/// Found for every other output: the response may be marked, else its status counts.
pub trait SaysNothing<R> {
    #[doc(hidden)]
    fn idem_class(&self) -> fn(&R) -> ErrorClass;
}

impl<R> SaysNothing<R> for Says<R> {
    fn idem_class(&self) -> fn(&R) -> ErrorClass {
        |_| ErrorClass::Default
    }
}

/// The response of an error of `class`. A mark that its making has put on it stays.
#[must_use]
pub fn marked(class: ErrorClass, mut response: Response) -> Response {
    if class != ErrorClass::Default && response.extensions().get::<Marked>().is_none() {
        response.extensions_mut().insert(Marked(class));
    }
    response
}

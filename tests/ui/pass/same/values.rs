//! Arguments that hold values, for a request and for a call.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::trace::Seen;

/// An argument that a call can be given.
pub trait Made: Send {
    fn made() -> Self;
}

impl Made for Seen {
    fn made() -> Self {
        Self::next()
    }
}

impl<A: Made, B: Made> Made for (A, B) {
    fn made() -> Self {
        (A::made(), B::made())
    }
}

impl<T: Made + Sync> Made for Arc<T> {
    fn made() -> Self {
        Self::new(T::made())
    }
}

impl<T: Made> Made for Box<T> {
    fn made() -> Self {
        Self::new(T::made())
    }
}

/// A value behind a lock that is held as long as the second part lives.
#[derive(Clone)]
pub struct Locked(pub Seen, pub Seen);

#[derive(Clone)]
pub struct Pair {
    pub left: Seen,
    pub right: Seen,
}

#[derive(Clone)]
pub struct Nested {
    pub pair: Pair,
    pub locked: Locked,
    pub rest: Seen,
}

#[derive(Clone)]
pub struct Many(pub [Seen; 3]);

impl Made for Locked {
    fn made() -> Self {
        Self(Seen::made(), Seen::made())
    }
}

impl Made for Pair {
    fn made() -> Self {
        Self { left: Seen::made(), right: Seen::made() }
    }
}

impl Made for Nested {
    fn made() -> Self {
        Self { pair: Made::made(), locked: Made::made(), rest: Made::made() }
    }
}

impl Made for Many {
    fn made() -> Self {
        Self([Seen::made(), Seen::made(), Seen::made()])
    }
}

macro_rules! extractors {
    ($($ty:ty)*) => {$(
        impl<S: Sync> FromRequestParts<S> for $ty {
            type Rejection = Infallible;

            async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
                Ok(Self::made())
            }
        }
    )*};
}
extractors!(Seen Locked Pair Nested Many);

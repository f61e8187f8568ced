//! A handler's `State<App>`, asked which store its router has. Found out from its type, without the user naming it: the
//! macro calls `(&state::<App>()).idem_carries::<Db>()`, and method look-up finds [`Typed`] where the state implements
//! [`HasStore`], and one reference further [`Untyped`] for every other.

use std::fmt;
use std::marker::PhantomData;

use super::{HasStore, HasTx};

/// A type of state.
pub struct StateOf<A>(PhantomData<fn() -> A>);

/// Asks.
#[must_use]
pub const fn state<A>() -> StateOf<A> {
    StateOf(PhantomData)
}

impl<A> fmt::Debug for StateOf<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateOf")
    }
}

/// Found first: its store is known, and must fit.
pub trait Typed<A> {
    #[doc(hidden)]
    fn idem_carries<Db>(&self)
    where
        A: HasTx<Db>,
    {
    }
}

impl<A: HasStore> Typed<A> for StateOf<A> {}

/// Found for every other: known when the handler is called.
pub trait Untyped<A> {
    #[doc(hidden)]
    fn idem_carries<Db>(&self) {}
}

impl<A> Untyped<A> for &StateOf<A> {}

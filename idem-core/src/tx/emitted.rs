//! What `#[idempotent]` emits calls to. Apart, so that `use idem_core::tx::*` brings none of it: which trait is in scope decides
//! what is called.

pub use super::again::{Repeatable, again};
pub use super::conflict::{
    ConflictsInSources, ConflictsNever, ConflictsSaid, ConflictsUntold, Probe, probe, probe_of,
};
pub use super::plain::{TxOperation, always, operation};
pub use super::spec::TxSpec;
pub use super::state::{StateOf, Typed, Untyped, state};

//! The item under the attribute: its signature is read, its body stays tokens, so that half-typed code still compiles
//! as far as it can and editors keep working in it.

mod argument;
mod attributes;
mod bindings;
mod function;
mod item;
mod transaction;
mod types;

pub(crate) use argument::{Argument, Buffered, Buffering};
pub(crate) use attributes::{is_cfg, is_idempotent, is_lint, is_tx};
pub(crate) use bindings::{Binding, borrowing, is_opaque, names};
pub(crate) use function::{Body, Function};
pub(crate) use item::misplaced;
pub(crate) use transaction::Transaction;
pub(crate) use types::{
    find_impl_trait, hides_its_error, impl_trait_named, last_segment, result_error, result_value,
    state_argument, ungrouped, without_captures, without_impl_trait,
};

//! The `#[idempotent]` attribute of `idem-core`, where it is re-exported and documented.
//!
//! Depend on `idem-core`, not on this crate: what the attribute emits calls a private module of that crate, of the
//! same version.
//! An argument list and a function go through [`args`] and [`input`], become a plan in [`validate`], and are printed
//! by [`expand`]; whatever goes wrong on the way is collected by [`diag`], beside the untouched function.

use proc_macro::TokenStream;

mod args;
mod diag;
mod expand;
mod ident;
mod input;
mod model;
mod path;
mod validate;

#[cfg(test)]
mod tests;

/// Makes an async function safe to repeat: one key, one effect, one answer.
///
/// Documented where it is re-exported, as `idem_core::idempotent`.
#[proc_macro_attribute]
pub fn idempotent(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(args.into(), item.into()).into()
}

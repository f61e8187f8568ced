//! The `#[idempotent]` attribute of `idem-core`, where it is re-exported and documented.
//!
//! Depend on `idem-core`, not on this crate: what the attribute emits calls a private module of that crate, of the
//! same version. Inside, `args` and `input` read, `validate` decides, `expand` prints, and `diag` collects what is wrong.

#![cfg_attr(docsrs, feature(doc_cfg))]

use proc_macro::TokenStream;

use crate::model::Features;

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
    let features = Features { tx: cfg!(feature = "tx"), axum: cfg!(feature = "axum") };
    expand::expand(args.into(), item.into(), features).into()
}

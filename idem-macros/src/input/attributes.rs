//! Attributes that mean something to us.

use proc_macro2::TokenTree;
use syn::{Attribute, Meta, Path};

/// `#[idempotent]`, also by its full path.
pub(crate) fn is_idempotent(attribute: &Attribute) -> bool {
    ends_with(attribute.path(), "idempotent")
}

/// `#[tx]` on an argument.
pub(crate) fn is_tx(attribute: &Attribute) -> bool {
    attribute.path().is_ident("tx")
}

/// `#[cfg(…)]`, or one that another `cfg` decides on: each statement that names the argument must disappear with it.
pub(crate) fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") || conditionally(attribute, &["cfg"])
}

/// `#[allow(…)]` and its like.
pub(crate) fn is_lint(attribute: &Attribute) -> bool {
    const LEVELS: [&str; 5] = ["allow", "expect", "warn", "deny", "forbid"];
    LEVELS.iter().any(|level| attribute.path().is_ident(level)) || conditionally(attribute, &LEVELS)
}

/// `#[cfg_attr(…, name(…))]`.
fn conditionally(attribute: &Attribute, names: &[&str]) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    attribute.path().is_ident("cfg_attr")
        && list
            .tokens
            .clone()
            .into_iter()
            .skip(1)
            .any(|token| matches!(token, TokenTree::Ident(word) if names.iter().any(|name| word == name)))
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

//! Attributes that mean something to us.

use syn::{Attribute, Path};

/// `#[idempotent]`, also by its full path.
pub(crate) fn is_idempotent(attribute: &Attribute) -> bool {
    ends_with(attribute.path(), "idempotent")
}

/// `#[tx]` on an argument.
pub(crate) fn is_tx(attribute: &Attribute) -> bool {
    attribute.path().is_ident("tx")
}

/// `#[cfg(…)]`: whatever names the argument must disappear with it.
pub(crate) fn is_cfg(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
}

fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|last| last.ident == name)
}

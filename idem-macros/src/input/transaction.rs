//! The argument under `#[tx]`: it is no parameter of the emitted function, but of the body.

use syn::{Attribute, FnArg, Pat, Signature, Type};

use super::is_tx;

/// `tx: &mut PgTx<'_>`.
#[derive(Clone)]
pub(crate) struct Transaction {
    /// The `#[tx]` itself.
    pub(crate) mark: Attribute,
    /// The other attributes.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
}

impl Transaction {
    /// The argument under `#[tx]`.
    pub(crate) fn of(signature: &Signature) -> Option<Self> {
        Self::all(signature).next()
    }

    /// All arguments under `#[tx]`; more than one is a mistake.
    pub(crate) fn all(signature: &Signature) -> impl Iterator<Item = Self> {
        signature.inputs.iter().filter_map(|argument| {
            let FnArg::Typed(typed) = argument else { return None };
            let (marks, attrs): (Vec<_>, Vec<_>) = typed.attrs.iter().cloned().partition(is_tx);
            let mark = marks.into_iter().next()?;
            Some(Self { mark, attrs, pattern: typed.pat.as_ref().clone(), ty: typed.ty.as_ref().clone() })
        })
    }
}

//! The argument under `#[tx]`: it is no parameter of the emitted function, but of the body.

use syn::{FnArg, Pat, Signature, Type};

use super::is_tx;

/// `tx: &mut PgTx<'_>`.
#[derive(Clone)]
pub(crate) struct Transaction {
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
}

impl Transaction {
    /// The first argument under `#[tx]`.
    pub(crate) fn of(signature: &Signature) -> Option<Self> {
        signature.inputs.iter().find_map(|argument| match argument {
            FnArg::Typed(typed) if typed.attrs.iter().any(is_tx) => {
                Some(Self { pattern: typed.pat.as_ref().clone(), ty: typed.ty.as_ref().clone() })
            }
            FnArg::Typed(_) | FnArg::Receiver(_) => None,
        })
    }
}

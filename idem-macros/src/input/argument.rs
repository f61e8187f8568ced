//! One argument: how it stands in the emitted signature, and what its names are.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Token, Type};

use super::bindings::{self, Binding, Bindings};
use super::{is_cfg, is_tx, last_segment};
use crate::ident;

/// An argument other than `self`.
pub(crate) struct Argument {
    /// The parameter as it is emitted.
    pub(crate) param: PatType,
    /// `#[cfg]` attributes, to be repeated on every statement that names the argument.
    pub(crate) cfg: Vec<Attribute>,
    /// The names to capture, so that the body owns the argument even if it never uses it.
    pub(crate) names: Vec<Binding>,
    pub(crate) intake: Intake,
}

/// What happens to an argument between the signature and the body.
pub(crate) enum Intake {
    /// The parameter keeps the user's pattern.
    AsWritten,
    /// The pattern bound no name, so the parameter got one. The pattern is matched against it, which moves nothing.
    Named { matched: Pat },
    /// The argument holds the request's body, which is read under the cap before the user's pattern is matched.
    Buffered { held: Ident, pattern: Pat },
}

/// Whether arguments that hold a request's body are buffered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffering {
    /// The axum form: a fingerprint covers the body, so it must be read.
    Bodies,
    /// The plain form.
    Nothing,
}

impl Argument {
    /// Reads the arguments but `self`.
    pub(crate) fn all(inputs: &Punctuated<FnArg, Token![,]>, buffering: Buffering) -> Vec<Self> {
        let typed = inputs.iter().enumerate().filter_map(|(position, input)| match input {
            FnArg::Receiver(_) => None,
            // A parameter of the body alone.
            FnArg::Typed(typed) if typed.attrs.iter().any(is_tx) => None,
            FnArg::Typed(typed) => Some(Self::new(position, typed, buffering)),
        });
        typed.collect()
    }

    fn new(position: usize, typed: &PatType, buffering: Buffering) -> Self {
        let cfg = typed.attrs.iter().filter(|attribute| is_cfg(attribute)).cloned().collect();
        let nameless = named(ident::argument(position));
        let (pattern, names, matched) = match (bindings::of(&typed.pat), typed.pat.as_ref()) {
            (Bindings::Names(names), pattern) => (pattern.clone(), names, None),
            (Bindings::Opaque, pattern) => (pattern.clone(), Vec::new(), None),
            (Bindings::Nothing, Pat::Wild(_)) => (nameless, vec![ident::argument(position).into()], None),
            (Bindings::Nothing, pattern) => {
                (nameless, vec![ident::argument(position).into()], Some(pattern.clone()))
            }
        };
        if buffering == Buffering::Bodies && holds_a_body(&typed.ty) {
            let held = ident::body(position);
            let param = PatType { pat: Box::new(named(held.clone())), ..typed.clone() };
            return Self { param, cfg, names, intake: Intake::Buffered { held, pattern } };
        }
        let param = PatType { pat: Box::new(pattern), ..typed.clone() };
        let intake = matched.map_or(Intake::AsWritten, |matched| Intake::Named { matched });
        Self { param, cfg, names, intake }
    }
}

/// Goes by the name, for there are no types here. An alias is caught while running, by its incomplete digest.
fn holds_a_body(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "Request" || name == "Body")
}

fn named(name: Ident) -> Pat {
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name, subpat: None })
}

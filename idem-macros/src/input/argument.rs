//! One argument: how it stands in the emitted signature, and how the body takes it over.

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Token, Type};

use super::bindings::{self, Binding, Bindings};
use super::{is_cfg, is_lint, is_tx, last_segment, ungrouped};
use crate::ident;

/// An argument other than `self`.
pub(crate) struct Argument {
    /// The parameter as it is emitted.
    pub(crate) param: PatType,
    /// `#[cfg]` attributes, to be repeated on every statement that names the argument.
    pub(crate) cfg: Vec<Attribute>,
    /// `#[allow]` and its like, which are about the variables of the body.
    pub(crate) lints: Vec<Attribute>,
    /// The variables that the function has of it before the body.
    pub(crate) names: Vec<Binding>,
    /// The pattern that the body matches, where the one variable holds the whole argument.
    pub(crate) pattern: Option<Pat>,
    /// What the variables are matched from, if the argument holds the request's body, which is read under the cap before.
    pub(crate) buffered: Option<Buffered>,
}

/// An argument whose body is read.
pub(crate) struct Buffered {
    /// The parameter.
    pub(crate) held: Ident,
    /// The variables.
    pub(crate) bound: Pat,
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
        let attributes = |wanted: fn(&Attribute) -> bool| typed.attrs.iter().filter(move |one| wanted(one));
        let (cfg, lints) = (attributes(is_cfg).cloned().collect(), attributes(is_lint).cloned().collect());
        let whole = ident::argument(position);
        // A pattern that leaves something out would leave it behind, to be dropped when the caller leaves: the body takes
        // the whole argument then, and matches the pattern as the function would have.
        let (bound, names, pattern) = match (bindings::of(&typed.pat), typed.pat.as_ref()) {
            (Bindings::All(names), pattern) => (bindings::unchanging(pattern), names, None),
            (Bindings::Some(names), pattern) if is_borrowed(&typed.ty) => {
                (bindings::unchanging(pattern), names, None)
            }
            // A variable, unless it is called as its type is: then it is the value of a structure without fields.
            (_, Pat::Ident(name))
                if name.by_ref.is_none() && name.subpat.is_none() && !is_unit(name, &typed.ty) =>
            {
                let binding = Binding { name: name.ident.clone(), mutability: name.mutability };
                (bindings::unchanging(&typed.pat), vec![binding], None)
            }
            (_, Pat::Wild(_)) => (named(whole.clone()), vec![whole.into()], None),
            (_, pattern) => {
                let held = Binding { mutability: bindings::lent_mutably(pattern), ..whole.clone().into() };
                (named(whole), vec![held], Some(pattern.clone()))
            }
        };
        let attrs = typed.attrs.iter().filter(|attribute| !is_lint(attribute)).cloned().collect();
        let (pat, buffered) = if buffering == Buffering::Bodies && holds_a_body(&typed.ty) {
            let held = ident::body(position);
            (named(held.clone()), Some(Buffered { held, bound }))
        } else {
            (bound, None)
        };
        let param = PatType { attrs, pat: Box::new(pat), ..typed.clone() };
        Self { param, cfg, lints, names, pattern, buffered }
    }
}

/// Goes by the name, for there are no types here. An alias is caught while running, by its incomplete digest.
fn holds_a_body(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "Request" || name == "Body")
}

/// What is lent is not dropped here, and may be lent for less than the body takes if it is lent on.
fn is_borrowed(ty: &Type) -> bool {
    matches!(ungrouped(ty), Type::Reference(_))
}

fn is_unit(name: &PatIdent, ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| *last == name.ident)
}

fn named(name: Ident) -> Pat {
    Pat::Ident(PatIdent { attrs: Vec::new(), by_ref: None, mutability: None, ident: name, subpat: None })
}

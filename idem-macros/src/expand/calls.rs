//! What is said about an operation by expressions over the arguments.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::Expr;

use super::span;
use crate::args::Given;
use crate::model::Plan;

/// `.key(&(…)).scope(&(…)).fingerprint(&(…))`, as far as given. They run before the body takes the arguments.
pub(crate) fn emit(plan: &Plan, key: Option<&Given<Expr>>) -> TokenStream {
    let calls = [("key", key), ("scope", plan.scope.as_ref()), ("fingerprint", plan.fingerprint.as_ref())];
    let calls = calls.into_iter().filter_map(|(method, given)| given.map(|given| call(method, given)));
    calls.collect()
}

fn call(method: &str, given: &Given<Expr>) -> TokenStream {
    let method = span::ident(method, given.name.span());
    let value = span::borrow(&given.value);
    quote_spanned!(method.span()=> .#method(#value))
}

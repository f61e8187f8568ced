//! What is said about an operation by expressions over the arguments.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, ExprTuple};

use super::{intake, span};
use crate::args::Given;
use crate::ident;
use crate::model::Plan;

/// The statement that says key, scope and fingerprint, as far as given. It runs before the body takes the arguments.
pub(crate) fn emit(plan: &Plan, key: Option<&Given<Expr>>) -> TokenStream {
    let calls = [("key", key), ("scope", plan.scope.as_ref()), ("fingerprint", plan.fingerprint.as_ref())];
    let calls = calls.into_iter().filter_map(|(method, given)| given.map(|given| call(method, given)));
    let calls: TokenStream = calls.collect();
    if calls.is_empty() {
        return calls;
    }
    let (peek, operation) = (intake::peek(plan), ident::operation());
    // A statement of its own: temporaries in an expression end here, before the body takes the arguments.
    quote_spanned!(Span::mixed_site()=> let #operation = { #peek #operation #calls };)
}

fn call(method: &str, given: &Given<Expr>) -> TokenStream {
    let method = span::ident(method, given.name.span());
    let value = lent(&given.value);
    quote_spanned!(method.span()=> .#method(#value))
}

/// `&(expression)`: a place is borrowed, not moved, and so is each part of a tuple.
fn lent(expression: &Expr) -> TokenStream {
    let Expr::Tuple(ExprTuple { attrs, paren_token, elems }) = expression else {
        return span::borrow(expression);
    };
    let mut tuple = TokenStream::new();
    paren_token.surround(&mut tuple, |tokens| {
        let parts = elems.pairs().map(|pair| {
            let (part, comma) = (lent(pair.value()), pair.punct().copied());
            quote::quote!(#part #comma)
        });
        tokens.extend(parts);
    });
    span::borrow(&quote::quote!(#(#attrs)* #tuple))
}

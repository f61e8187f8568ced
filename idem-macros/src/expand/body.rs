//! The future that holds the user's body, token for token. It is never a nested function, so `Self`, generics, lifetimes
//! and borrows work in it as they did outside.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Pat, PatIdent};

use super::{intake, span};
use crate::ident;
use crate::input::Transaction;
use crate::model::{Plan, TxPlan};

/// `async move { … }`, whose result is of type `output`. It stands where the function's name stands: what the compiler has
/// to say about all of the body is said there.
pub(crate) fn future(plan: &Plan, output: &TokenStream) -> TokenStream {
    let at = span::at(&plan.function.sig.ident);
    let mut block = Group::new(Delimiter::Brace, statements(plan, output));
    block.set_span(at);
    quote_spanned!(at=> async move #block)
}

/// What stands in it: the arguments, taken over as an async function takes them, then the body.
pub(crate) fn statements(plan: &Plan, output: &TokenStream) -> TokenStream {
    let take = intake::take(plan);
    let transaction = plan.tx.as_ref().map(|tx_plan| {
        let Transaction { attrs, pattern, ty, .. } = &tx_plan.transaction;
        let (lent, quiet) = (parameter(tx_plan), intake::quiet());
        quote_spanned!(Span::mixed_site()=> #quiet #(#attrs)* let #pattern: #ty = #lent;)
    });
    let fake_return = fake_return(plan, output);
    let body = &plan.body;
    quote_spanned! {Span::mixed_site()=>
        #take
        #transaction
        #fake_return
        // An arm: the braces of a body that ended the block would be called unnecessary. As in a function, temporaries of the
        // last expression are dropped before the arguments.
        match () {
            () => #body
        }
    }
}

/// The parameter of a closure for the transaction: under the user's name, where that is all of the pattern.
pub(crate) fn parameter(tx_plan: &TxPlan) -> Ident {
    match &tx_plan.transaction.pattern {
        Pat::Ident(PatIdent { ident, subpat: None, .. }) => ident.clone(),
        _ => ident::transaction(),
    }
}

/// Tells the compiler what the future returns, so that its errors point at the user's tokens.
fn fake_return(plan: &Plan, output: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    quote_spanned! {span::at(output)=>
        if false {
            return #krate::__private::never::<#output>();
        }
    }
}

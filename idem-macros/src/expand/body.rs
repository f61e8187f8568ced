//! The closure that holds the user's body, token for token. It is never a nested function, so `Self`, generics,
//! lifetimes and borrows work in it as they did outside.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::span;
use crate::input::Transaction;
use crate::model::Plan;

/// `async move || { … }`, whose result is of type `output`; the transaction, if there is one, is its parameter.
pub(crate) fn closure(plan: &Plan, output: &TokenStream) -> TokenStream {
    let parameter = plan.coupling.as_ref().map(|coupling| {
        let Transaction { attrs, pattern, ty, .. } = &coupling.transaction;
        quote!(#(#attrs)* #pattern: #ty)
    });
    let captures = captures(plan);
    let fake_return = fake_return(plan, output);
    let body = span::own_braces(&plan.body);
    quote_spanned! {Span::mixed_site()=>
        async move |#parameter| {
            #captures
            #fake_return
            #body
        }
    }
}

/// The body owns every argument, used or not: a guard lives as long as the body does, not as long as its caller.
fn captures(plan: &Plan) -> TokenStream {
    let receiver = plan.receiver.iter().map(|receiver| capture(receiver, &TokenStream::new()));
    let arguments = plan.arguments.iter().flat_map(|argument| {
        let cfg: TokenStream = argument.cfg.iter().map(ToTokens::to_token_stream).collect();
        argument.names.iter().map(move |binding| capture(&binding.name, &cfg))
    });
    receiver.chain(arguments).collect()
}

fn capture(name: &impl ToTokens, cfg: &TokenStream) -> TokenStream {
    let allow = allow_underscore(name);
    quote_spanned!(Span::mixed_site()=> #cfg #allow let _ = &#name;)
}

/// What a statement that names the argument `name` needs. The lint is about code that uses what it calls unused, and
/// stands on the user's `_guard`.
pub(crate) fn allow_underscore(name: &impl ToTokens) -> Option<TokenStream> {
    let name = name.to_token_stream().to_string();
    let users = name.starts_with('_') && !name.starts_with("__idem_");
    users.then(|| quote!(#[allow(clippy::used_underscore_binding)]))
}

/// Tells the compiler what the closure returns, so that its errors point at the user's tokens. Written as a type on
/// the closure, they would underline the whole body.
fn fake_return(plan: &Plan, output: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    quote_spanned! {span::at(output)=>
        if false {
            return #krate::__private::never::<#output>();
        }
    }
}

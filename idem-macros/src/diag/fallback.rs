//! What is emitted when something is wrong: the user's item, so that callers, editors and the compiler still see it,
//! and the mistakes after it.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, FnArg, Signature};

use super::Mistakes;
use crate::input::{Body, Function, Transaction, is_tx, names};

/// `function` without our attributes, as its callers see it, and the mistakes. It uses what the attribute uses, as far as
/// that could be read: so nothing is called unused, and an editor knows the types in an attribute that is half written.
pub(crate) fn beside_function(
    function: &Function,
    expressions: &[&Expr],
    mistakes: &Mistakes,
) -> TokenStream {
    let mut shown = function.unmarked();
    if let Body::Block(body) = &function.body {
        shown = function.stripped();
        let used = used(&function.sig, expressions);
        let transactions = Transaction::all(&function.sig).map(|Transaction { attrs, pattern, ty, .. }| {
            quote_spanned!(Span::mixed_site()=> #(#attrs)* let #pattern: #ty = (|| loop {})();)
        });
        let statements = body.stream();
        let mut block = Group::new(Delimiter::Brace, quote!(#used #(#transactions)* #statements));
        block.set_span(body.span());
        shown.body = Body::Block(block);
    }
    beside_item(&shown.into_token_stream(), mistakes)
}

/// A statement that never runs, and names every argument and what is said about them.
fn used(signature: &Signature, expressions: &[&Expr]) -> TokenStream {
    let arguments = signature.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(typed) if !typed.attrs.iter().any(is_tx) => Some(names(&typed.pat)),
        FnArg::Typed(_) | FnArg::Receiver(_) => None,
    });
    let arguments = arguments.flatten().map(|binding| binding.name);
    quote_spanned! {Span::mixed_site()=>
        if false {
            #(let _ = &#arguments;)*
            #(let _ = &(#expressions);)*
            loop {}
        }
    }
}

/// `item` as it is, and the mistakes.
pub(crate) fn beside_item(item: &TokenStream, mistakes: &Mistakes) -> TokenStream {
    let errors = mistakes.to_compile_errors();
    quote!(#item #errors)
}

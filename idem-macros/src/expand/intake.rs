//! What happens to the arguments before the body, and how the body takes them over.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::span;
use crate::ident;
use crate::input::{Argument, Binding, Buffered, borrowing, is_opaque, names};
use crate::model::Plan;

/// Reads the request's body where an argument holds it.
pub(crate) fn buffer(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    let (operation, value) = (ident::operation(), ident::value());
    let buffered = |argument: &Argument| {
        let Buffered { held, bound } = argument.buffered.as_ref()?;
        let cfg = &argument.cfg;
        // Stands where the type stands: the compiler then reports another type of that name there, and once.
        let at = span::at(&argument.param.ty);
        let (moved, held) = (ident::located(&operation, at), ident::located(held, at));
        let read = quote_spanned!(at=> #moved.buffer(#held).await);
        Some(quote_spanned! {Span::mixed_site()=>
            #(#cfg)*
            let (#operation, #bound) = match #read {
                #krate::__private::core::result::Result::Ok(#value) => #value,
                #krate::__private::core::result::Result::Err(#value) => return #value,
            };
        })
    };
    plan.arguments.iter().filter_map(buffered).collect()
}

/// The variables of arguments that the body has not matched yet, for the expressions that look at them before: copies
/// where that is possible, and borrows.
pub(crate) fn peek(plan: &Plan) -> TokenStream {
    let (krate, quiet) = (&plan.krate, quiet());
    let peeked = |argument: &Argument| {
        let (pattern, cfg) = (argument.pattern.as_ref()?, &argument.cfg);
        let whole = argument.names.first().map(|binding| &binding.name)?;
        let borrowed = borrowing(pattern);
        let copied = names(pattern).into_iter().map(|Binding { name, .. }| {
            quote_spanned! {Span::mixed_site()=>
                #(#cfg)* #quiet
                let #name = (&&#krate::__private::Peek(#name)).idem_peek();
                #(#cfg)* #quiet
                let _ = &#name;
            }
        });
        // Names that only the compiler sees cannot be used one by one.
        let unused = is_opaque(pattern).then(|| quote!(#[allow(unused_variables)]));
        Some(
            quote_spanned!(Span::mixed_site()=> #(#cfg)* #quiet #unused let #borrowed = &#whole; #(#copied)*),
        )
    };
    let peeked: TokenStream = plan.arguments.iter().filter_map(peeked).collect();
    if peeked.is_empty() {
        return peeked;
    }
    quote_spanned! {Span::mixed_site()=>
        use #krate::__private::{PeekByReference as _, PeekByValue as _};
        #peeked
    }
}

/// The first statements of the body: it owns every argument, used or not, and drops them as the function would have, from
/// the last to the first.
pub(crate) fn take(plan: &Plan) -> TokenStream {
    // Names it, so that all of it moves here and not only a field that is used.
    let receiver =
        plan.receiver.iter().map(|receiver| quote_spanned!(Span::mixed_site()=> let _ = &#receiver;));
    let (mentioned, quiet) = (plan.mentioned(), quiet());
    let arguments = plan.arguments.iter().map(|argument| {
        let (cfg, lints) = (&argument.cfg, &argument.lints);
        let whole = argument.names.iter().map(|binding| &binding.name);
        // What is said about the user's variables.
        let of_moved = lints.iter().filter(|_| argument.pattern.is_none());
        let moved = argument.names.iter().map(|Binding { name, mutability }| {
            let lints = of_moved.clone();
            quote_spanned!(Span::mixed_site()=> #(#cfg)* #quiet #(#lints)* let #mutability #name = #name;)
        });
        let matched = argument.pattern.iter().map(|pattern| {
            let whole = whole.clone();
            quote_spanned!(Span::mixed_site()=> #(#cfg)* #quiet #(#lints)* let #pattern = #(#whole)*;)
        });
        // A variable that the attribute uses is used.
        let named = argument.pattern.iter().flat_map(names).map(|binding| binding.name);
        let used = named
            .chain(whole.clone().cloned())
            .filter(|name| mentioned.contains(name))
            .map(|name| quote_spanned!(Span::mixed_site()=> #(#cfg)* #quiet let _ = &#name;));
        quote!(#(#moved)* #(#matched)* #(#used)*)
    });
    receiver.chain(arguments).collect()
}

/// Copies for one run of a body that may run again.
pub(crate) fn copy(plan: &Plan) -> TokenStream {
    let (krate, quiet) = (&plan.krate, &quiet());
    let copies = plan.arguments.iter().flat_map(|argument| {
        argument.names.iter().map(|Binding { name, .. }| {
            let cfg = &argument.cfg;
            // Where the argument's type stands: the compiler then reports there what cannot be cloned.
            let copied = quote_spanned!(span::at(&argument.param.ty)=> #krate::__private::tx::again(&#name));
            quote_spanned!(Span::mixed_site()=> #(#cfg)* #quiet let #name = #copied;)
        })
    });
    copies.collect()
}

/// What a statement needs that takes an argument over under its name: its user asked for none.
pub(crate) fn quiet() -> TokenStream {
    quote! {
        #[allow(
            clippy::no_effect_underscore_binding,
            clippy::pattern_type_mismatch,
            clippy::redundant_locals,
            clippy::shadow_reuse,
            clippy::shadow_same,
            clippy::shadow_unrelated,
            clippy::used_underscore_binding
        )]
    }
}

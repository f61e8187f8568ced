//! The axum form: a handler with the context as its first extractor, and a response as its reply.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Token};

use super::{body, calls, documented, intake, signature, span, spec, transaction};
use crate::ident;
use crate::input::{find_impl_trait, without_captures, without_impl_trait};
use crate::model::{AxumForm, Plan};

/// As many arguments as clippy allows: the context is one too many.
const CLIPPY_ARGUMENTS: usize = 7;

/// The handler.
pub(crate) fn emit(plan: &Plan, form: &AxumForm) -> TokenStream {
    let (context, operation) = (ident::context(), ident::operation());
    let (attrs, vis) = (&plan.function.attrs, &plan.function.vis);
    let allow =
        (plan.arguments.len() == CLIPPY_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let signature = handler(plan);
    let spec = spec::emit(plan);
    let buffer = intake::buffer(plan);
    // After the body was read, so that an expression may name parts of a buffered argument.
    let calls = calls::emit(plan, form.key.as_ref());
    let declared = declared(plan, form);
    let run = match &plan.coupling {
        Some(coupling) => transaction::axum(plan, form, coupling),
        None => run(plan, form),
    };
    let block = span::block(
        &plan.body,
        quote_spanned! {Span::mixed_site()=>
            #declared
            let #operation = #context.operation(#spec);
            #buffer
            #calls
            #run
        },
    );
    documented::emit(plan, &quote!(#(#attrs)* #allow #vis #signature #block))
}

fn handler(plan: &Plan) -> TokenStream {
    let (krate, context) = (&plan.krate, ident::context());
    let parameters = plan.arguments.iter().map(|argument| &argument.param);
    let fields = (!plan.spec.fingerprint_headers.is_empty()).then(|| quote!(<true>));
    let inputs = quote_spanned! {Span::mixed_site()=>
        #context: #krate::__private::axum::Context #fields #(, #parameters)*
    };
    let output = quote_spanned!(Span::mixed_site()=> -> #krate::__private::axum::Response);
    signature::emit(&plan.function.sig, &inputs, &output)
}

/// What the body's future returns.
pub(crate) fn output(form: &AxumForm) -> TokenStream {
    match &form.output {
        Some(output) => without_impl_trait(output).into_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> ()),
    }
}

/// A function from what the body returns to the declared output, where that says `impl Trait`: so the value is what was
/// promised, and nothing else of it can be used, as without the attribute.
fn declared(plan: &Plan, form: &AxumForm) -> Option<TokenStream> {
    let output = without_captures(form.output.as_ref().filter(|output| find_impl_trait(output).is_some())?);
    let (name, value) = (ident::declared(), ident::value());
    let generics = &plan.function.sig.generics;
    let where_clause = &generics.where_clause;
    Some(quote_spanned! {Span::mixed_site()=>
        fn #name #generics (#value: #output) -> #output #where_clause {
            #value
        }
    })
}

/// What makes a response of what the body returns.
pub(crate) fn respond(plan: &Plan, form: &AxumForm) -> TokenStream {
    let krate = &plan.krate;
    let output = output(form);
    // Only this function asks for a response, so a type that is none is reported once, where it stands.
    let at = form.output.as_ref().map_or_else(Span::mixed_site, span::at);
    match &form.output {
        Some(ty) if find_impl_trait(ty).is_some() => {
            let (name, value) = (ident::located(&ident::declared(), at), ident::located(&ident::value(), at));
            let (krate, arguments) = (span::moved(krate, at), arguments(plan));
            quote_spanned!(at=> |#value: #output| #krate::__private::axum::respond(#name #arguments(#value)))
        }
        _ => quote_spanned!(at=> #krate::__private::axum::respond::<#output>),
    }
}

/// `::<T, N>`: the function's own types and constants, without which a nested function does not know them.
fn arguments(plan: &Plan) -> Option<TokenStream> {
    let names = plan.function.sig.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    let names: Punctuated<_, Token![,]> = names.collect();
    (!names.is_empty()).then(|| quote!(::<#names>))
}

fn run(plan: &Plan, form: &AxumForm) -> TokenStream {
    let operation = ident::operation();
    let respond = respond(plan, form);
    let body = body::future(plan, &output(form));
    // Where the function's name stands: a body that is not `Send` is reported there.
    let at = span::at(&plan.function.sig.ident);
    match &plan.store_if {
        Some(predicate) => {
            let run = span::ident("run_if", at);
            quote_spanned!(Span::mixed_site()=> #operation.#run(#respond, #predicate, #body).await)
        }
        None => {
            let run = span::ident("run", at);
            quote_spanned!(Span::mixed_site()=> #operation.#run(#respond, #body).await)
        }
    }
}

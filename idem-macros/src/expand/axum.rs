//! The axum form: a handler with the context as its first extractor, and a response as its reply.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Token, Type};

use super::{body, calls, documented, intake, signature, span, spec, transaction};
use crate::ident;
use crate::input::{find_impl_trait, hides_its_error, without_captures, without_impl_trait};
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
    let run = match &plan.tx {
        Some(tx_plan) => transaction::axum(plan, form, tx_plan),
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
    let output = declared_output(plan, form)?;
    let (name, value) = (ident::declared(), ident::value());
    let generics = &plan.function.sig.generics;
    // Those of an `impl` around the function cannot be named in another function.
    let own: HashSet<String> = generics.params.iter().map(parameter_name).collect();
    let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let predicates: Vec<_> =
        predicates.filter(|predicate| mentions(predicate.to_token_stream(), &own)).collect();
    let where_clause = (!predicates.is_empty()).then(|| quote!(where #(#predicates),*));
    Some(quote_spanned! {Span::mixed_site()=>
        fn #name #generics (#value: #output) -> #output #where_clause {
            #value
        }
    })
}

/// The output, if it says `impl Trait` and another function can name all of it.
fn declared_output(plan: &Plan, form: &AxumForm) -> Option<Type> {
    let output = without_captures(form.output.as_ref().filter(|output| find_impl_trait(output).is_some())?);
    let itself = HashSet::from(["Self".to_owned()]);
    let generics = plan.function.sig.generics.to_token_stream();
    (!mentions(output.to_token_stream(), &itself) && !mentions(generics, &itself)).then_some(output)
}

fn parameter_name(parameter: &GenericParam) -> String {
    match parameter {
        GenericParam::Type(parameter) => parameter.ident.to_string(),
        GenericParam::Const(parameter) => parameter.ident.to_string(),
        GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
    }
}

/// Whether `tokens` hold one of `names`.
pub(crate) fn mentions(tokens: TokenStream, names: &HashSet<String>) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => names.contains(&word.to_string()),
        TokenTree::Group(group) => mentions(group.stream(), names),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// What makes a response of what the body returns, and puts a mark on it where the error says what it means.
pub(crate) fn respond(plan: &Plan, form: &AxumForm) -> TokenStream {
    let output = output(form);
    // Stands where the output stands: a type that is no response is reported once, there.
    let at = form.output.as_ref().map_or_else(Span::mixed_site, span::at);
    let (krate, value) = (span::moved(&plan.krate, at), ident::located(&ident::value(), at));
    let promised = match declared_output(plan, form) {
        Some(_) => {
            let (name, arguments) = (ident::located(&ident::declared(), at), arguments(plan));
            quote_spanned!(at=> #name #arguments(#value))
        }
        None => quote_spanned!(at=> #value),
    };
    // An error without a name cannot be asked.
    let hidden = form.output.as_ref().is_none_or(hides_its_error);
    if hidden {
        return quote_spanned!(at=> |#value: #output| #krate::__private::axum::respond(#promised));
    }
    quote_spanned! {at=>
        |#value: #output| {
            use #krate::__private::axum::{SaysClass as _, SaysNothing as _};
            let class = (&&#krate::__private::axum::says::<#output>()).idem_class()(&#value);
            #krate::__private::axum::marked(class, #krate::__private::axum::respond(#promised))
        }
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

//! The axum form: a handler with the context as its first extractor, and a response as its reply.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::response::{declared, output, respond};
use super::{body, calls, documented, intake, signature, span, spec, transaction};
use crate::ident;
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

//! The axum form: a handler with the context as its first extractor, and a response as its reply.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{body, calls, intake, signature, span, spec, transaction};
use crate::ident;
use crate::input::{impl_traits, without_impl_trait};
use crate::model::{AxumForm, Plan};

/// As many arguments as clippy allows: the context is one too many.
const CLIPPY_ARGUMENTS: usize = 7;

/// The handler.
pub(crate) fn emit(plan: &Plan, form: &AxumForm) -> TokenStream {
    let (krate, context, operation) = (&plan.krate, ident::context(), ident::operation());
    let (attrs, vis) = (&plan.function.attrs, &plan.function.vis);
    let allow =
        (plan.arguments.len() == CLIPPY_ARGUMENTS).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let signature = handler(plan);
    let spec = spec::emit(plan);
    let intake = intake::emit(&plan.arguments);
    // After the intake, so that an expression may name parts of a buffered argument.
    let calls = calls::emit(plan, form.key.as_ref());
    // A statement of its own: temporaries in an expression end here, before the body takes the arguments.
    let calls =
        (!calls.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> let #operation = #operation #calls;));
    let (call, value) = (ident::call(), ident::value());
    let mentions = mentions(form);
    let tail = match &plan.coupling {
        Some(coupling) => transaction::axum(plan, form, coupling),
        None => {
            let run = run(plan, form);
            quote_spanned! {Span::mixed_site()=>
                // A replay costs no task; what runs gets one of its own.
                match #operation.enter().await {
                    #krate::__private::axum::Entry::Answer(#value) => #value,
                    #krate::__private::axum::Entry::Run(#call) => { #krate::__private::axum::spawn(#run).await }
                }
            }
        }
    };
    let block = span::block(
        &plan.body,
        quote_spanned! {Span::mixed_site()=>
            #mentions
            let #operation = #context.operation(#spec);
            #intake
            #calls
            #tail
        },
    );
    quote!(#(#attrs)* #allow #vis #signature #block)
}

fn handler(plan: &Plan) -> TokenStream {
    let (krate, context) = (&plan.krate, ident::context());
    let parameters = plan.arguments.iter().map(|argument| transaction::parameter(plan, argument));
    let fields = (!plan.spec.fingerprint_headers.is_empty()).then(|| quote!(<true>));
    let inputs = quote_spanned! {Span::mixed_site()=>
        #context: #krate::__private::axum::Context #fields #(, #parameters)*
    };
    let output = quote_spanned!(Span::mixed_site()=> -> #krate::__private::axum::Response);
    signature::emit(&plan.function.sig, &inputs, &output)
}

/// `-> impl Trait` is gone from the signature: this keeps the user's import of the trait in use.
fn mentions(form: &AxumForm) -> TokenStream {
    let traits = form.output.iter().flat_map(impl_traits);
    let mention = |(position, path)| {
        let name = ident::mention(position);
        quote_spanned!(span::at(&path)=> trait #name: #path {})
    };
    traits.enumerate().map(mention).collect()
}

/// What the body's closure returns.
pub(crate) fn output(form: &AxumForm) -> TokenStream {
    match &form.output {
        Some(output) => without_impl_trait(output).into_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> ()),
    }
}

fn run(plan: &Plan, form: &AxumForm) -> TokenStream {
    let (krate, call) = (&plan.krate, ident::call());
    let output = output(form);
    // Only this function asks for a response, so a type that is none is reported once, where it stands.
    let respond = quote_spanned!(span::at(&output)=> #krate::__private::axum::respond::<#output>);
    let closure = body::closure(plan, &output);
    match &plan.store_if {
        Some(predicate) => {
            quote_spanned!(Span::mixed_site()=> #call.run_if(#respond, #predicate, #closure))
        }
        None => quote_spanned!(Span::mixed_site()=> #call.run(#respond, #closure)),
    }
}

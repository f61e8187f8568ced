//! The plain form: any async function, with its own signature and its own output.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{body, calls, intake, signature, span, spec, transaction};
use crate::ident;
use crate::input::{Argument, Binding};
use crate::model::{Errors, PlainForm, Plan, Task};

/// The function.
pub(crate) fn emit(plan: &Plan, form: &PlainForm) -> TokenStream {
    let (krate, operation, name) = (&plan.krate, ident::operation(), ident::errors());
    let (attrs, vis) = (&plan.function.attrs, &plan.function.vis);
    let signature = with_own_output(plan);
    let intake = intake::emit(&plan.arguments);
    let detachable = detachable(plan, form);
    let (with, spec) = (span::borrow(&form.with), spec::emit(plan));
    let calls = calls::emit(plan, Some(&form.key));
    let errors = errors(plan, form);
    if let Some(coupling) = &plan.coupling {
        let call = transaction::plain(plan, form, coupling, &calls);
        let block = span::block(
            &plan.body,
            quote_spanned! {Span::mixed_site()=>
                #intake
                #detachable
                let #name = #errors;
                #call
            },
        );
        return quote!(#(#attrs)* #vis #signature #block);
    }
    let run = run(plan, form);
    let run = match form.task {
        Task::Inline => quote_spanned!(Span::mixed_site()=> #operation #run),
        Task::Detached => {
            quote_spanned!(Span::mixed_site()=> #krate::__private::plain::spawn(#operation #run))
        }
    };
    let block = span::block(
        &plan.body,
        quote_spanned! {Span::mixed_site()=>
            #intake
            #detachable
            let #operation = #krate::__private::plain::operation(#with, #spec) #calls;
            let #name = #errors;
            #run.await
        },
    );
    quote!(#(#attrs)* #vis #signature #block)
}

fn with_own_output(plan: &Plan) -> TokenStream {
    let sig = &plan.function.sig;
    let receiver = sig.receiver().map(ToTokens::to_token_stream);
    let arguments =
        plan.arguments.iter().map(|argument| transaction::parameter(plan, argument).to_token_stream());
    let inputs = receiver.into_iter().chain(arguments);
    let inputs = quote_spanned!(Span::mixed_site()=> #(#inputs),*);
    signature::emit(sig, &inputs, &sig.output.to_token_stream())
}

/// Bounds that `spawn` has anyway, asked for where the user can see why: at the type that fails them.
fn detachable(plan: &Plan, form: &PlainForm) -> TokenStream {
    let krate = &plan.krate;
    let check = |argument: &Argument| -> TokenStream {
        let cfg = &argument.cfg;
        let checks = argument.names.iter().map(|Binding { name, .. }| {
            let allow = body::allow_underscore(name);
            quote_spanned! {span::at(&argument.param.ty)=>
                #(#cfg)* #allow #krate::__private::plain::assert_detachable(&#name);
            }
        });
        checks.collect()
    };
    match form.task {
        Task::Inline => TokenStream::new(),
        Task::Detached => plan.arguments.iter().map(check).collect(),
    }
}

/// How the output is stored, and what to do with an `Err`. By default its type is asked whether it says so itself: the
/// first trait is for those that do, the second, one reference further, for all others.
fn errors(plan: &Plan, form: &PlainForm) -> TokenStream {
    let (krate, output) = (&plan.krate, &form.output);
    let at = span::at(output);
    let output = quote_spanned!(at=> #krate::__private::plain::output::<#output>());
    match form.errors {
        Errors::Stored => {
            // By a name, for an error about the call underlines it from its first token on.
            let held = ident::located(&ident::value(), at);
            quote_spanned!(at=> { let #held = #output; #held.stored_errors() })
        }
        Errors::Classified => quote_spanned! {at=>
            {
                use #krate::__private::plain::{ClassifiedErrors as _, UnclassifiedErrors as _};
                (&#output).errors()
            }
        },
    }
}

fn run(plan: &Plan, form: &PlainForm) -> TokenStream {
    let errors = ident::errors();
    let closure = body::closure(plan, &form.output.to_token_stream());
    match &plan.store_if {
        Some(predicate) => quote_spanned!(Span::mixed_site()=> .run_if(#errors, #predicate, #closure)),
        None => quote_spanned!(Span::mixed_site()=> .run(#errors, #closure)),
    }
}

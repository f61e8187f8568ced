//! The plain form: any async function, with its own signature and its own output.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use super::response::mentions;
use super::{body, calls, documented, intake, signature, span, spec, transaction};
use crate::ident;
use crate::input::{Argument, Binding, result_error};
use crate::model::{Errors, PlainForm, Plan, Task};

/// The function.
pub(crate) fn emit(plan: &Plan, form: &PlainForm) -> TokenStream {
    let (krate, operation, name) = (&plan.krate, ident::operation(), ident::errors());
    let (attrs, vis) = (&plan.function.attrs, &plan.function.vis);
    let signature = with_own_output(plan);
    let detachable = detachable(plan, form);
    let (with, spec) = (span::borrow(&form.with), spec::emit(plan));
    let calls = calls::emit(plan, Some(&form.key));
    let errors = errors(plan, form);
    let (operation_of, run) = match &plan.tx {
        Some(tx_plan) => (transaction::operation(plan, tx_plan), transaction::plain(plan, form, tx_plan)),
        None => (quote_spanned!(Span::mixed_site()=> #krate::__private::plain::operation), run(plan, form)),
    };
    let run = match form.task {
        Task::Inline => quote_spanned!(Span::mixed_site()=> #run.await),
        Task::Detached => quote_spanned!(Span::mixed_site()=> #krate::__private::plain::spawn(#run).await),
    };
    let block = span::block(
        &plan.body,
        quote_spanned! {Span::mixed_site()=>
            #detachable
            let #name = #errors;
            let #operation = #operation_of(#with, #spec);
            #calls
            #run
        },
    );
    documented::emit(plan, &quote!(#(#attrs)* #vis #signature #block))
}

fn with_own_output(plan: &Plan) -> TokenStream {
    let sig = &plan.function.sig;
    let receiver = sig.receiver().map(ToTokens::to_token_stream);
    let arguments = plan.arguments.iter().map(|argument| argument.param.to_token_stream());
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
            let allow = intake::quiet();
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

/// How the output is stored, and what to do with an `Err`: the first trait that fits its type says so.
fn errors(plan: &Plan, form: &PlainForm) -> TokenStream {
    let (krate, output) = (&plan.krate, &form.output);
    let at = span::at(output);
    let output = quote_spanned!(at=> #krate::__private::plain::output::<#output>());
    let asked = match form.errors {
        Errors::Stored => span::ident("idem_stored_errors", at),
        Errors::Classified => span::ident("idem_errors", at),
    };
    let last = span::ident(if is_generic(plan, form) { "GenericErrors" } else { "UnclassifiedErrors" }, at);
    quote_spanned! {at=>
        {
            use #krate::__private::plain::{ClassifiedErrors as _, MarkedErrors as _, NoErrors as _, #last as _};
            (&&&#output).#asked()
        }
    }
}

/// Whether the error is a type parameter of the function's, or depends on a parameter's own types (`K::Error`, as far as
/// its case of letters tells). Parameters of an `impl` cannot be seen here.
fn is_generic(plan: &Plan, form: &PlainForm) -> bool {
    let Some(error) = result_error(&form.output) else { return false };
    let own = plan.function.sig.generics.type_params().map(|parameter| parameter.ident.to_string());
    mentions(error.to_token_stream(), &own.collect()) || has_projection(error.to_token_stream())
}

/// `Name::`: of a type, and so of one that is not known here.
fn has_projection(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let of_type = |one: &[TokenTree]| match one {
        [TokenTree::Ident(name), TokenTree::Punct(first), TokenTree::Punct(second), TokenTree::Ident(_)] => {
            let colons = first.as_char() == ':' && second.as_char() == ':';
            colons && name.to_string().starts_with(char::is_uppercase)
        }
        _ => false,
    };
    tokens.windows(4).any(of_type)
}

fn run(plan: &Plan, form: &PlainForm) -> TokenStream {
    let (krate, operation, errors) = (&plan.krate, ident::operation(), ident::errors());
    let body = body::future(plan, &form.output.to_token_stream());
    let body = quote_spanned!(Span::mixed_site()=> #krate::__private::Box::pin(#body));
    match &plan.store_if {
        Some(predicate) => {
            quote_spanned!(Span::mixed_site()=> #operation.call(#errors).run_if(#predicate, #body))
        }
        None => quote_spanned!(Span::mixed_site()=> #operation.call(#errors).run(#body)),
    }
}

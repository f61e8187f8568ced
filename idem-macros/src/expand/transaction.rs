//! What both forms emit for a function with `#[tx]`: the body gets the transaction, and may run again.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{PatType, Type};

use super::{body, span, spec};
use crate::ident;
use crate::input::{Argument, Binding, find_impl_trait, result_error, state_argument, unchanging};
use crate::model::{AxumForm, Coupling, PlainForm, Plan, Task};

/// The end of a handler: what is known answers without a task, what runs gets one of its own.
pub(crate) fn axum(plan: &Plan, form: &AxumForm, coupling: &Coupling) -> TokenStream {
    let (krate, operation, call, value) = (&plan.krate, ident::operation(), ident::call(), ident::value());
    let (database, rules) = (database(plan, coupling), rules(plan, coupling));
    let checks = checks(plan, &database);
    let output = super::axum::output(form);
    let at = span::at(&output);
    // Only this function asks for a response, so a type that is none is reported once, where it stands.
    let respond = quote_spanned!(at=> #krate::__private::axum::respond::<#output>);
    let conflict = match &form.output {
        // A type without a name cannot be asked.
        Some(ty) if hides_its_error(ty) => quote_spanned!(at=> |_| false),
        _ => conflict(plan, coupling, &output),
    };
    let success = quote_spanned!(Span::mixed_site()=> #krate::__private::axum::is_success);
    let terms = terms(plan, coupling, &success);
    let flow = quote_spanned!(Span::mixed_site()=> #krate::__private::axum::TxFlow);
    let run = run(plan, coupling, &flow, &quote!(#respond, #conflict, #terms), &output);
    quote_spanned! {Span::mixed_site()=>
        #checks
        match #operation.couple::<#database>(#rules).await {
            #krate::__private::axum::TxEntry::Answer(#value) => #value,
            #krate::__private::axum::TxEntry::Run(#call) => {
                #krate::__private::axum::spawn(async move { #run }).await
            }
        }
    }
}

/// The end of any other function.
pub(crate) fn plain(plan: &Plan, form: &PlainForm, coupling: &Coupling, calls: &TokenStream) -> TokenStream {
    let (krate, call, value, errors) = (&plan.krate, ident::call(), ident::value(), ident::errors());
    let (database, rules) = (database(plan, coupling), rules(plan, coupling));
    let (with, spec) = (span::borrow(&form.with), spec::emit(plan));
    let output = form.output.to_token_stream();
    let conflict = conflict(plan, coupling, &output);
    let success = quote_spanned!(Span::mixed_site()=> #errors.successes());
    let terms = terms(plan, coupling, &success);
    let flow = quote_spanned!(Span::mixed_site()=> #krate::__private::tx::Flow);
    let run = run(plan, coupling, &flow, &quote!(#conflict, #terms), &output);
    let operation = ident::operation();
    let entered = quote_spanned! {Span::mixed_site()=>
        match #operation.couple::<#database, _>(#rules, #errors).await {
            #krate::__private::tx::Entry::Answer(#value) => #value,
            #krate::__private::tx::Entry::Run(#call) => { #run }
        }
    };
    let begun = quote_spanned! {Span::mixed_site()=>
        let #operation = #krate::__private::tx::coupled::<#database>(#with, #spec) #calls;
    };
    match form.task {
        Task::Inline => quote!(#begun #entered),
        Task::Detached => quote_spanned! {Span::mixed_site()=>
            #begun
            #krate::__private::plain::spawn(async move { #entered }).await
        },
    }
}

/// The database whose transaction the argument is.
fn database(plan: &Plan, coupling: &Coupling) -> TokenStream {
    let (krate, ty) = (&plan.krate, &coupling.transaction.ty);
    quote_spanned!(span::at(ty)=> <#ty as #krate::tx::TxArgument>::Database)
}

fn rules(plan: &Plan, coupling: &Coupling) -> TokenStream {
    let krate = &plan.krate;
    let isolation = coupling.isolation.map(crate::args::Isolation::variant).into_iter();
    let retries = coupling.retries.iter();
    quote_spanned! {Span::mixed_site()=>
        const {
            #krate::__private::tx::TxSpec::new()
                #(.isolation(#krate::tx::Isolation::#isolation))*
                #(.retries(#retries))*
        }
    }
}

/// A state that says which store it has must fit.
fn checks(plan: &Plan, database: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let check = |argument: &Argument| {
        let state = state_argument(&argument.param.ty)?;
        let cfg = &argument.cfg;
        Some(quote_spanned! {span::at(state)=>
            #(#cfg)*
            {
                use #krate::__private::tx::{Typed as _, Untyped as _};
                (&#krate::__private::tx::state::<#state>()).carries::<#database>();
            }
        })
    };
    plan.arguments.iter().filter_map(check).collect()
}

/// Whether the output can tell that the database undid something: the first trait that fits its type answers. Where the body
/// is to run again for that, an error must be able to tell.
fn conflict(plan: &Plan, coupling: &Coupling, output: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let untold = coupling.retries.as_ref().map(|_| quote!(use #krate::__private::tx::ConflictsUntold as _;));
    quote_spanned! {span::at(output)=>
        {
            use #krate::__private::tx::{ConflictsInSources as _, ConflictsNever as _, ConflictsSaid as _};
            #untold
            (&&&#krate::__private::tx::probe::<#output>()).conflict()
        }
    }
}

fn hides_its_error(output: &Type) -> bool {
    let asked = result_error(output).unwrap_or(output);
    find_impl_trait(asked).is_some()
}

/// `store_if` and `commit_on`.
fn terms(plan: &Plan, coupling: &Coupling, success: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let wanted = match &plan.store_if {
        Some(predicate) => predicate.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> #krate::__private::tx::always),
    };
    let commits = coupling.commit_on.as_ref().map_or_else(|| success.clone(), ToTokens::to_token_stream);
    quote!(#wanted, #commits)
}

/// Once, or as often as the database asks for it, each time with copies of the arguments: `before` stands for what is
/// the same each time.
fn run(
    plan: &Plan,
    coupling: &Coupling,
    flow: &TokenStream,
    before: &TokenStream,
    output: &TokenStream,
) -> TokenStream {
    let (call, value) = (ident::call(), ident::value());
    let closure = body::closure(plan, output);
    if coupling.retries.is_none() {
        return quote_spanned!(Span::mixed_site()=> #call.run(#before, #closure).await);
    }
    let copies: TokenStream = plan.arguments.iter().map(|argument| copies(plan, argument)).collect();
    quote_spanned! {Span::mixed_site()=>
        let mut #call = #call;
        loop {
            #call = match #call.attempt(#before, { #copies #closure }).await {
                #flow::Done(#value) => break #value,
                #flow::Again(#value) => #value,
            };
        }
    }
}

fn copies(plan: &Plan, argument: &Argument) -> TokenStream {
    let (krate, cfg) = (&plan.krate, &argument.cfg);
    let copies = argument.names.iter().map(|Binding { name, mutability }| {
        let allow = body::allow_underscore(name);
        // Where the argument's type stands: the compiler then reports there what cannot be cloned.
        let copied = quote_spanned!(span::at(&argument.param.ty)=> #krate::__private::tx::again(&#name));
        // A user who forbids shadowing did not ask for this.
        let shadows = quote!(#[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]);
        quote_spanned!(Span::mixed_site()=> #(#cfg)* #allow #shadows let #mutability #name = #copied;)
    });
    copies.collect()
}

/// Where the body may run again, it changes its copies only.
pub(crate) fn parameter(plan: &Plan, argument: &Argument) -> PatType {
    let mut parameter = argument.param.clone();
    if plan.coupling.as_ref().is_some_and(|coupling| coupling.retries.is_some()) {
        parameter.pat = Box::new(unchanging(&parameter.pat));
    }
    parameter
}

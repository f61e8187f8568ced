//! What both forms emit for a function with `#[tx]`: the body gets the transaction, and may run again.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{body, intake, response, span};
use crate::ident;
use crate::input::{Argument, state_argument};
use crate::model::{AxumForm, PlainForm, Plan, TxPlan};

/// The end of a handler. Its body is a boxed future of one type for each database, so that the code around it is compiled
/// once for all handlers.
pub(crate) fn axum(plan: &Plan, form: &AxumForm, tx_plan: &TxPlan) -> TokenStream {
    let (krate, operation, value) = (&plan.krate, ident::operation(), ident::value());
    let (database, rules) = (database(plan, tx_plan), rules(plan, tx_plan));
    let checks = checks(plan, &database);
    let output = response::output(form);
    let respond = response::respond(plan, form);
    let body = body::future(plan, &output);
    let conflict = conflict(plan, tx_plan, &output, &quote_spanned!(span::at(&output)=> probe_of(&#value)));
    let [wanted, commits] =
        [("store_if", &plan.store_if), ("commit_on", &tx_plan.commit_on)].map(|(method, predicate)| {
            let method = span::ident(method, Span::mixed_site());
            predicate.as_ref().map(|predicate| quote_spanned!(Span::mixed_site()=> .#method(#predicate)))
        });
    // Where the function's name stands: a body that is not `Send` is reported there.
    let boxed = quote_spanned!(span::at(&plan.function.sig.ident)=> #krate::__private::axum::boxed);
    let handler = closure(
        tx_plan,
        plan,
        &quote_spanned! {Span::mixed_site()=>
            #boxed(async move {
                let #value: #output = #body.await;
                let conflict = #conflict(&#value);
                #krate::__private::axum::Said::new(#krate::__private::axum::made(#respond, #value), conflict) #wanted #commits
            })
        },
    );
    let run = match tx_plan.retries {
        Some(_) => quote_spanned!(Span::mixed_site()=> run_again_in_transactions),
        None => quote_spanned!(Span::mixed_site()=> run_in_transaction),
    };
    quote_spanned! {Span::mixed_site()=>
        #checks
        #operation.#run::<#database>(#rules, #handler).await
    }
}

/// The end of any other function: a future. Its body may borrow, and need not be `Send`, so it is generic.
pub(crate) fn plain(plan: &Plan, form: &PlainForm, tx_plan: &TxPlan) -> TokenStream {
    let (operation, errors) = (ident::operation(), ident::errors());
    let rules = rules(plan, tx_plan);
    let output = form.output.to_token_stream();
    let krate = &plan.krate;
    let probe = quote_spanned!(span::at(&output)=> probe::<#output>());
    let conflict = conflict(plan, tx_plan, &output, &probe);
    let wanted = match &plan.store_if {
        Some(predicate) => predicate.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> #krate::__private::tx::always),
    };
    let commits = match &tx_plan.commit_on {
        Some(predicate) => predicate.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> #errors.successes()),
    };
    let before = quote!(#rules, #errors, #conflict, #wanted, #commits);
    let (body, tx) = (body::future(plan, &output), body::parameter(tx_plan));
    match tx_plan.retries {
        Some(_) => {
            let copies = intake::copy(plan);
            quote_spanned! {Span::mixed_site()=>
                #operation.run_again(#before, async move |#tx| { #copies #body.await })
            }
        }
        None => quote_spanned! {Span::mixed_site()=>
            #operation.run(#before, async move |#tx| #body.await)
        },
    }
}

/// What starts a plain call: the store of the `Idem` must be in the database.
pub(crate) fn operation(plan: &Plan, tx_plan: &TxPlan) -> TokenStream {
    let (krate, database) = (&plan.krate, database(plan, tx_plan));
    quote_spanned!(Span::mixed_site()=> #krate::__private::tx::operation::<#database>)
}

/// `move |tx| future`, with copies of the arguments where it may be called again.
fn closure(tx_plan: &TxPlan, plan: &Plan, future: &TokenStream) -> TokenStream {
    let tx = body::parameter(tx_plan);
    let copies = tx_plan.retries.as_ref().map(|_| intake::copy(plan));
    quote_spanned!(Span::mixed_site()=> move |#tx| { #copies #future })
}

/// The database whose transaction the argument is.
fn database(plan: &Plan, tx_plan: &TxPlan) -> TokenStream {
    let (krate, ty) = (&plan.krate, &tx_plan.transaction.ty);
    quote_spanned!(span::at(ty)=> <#ty as #krate::tx::TxArgument>::Database)
}

fn rules(plan: &Plan, tx_plan: &TxPlan) -> TokenStream {
    let krate = &plan.krate;
    let isolation = tx_plan.isolation.map(crate::args::Isolation::variant).into_iter();
    let retries = tx_plan.retries.iter();
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
                (&#krate::__private::tx::state::<#state>()).idem_carries::<#database>();
            }
        })
    };
    plan.arguments.iter().filter_map(check).collect()
}

/// Whether the output can tell that the database undid something: the first trait that fits its type answers. Where the body
/// is to run again for that, an error must be able to tell.
fn conflict(plan: &Plan, tx_plan: &TxPlan, output: &TokenStream, probe: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let untold = tx_plan.retries.as_ref().map(|_| quote!(use #krate::__private::tx::ConflictsUntold as _;));
    quote_spanned! {span::at(output)=>
        {
            use #krate::__private::tx::{ConflictsInSources as _, ConflictsNever as _, ConflictsSaid as _};
            #untold
            (&&&#krate::__private::tx::#probe).idem_conflict()
        }
    }
}

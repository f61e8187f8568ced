//! What `#[tx]` asks of the function and of the other arguments.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Expr, FnArg, Meta, Receiver, ReceiverKind, Type, TypeReference};

use crate::args::{AfterCrash, Arg, Given, Isolation, OnError};
use crate::diag::{Bag, Reported};
use crate::input::{Function, Transaction, is_cfg, is_tx, ungrouped};
use crate::model::{Features, TxPlan};

/// The arguments that the rules look at.
pub(crate) struct Asked<'a> {
    pub(crate) isolation: Arg<Isolation>,
    pub(crate) retries: Arg<u32>,
    pub(crate) commit_on: Arg<Expr>,
    pub(crate) after_crash: &'a Arg<AfterCrash>,
    pub(crate) on_error: &'a Arg<OnError>,
}

/// Checks every rule; `None` for a function without a transaction.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn tx_plan(
    asked: Asked<'_>,
    function: &Function,
    features: Features,
    bag: &mut Bag,
) -> Result<Option<TxPlan>, Reported> {
    let Asked { isolation, retries, commit_on, after_crash, on_error } = asked;
    let receiver = bag.all(receiver_mark(function));
    let Some(transaction) = Transaction::of(&function.sig) else {
        receiver?;
        bag.all(without_tx([named(&isolation), named(&retries), named(&commit_on)]))?;
        return Ok(None);
    };
    let rules = [
        no_database(&transaction, features),
        twice(function),
        arguments(&transaction),
        conditional(&transaction),
        not_a_borrow(&transaction),
        own_lifetime(&transaction),
        crash(after_crash),
    ];
    let repeated = [consumed(function), doubtful(on_error)];
    let repeated = repeated.into_iter().filter(|_| matches!(retries, Arg::Given(_)));
    let rules = bag.all(rules.into_iter().chain(repeated).flatten());
    let (isolation, retries) = (isolation.optional(), retries.optional());
    let commit_on = commit_on.optional();
    receiver.and(rules)?;
    Ok(Some(TxPlan { transaction, isolation: isolation?, retries: retries?, commit_on: commit_on? }))
}

fn no_database(transaction: &Transaction, features: Features) -> Option<Error> {
    if features.tx {
        return None;
    }
    let message = "`#[tx]` needs the feature `postgres`, `mysql` or `sqlite-tx` of idem-core";
    Some(Error::new_spanned(&transaction.mark, message))
}

fn receiver_mark(function: &Function) -> Option<Error> {
    let attribute = function.sig.receiver()?.attrs.iter().find(|attribute| is_tx(attribute))?;
    let message = "`#[tx]` goes on an argument of its own: `#[tx] tx: &mut PgTx<'_>`";
    Some(Error::new_spanned(attribute, message))
}

fn without_tx(names: [Option<Ident>; 3]) -> impl Iterator<Item = Error> {
    names.into_iter().flatten().map(|name| {
        let message = format!(
            "`{name}` is about a transaction: add an argument `#[tx] tx: &mut PgTx<'_>`, or remove it"
        );
        Error::new(name.span(), message)
    })
}

fn named<T>(arg: &Arg<T>) -> Option<Ident> {
    match arg {
        Arg::Given(Given { name, .. }) => Some(name.clone()),
        Arg::Absent | Arg::Broken(_) => None,
    }
}

fn twice(function: &Function) -> Option<Error> {
    let arguments = function.sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => Some(&typed.attrs),
    });
    let second = arguments.flatten().filter(|attribute| is_tx(attribute)).nth(1)?;
    Some(Error::new_spanned(
        second,
        "an operation has one transaction, on the store's database: keep one `#[tx]`",
    ))
}

fn arguments(transaction: &Transaction) -> Option<Error> {
    if let Meta::Path(_) = transaction.mark.meta {
        return None;
    }
    let message = "`#[tx]` takes no arguments: what is said about the transaction stands in `#[idempotent(…)]`, \
                   such as `isolation = serializable`";
    Some(Error::new_spanned(&transaction.mark, message))
}

fn conditional(transaction: &Transaction) -> Option<Error> {
    let attribute = transaction.attrs.iter().find(|attribute| is_cfg(attribute))?;
    Some(Error::new_spanned(
        attribute,
        "a transaction is there or is not: write two functions, each under its `#[cfg]`",
    ))
}

fn not_a_borrow(transaction: &Transaction) -> Option<Error> {
    if let Type::Reference(TypeReference { mutability: Some(_), .. }) = ungrouped(&transaction.ty) {
        return None;
    }
    let message = "the transaction is lent: write `&mut PgTx<'_>`, `&mut MySqlTx<'_>` or `&mut SqliteTx<'_>`";
    Some(Error::new_spanned(&transaction.ty, message))
}

/// The transaction is made after the function was called, so no lifetime of the caller's fits it.
fn own_lifetime(transaction: &Transaction) -> Option<Error> {
    let (quote, name) = named_lifetime(transaction.ty.to_token_stream())?;
    let message = format!(
        "the transaction is lent for as long as the body runs: write `'_`, or nothing, instead of `'{name}`"
    );
    let lifetime: TokenStream = [TokenTree::from(quote), TokenTree::from(name)].into_iter().collect();
    Some(Error::new_spanned(lifetime, message))
}

fn named_lifetime(tokens: TokenStream) -> Option<(proc_macro2::Punct, Ident)> {
    let mut quote = None;
    for token in tokens {
        match (token, quote.take()) {
            (TokenTree::Ident(name), Some(quote)) if name != "_" => return Some((quote, name)),
            (TokenTree::Punct(punct), _) if punct.as_char() == '\'' => quote = Some(punct),
            (TokenTree::Group(group), _) => {
                if let Some(found) = named_lifetime(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

fn crash(after_crash: &Arg<AfterCrash>) -> Option<Error> {
    let name = named(after_crash)?;
    let message = "a transaction whose process dies is rolled back, and the operation may run again: \
                   remove `after_crash`";
    Some(Error::new(name.span(), message))
}

/// A receiver that is gone after the first run.
fn consumed(function: &Function) -> Option<Error> {
    let receiver = function.sig.receiver()?;
    if is_lent(receiver) {
        return None;
    }
    let message = "`tx_retries` runs the body again, and the first run uses this `self` up: take `&self`, \
                   or an argument such as `this: Arc<Self>`";
    Some(Error::new_spanned(receiver, message))
}

/// `&self`, `self: &Self`, `self: &Arc<Self>`.
fn is_lent(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => {
            matches!(ungrouped(ty), Type::Reference(TypeReference { mutability: None, .. }))
        }
        _ => false,
    }
}

/// An error after which something outside the database may have happened.
fn doubtful(on_error: &Arg<OnError>) -> Option<Error> {
    let Arg::Given(Given { name, value: OnError::Unknown }) = on_error else { return None };
    let message = "`tx_retries` runs the body again after an error, and `on_error = unknown` says that nobody knows what \
                   an error did: keep one of them";
    Some(Error::new(name.span(), message))
}

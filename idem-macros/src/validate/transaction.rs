//! What `#[tx]` asks of the function and of the other arguments.

use syn::{Attribute, Error, Expr, FnArg, Receiver, ReceiverKind, Type, TypeReference};

use crate::args::{AfterCrash, Arg, Given, Isolation};
use crate::diag::{Bag, Reported};
use crate::input::{Function, Transaction, is_cfg, is_tx};
use crate::model::Coupling;

/// The arguments that the rules look at.
pub(crate) struct Asked<'a> {
    pub(crate) isolation: Arg<Isolation>,
    pub(crate) retries: Arg<u32>,
    pub(crate) commit_on: Arg<Expr>,
    pub(crate) after_crash: &'a Arg<AfterCrash>,
}

/// Checks every rule; `None` for a function without a transaction.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn coupling(
    asked: Asked<'_>,
    function: &Function,
    bag: &mut Bag,
) -> Result<Option<Coupling>, Reported> {
    let Asked { isolation, retries, commit_on, after_crash } = asked;
    let Some(transaction) = Transaction::of(&function.sig) else {
        let receiver = function.sig.receiver().and_then(|receiver| receiver.attrs.iter().find(|a| is_tx(a)));
        bag.all(receiver.map(on_receiver).into_iter().chain(without_tx(&isolation, &retries, &commit_on)))?;
        return Ok(None);
    };
    let repeats = matches!(retries, Arg::Given(_));
    let rules = [twice(function), conditional(function), not_a_borrow(&transaction), crash(after_crash)];
    let repeated = repeats.then(|| consumed(function)).flatten();
    let rules = bag.all(rules.into_iter().flatten().chain(repeated));
    let (isolation, retries) = (isolation.optional(), retries.optional());
    let commit_on = commit_on.optional();
    rules?;
    Ok(Some(Coupling { transaction, isolation: isolation?, retries: retries?, commit_on: commit_on? }))
}

fn on_receiver(attribute: &Attribute) -> Error {
    Error::new_spanned(attribute, "`#[tx]` goes on an argument of its own: `#[tx] tx: &mut PgTx<'_>`")
}

fn without_tx(
    isolation: &Arg<Isolation>,
    retries: &Arg<u32>,
    commit_on: &Arg<Expr>,
) -> impl Iterator<Item = Error> {
    let names = [named(isolation), named(retries), named(commit_on)];
    names.into_iter().flatten().map(|name| {
        let message = format!(
            "`{name}` is about a transaction: add an argument `#[tx] tx: &mut PgTx<'_>`, or remove it"
        );
        Error::new(name.span(), message)
    })
}

fn named<T>(arg: &Arg<T>) -> Option<proc_macro2::Ident> {
    match arg {
        Arg::Given(Given { name, .. }) => Some(name.clone()),
        Arg::Absent | Arg::Broken(_) => None,
    }
}

fn marks(function: &Function) -> impl Iterator<Item = &Attribute> {
    let attributes = function.sig.inputs.iter().flat_map(|argument| match argument {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(typed) => &typed.attrs,
    });
    attributes.filter(|attribute| is_tx(attribute))
}

fn twice(function: &Function) -> Option<Error> {
    let second = marks(function).nth(1)?;
    Some(Error::new_spanned(
        second,
        "an operation has one transaction, on the store's database: keep one `#[tx]`",
    ))
}

fn conditional(function: &Function) -> Option<Error> {
    let argument = function.sig.inputs.iter().find_map(|argument| match argument {
        FnArg::Typed(typed) if typed.attrs.iter().any(is_tx) => typed.attrs.iter().find(|a| is_cfg(a)),
        FnArg::Typed(_) | FnArg::Receiver(_) => None,
    })?;
    Some(Error::new_spanned(
        argument,
        "a transaction is there or is not: write two functions, each under its `#[cfg]`",
    ))
}

fn not_a_borrow(transaction: &Transaction) -> Option<Error> {
    if let Type::Reference(TypeReference { mutability: Some(_), .. }) = &transaction.ty {
        return None;
    }
    let message = "the transaction is lent: write `&mut PgTx<'_>`, `&mut MySqlTx<'_>` or `&mut SqliteTx<'_>`";
    Some(Error::new_spanned(&transaction.ty, message))
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
    if let Receiver { kind: ReceiverKind::Reference(_, _, None), .. } = receiver {
        return None;
    }
    let message = "`tx_retries` runs the body again: take `&self`, or remove it";
    Some(Error::new_spanned(receiver, message))
}

//! What the axum form asks of the function.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Expr, FnArg, Pat, ReturnType, Type, TypeReference};

use crate::args::{Arg, Given};
use crate::diag::{Bag, Reported};
use crate::input::{Function, is_cfg, is_tx, last_segment, ungrouped};
use crate::model::{AxumForm, Features};

/// axum takes handlers of up to 16 arguments, and the context is one.
const MOST_ARGUMENTS: usize = 15;

/// The types that idem-core and sqlx have for a transaction.
const TRANSACTIONS: [&str; 4] = ["PgTx", "MySqlTx", "SqliteTx", "Transaction"];

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64",
];

/// Checks every rule of the form.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn form(
    key: Arg<Expr>,
    said: [&Arg<Expr>; 2],
    detach: &Arg<()>,
    function: &Function,
    features: Features,
    bag: &mut Bag,
) -> Result<AxumForm, Reported> {
    bag.all(without_axum(function, features))?;
    let rules = [receiver(function), detached(detach), arguments(function), no_extractor(function)];
    let leaving = [&key].into_iter().chain(said).filter_map(leaving);
    bag.all(rules.into_iter().flatten().chain(leaving))?;
    let output = match &function.sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty.as_ref().clone()),
    };
    Ok(AxumForm { key: key.given()?, output })
}

fn without_axum(function: &Function, features: Features) -> Option<Error> {
    if features.axum {
        return None;
    }
    let message = format!(
        "without `with`, `#[idempotent]` is for axum handlers, and needs the feature `axum` of idem-core: switch it on, \
         or add `with = {}, key = …, name = \"…\"` for any other function",
        idem(function)
    );
    Some(Error::new(function.sig.ident.span(), message))
}

/// An argument whose type no request can give, so that the function is no handler, or `#[tx]` was forgotten. A borrow of
/// `'static` may be an extractor of the user's own.
fn no_extractor(function: &Function) -> Option<Error> {
    // A method is told so already.
    if function.sig.receiver().is_some() {
        return None;
    }
    let ty = function.sig.inputs.iter().filter(|argument| !under_tx(argument)).find_map(|argument| {
        let FnArg::Typed(typed) = argument else { return None };
        // It may not be there.
        if typed.attrs.iter().any(is_cfg) {
            return None;
        }
        let borrowed = match ungrouped(&typed.ty) {
            Type::Reference(borrow) => {
                borrow.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static")
            }
            _ => false,
        };
        (borrowed || is_primitive(&typed.ty)).then_some(&typed.ty)
    })?;
    if lends_transaction(ty) {
        let message = "the transaction of an idempotent handler is handed out under `#[tx]`: write `#[tx]` before this argument";
        return Some(Error::new_spanned(ty, message));
    }
    let message = format!(
        "an axum handler takes extractors, and this is none: for a function that is no handler, add `with = {}`, \
         the `Idem` that keeps its records, `key = …` and `name = \"…\"`",
        idem(function)
    );
    Some(Error::new_spanned(ty, message))
}

/// Whether `ty` lends a database's transaction, as far as its name tells.
fn lends_transaction(ty: &Type) -> bool {
    let Type::Reference(TypeReference { mutability: Some(_), elem, .. }) = ungrouped(ty) else {
        return false;
    };
    last_segment(elem).is_some_and(|name| TRANSACTIONS.iter().any(|known| name == known))
}

/// A number, `bool`, `char` or `str`, as far as its name tells.
fn is_primitive(ty: &Type) -> bool {
    let Type::Path(path) = ungrouped(ty) else { return false };
    path.qself.is_none() && PRIMITIVES.iter().any(|name| path.path.is_ident(name))
}

/// What to write after `with =`: the argument that is an `Idem`, as far as its type tells.
fn idem(function: &Function) -> String {
    let named = function.sig.inputs.iter().find_map(|argument| {
        let FnArg::Typed(typed) = argument else { return None };
        let words = typed.ty.to_token_stream().to_string();
        let is_idem = words.split(|c: char| !c.is_alphanumeric()).any(|word| word == "Idem");
        match typed.pat.as_ref() {
            Pat::Ident(name) if is_idem => Some(name.ident.to_string()),
            _ => None,
        }
    });
    named.unwrap_or_else(|| "…".to_owned())
}

/// `?` in an expression: the function that it would leave returns a response.
fn leaving(expression: &Arg<Expr>) -> Option<Error> {
    let Arg::Given(Given { name, value }) = expression else { return None };
    let question = question_mark(value.to_token_stream())?;
    let message = format!(
        "`?` cannot leave the handler before it has begun: let an extractor refuse the request, or give `{name}` an \
         `Option`, of which `None` counts as not given"
    );
    Some(Error::new(question, message))
}

/// The first `?` outside of closures.
fn question_mark(tokens: TokenStream) -> Option<Span> {
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '?' => return Some(punct.span()),
            // What follows may be a closure, or a block, that it leaves.
            TokenTree::Punct(punct) if punct.as_char() == '|' => return None,
            TokenTree::Ident(word) if word == "async" => return None,
            TokenTree::Group(group) => {
                if let Some(found) = question_mark(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

fn receiver(function: &Function) -> Option<Error> {
    let receiver = function.sig.receiver()?;
    let message = "an axum handler is a free function: remove `self`, \
                   or protect the method by adding `with = self.idem, key = …, name = \"…\"`";
    Some(Error::new_spanned(receiver, message))
}

fn detached(detach: &Arg<()>) -> Option<Error> {
    let Arg::Given(Given { name, .. }) = detach else { return None };
    Some(Error::new(name.span(), "the axum form always goes on when its caller leaves: remove `detach`"))
}

fn arguments(function: &Function) -> Option<Error> {
    let extra = function.sig.inputs.iter().filter(|argument| !under_tx(argument)).nth(MOST_ARGUMENTS)?;
    let message = format!(
        "axum takes 16 arguments and idem adds one: keep {MOST_ARGUMENTS}, \
         for instance by taking a tuple of extractors as one"
    );
    Some(Error::new_spanned(extra, message))
}

/// A parameter of the body alone.
fn under_tx(argument: &FnArg) -> bool {
    matches!(argument, FnArg::Typed(typed) if typed.attrs.iter().any(is_tx))
}

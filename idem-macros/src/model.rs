//! The plan: what is emitted, with everything decided. Only [`crate::validate`] makes one.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, LitStr, Path, Token, Type};

use crate::args::{AfterCrash, Given, Isolation, Millis, OnError};
use crate::input::{Argument, Function, Transaction};

/// A function, and how it becomes idempotent.
pub(crate) struct Plan {
    /// The function without our attributes.
    pub(crate) function: Function,
    /// The function's body.
    pub(crate) body: Group,
    /// The `self` token of a method.
    pub(crate) receiver: Option<Token![self]>,
    /// The function's other arguments.
    pub(crate) arguments: Vec<Argument>,
    /// Where idem-core is found.
    pub(crate) krate: Path,
    pub(crate) spec: Spec,
    pub(crate) scope: Option<Given<Expr>>,
    pub(crate) fingerprint: Option<Given<Expr>>,
    pub(crate) store_if: Option<Expr>,
    /// Effects and record commit together.
    pub(crate) tx: Option<TxPlan>,
    pub(crate) form: Form,
}

impl Plan {
    /// The words in the expressions of the attribute.
    pub(crate) fn mentioned(&self) -> HashSet<Ident> {
        let form = match &self.form {
            Form::Axum(form) => [None, form.key.as_ref().map(|key| &key.value)],
            Form::Plain(form) => [Some(&form.with), Some(&form.key.value)],
        };
        let given = [&self.scope, &self.fingerprint].map(|given| given.as_ref().map(|given| &given.value));
        let commit_on = self.tx.as_ref().and_then(|tx_plan| tx_plan.commit_on.as_ref());
        let mut words = HashSet::new();
        for expression in form.into_iter().chain(given).chain([self.store_if.as_ref(), commit_on]).flatten() {
            collect_words(expression.to_token_stream(), &mut words);
        }
        words
    }
}

fn collect_words(tokens: TokenStream, words: &mut HashSet<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => drop(words.insert(word)),
            TokenTree::Group(group) => collect_words(group.stream(), words),
            // `format!("{id}")`
            TokenTree::Literal(literal) => words.extend(
                literal
                    .to_string()
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .filter_map(|word| syn::parse_str(word).ok()),
            ),
            TokenTree::Punct(_) => {}
        }
    }
}

/// What idem-core was built with.
#[derive(Clone, Copy)]
pub(crate) struct Features {
    /// A database whose transactions `#[tx]` can hand out.
    pub(crate) tx: bool,
    /// The form for axum handlers.
    pub(crate) axum: bool,
}

impl Features {
    /// Everything.
    #[cfg(test)]
    pub(crate) const ALL: Self = Self { tx: true, axum: true };
}

/// A transaction that the body gets.
pub(crate) struct TxPlan {
    pub(crate) transaction: Transaction,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) retries: Option<u32>,
    pub(crate) commit_on: Option<Expr>,
}

/// What is known while compiling.
pub(crate) struct Spec {
    pub(crate) name: Option<LitStr>,
    /// Header fields that count in the fingerprint.
    pub(crate) fingerprint_headers: Vec<LitStr>,
    pub(crate) ttl: Option<Millis>,
    pub(crate) lease: Option<Millis>,
    pub(crate) wait: Option<Millis>,
    pub(crate) max_run: Option<Millis>,
    pub(crate) optional: Option<()>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) after_crash: Option<AfterCrash>,
}

/// The two forms of the attribute.
pub(crate) enum Form {
    Axum(Box<AxumForm>),
    Plain(Box<PlainForm>),
}

/// A handler: the layer's engine arrives through the request, the key through its header or an expression.
pub(crate) struct AxumForm {
    pub(crate) key: Option<Given<Expr>>,
    /// `None` stands for `()`.
    pub(crate) output: Option<Type>,
}

/// Any async function.
pub(crate) struct PlainForm {
    pub(crate) with: Expr,
    pub(crate) key: Given<Expr>,
    pub(crate) output: Type,
    pub(crate) errors: Errors,
    pub(crate) task: Task,
}

/// How the plain form treats an `Err`.
#[derive(Clone, Copy)]
pub(crate) enum Errors {
    /// By what the type of the error says about itself, else by `on_error`.
    Classified,
    /// Stored and replayed like a success, so its type must be serializable.
    Stored,
}

/// Where the body of the plain form runs.
#[derive(Clone, Copy)]
pub(crate) enum Task {
    /// Inside the caller's future: it may borrow.
    Inline,
    /// In a task of its own: it outlives its caller.
    Detached,
}

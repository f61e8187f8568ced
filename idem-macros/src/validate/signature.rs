//! What the function itself must be.

use proc_macro2::Group;
use syn::{Error, ReturnType, Safety};

use crate::diag::{Bag, Reported};
use crate::input::{Body, Function, impl_trait_named, is_idempotent, last_segment};

/// Checks the function, and gives its body.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn check<'f>(function: &'f Function, bag: &mut Bag) -> Result<&'f Group, Reported> {
    let rules = [asyncness, constness, safety, abi, variadic, attribute_once];
    let rules = bag.all(rules.into_iter().filter_map(|rule| rule(function)));
    let body = bag.report(body(function));
    rules.and(body)
}

fn body(function: &Function) -> Result<&Group, Error> {
    match &function.body {
        Body::Block(body) => Ok(body),
        Body::Missing(semicolon) => Err(Error::new(
            semicolon.span,
            "there is no body to protect: write `#[idempotent]` on this method in each `impl`, \
             or give it a default body here",
        )),
    }
}

fn asyncness(function: &Function) -> Option<Error> {
    if function.sig.asyncness.is_some() {
        return None;
    }
    let message = if comes_from_async_trait(function) {
        "`#[async_trait]` has already turned this method into a plain `fn`: use a native `async fn` in the trait, \
         or move the body into an inherent `async fn` under `#[idempotent]` and call it here"
    } else if returns_future(&function.sig.output) {
        "only an `async fn` can be idempotent: add `async` before `fn`, and return the output instead of a future"
    } else {
        "only an `async fn` can be idempotent: add `async` before `fn`"
    };
    Some(Error::new(function.sig.fn_token.span, message))
}

/// By the lifetime that it adds to every method.
fn comes_from_async_trait(function: &Function) -> bool {
    function.sig.generics.lifetimes().any(|parameter| parameter.lifetime.ident == "async_trait")
}

/// `Pin<Box<dyn Future>>`, `BoxFuture<…>`, `impl Future`.
fn returns_future(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let named = last_segment(ty).is_some_and(|name| name == "Pin" || name.to_string().ends_with("Future"));
    named || impl_trait_named(ty, "Future")
}

fn constness(function: &Function) -> Option<Error> {
    let token = function.sig.constness?;
    Some(Error::new(token.span, "a `const fn` cannot be idempotent: remove `const`"))
}

fn safety(function: &Function) -> Option<Error> {
    let Safety::Unsafe(token) = function.sig.safety else { return None };
    let message =
        "an `unsafe fn` cannot be idempotent: remove `unsafe`, and write an `unsafe` block in the body";
    Some(Error::new(token.span, message))
}

fn abi(function: &Function) -> Option<Error> {
    let abi = function.sig.abi.as_ref()?;
    Some(Error::new_spanned(abi, "a function for another language cannot be idempotent: remove `extern`"))
}

fn variadic(function: &Function) -> Option<Error> {
    let variadic = function.sig.variadic.as_ref()?;
    Some(Error::new_spanned(
        variadic,
        "a function with any number of arguments cannot be idempotent: remove `...`",
    ))
}

fn attribute_once(function: &Function) -> Option<Error> {
    let second = function.attrs.iter().find(|attribute| is_idempotent(attribute))?;
    Some(Error::new_spanned(second, "`#[idempotent]` is given twice: keep one"))
}

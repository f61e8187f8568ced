//! What the plain form asks of the function and of the other arguments.

use syn::{Error, Expr, FnArg, LitStr, Receiver, ReceiverKind, ReturnType, Type, TypeReference};

use crate::args::{Arg, Given, OnError};
use crate::diag::{Bag, Reported};
use crate::input::{Function, find_impl_trait, is_tx};
use crate::model::{Errors, PlainForm, Task};

/// The arguments that the rules look at.
pub(crate) struct Asked<'a> {
    pub(crate) with: Given<Expr>,
    pub(crate) key: Arg<Expr>,
    pub(crate) name: &'a Arg<LitStr>,
    pub(crate) fields: &'a Arg<Vec<LitStr>>,
    pub(crate) detach: Arg<()>,
    pub(crate) on_error: &'a Arg<OnError>,
    /// A name was not understood, so nothing is called missing.
    pub(crate) lost: Option<Reported>,
}

/// Checks every rule of the form.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn form(asked: Asked<'_>, function: &Function, bag: &mut Bag) -> Result<PlainForm, Reported> {
    let Asked { with, key, name, fields, detach, on_error, lost } = asked;
    let named = match (name, lost) {
        (Arg::Absent, None) => Err(bag.push(missing_name(&with, function))),
        _ => Ok(()),
    };
    let key = match (key.given(), lost) {
        (Ok(None), None) => Err(bag.push(missing_key(&with))),
        (Ok(None), Some(reported)) | (Err(reported), _) => Err(reported),
        (Ok(Some(key)), _) => Ok(key),
    };
    let detach = detach.optional();
    let owned = match detach {
        Ok(Some(())) => bag.all(function.sig.inputs.iter().filter_map(borrowed)),
        Ok(None) | Err(_) => Ok(()),
    };
    let output = output(function, bag);
    let requests = bag.all(without_request(fields));
    named.and(owned).and(requests)?;
    Ok(PlainForm {
        with: with.value,
        key: key?,
        output: output?,
        errors: match on_error {
            Arg::Given(Given { value: OnError::Store, .. }) => Errors::Stored,
            _ => Errors::Classified,
        },
        task: detach?.map_or(Task::Inline, |()| Task::Detached),
    })
}

fn missing_name(with: &Given<Expr>, function: &Function) -> Error {
    let message = format!(
        "`with` needs a `name`: add `name = \"{}\"`, which the store knows the operation by even when code moves",
        function.sig.ident.to_string().trim_start_matches("r#").replace('_', "-"),
    );
    Error::new(with.name.span(), message)
}

fn missing_key(with: &Given<Expr>) -> Error {
    let message =
        "`with` needs a `key`, for there is no header to take it from: add `key = …`, such as `key = msg.id`";
    Error::new(with.name.span(), message)
}

fn without_request(fields: &Arg<Vec<LitStr>>) -> Option<Error> {
    let Arg::Given(Given { name, .. }) = fields else { return None };
    let message = "a function with `with` sees no request: remove `fingerprint_headers`, \
                   and put what counts into `fingerprint = …`";
    Some(Error::new(name.span(), message))
}

/// An argument that cannot move into a task, as far as its syntax tells. The rest is for the compiler.
fn borrowed(argument: &FnArg) -> Option<Error> {
    let (and, lifetime, instead) = match argument {
        FnArg::Receiver(Receiver { kind: ReceiverKind::Reference(and, lifetime, _), .. }) => {
            (and, lifetime, "`self: Arc<Self>`")
        }
        FnArg::Receiver(_) => return None,
        // Lent to the body, wherever it runs.
        FnArg::Typed(typed) if typed.attrs.iter().any(is_tx) => return None,
        FnArg::Typed(typed) => match typed.ty.as_ref() {
            Type::Reference(TypeReference { and_token, lifetime, .. }) => {
                (and_token, lifetime, "an owned value")
            }
            _ => return None,
        },
    };
    if lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
        return None;
    }
    let message = format!(
        "`detach` runs the body in a task of its own, which cannot borrow: take {instead} here, or remove `detach`"
    );
    Some(Error::new(and.span, message))
}

fn output(function: &Function, bag: &mut Bag) -> Result<Type, Reported> {
    let ty = match &function.sig.output {
        ReturnType::Type(_, ty) => ty.as_ref(),
        ReturnType::Default => {
            let message = "a function with `with` returns a `Result<T, E>` where `E: From<idem_core::Refused>`, \
                           for its caller must learn of a refusal: the key is in use or was used for something else, \
                           or the store is away";
            return Err(bag.push(Error::new(function.sig.ident.span(), message)));
        }
    };
    match find_impl_trait(ty) {
        // Without `async`, the type is not the output, and that was reported.
        Some(hidden) if function.sig.asyncness.is_some() => {
            let message = "a stored result needs a type with a name: write the type instead of `impl …`";
            Err(bag.push(Error::new_spanned(hidden, message)))
        }
        _ => Ok(ty.clone()),
    }
}

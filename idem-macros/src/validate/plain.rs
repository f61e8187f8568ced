//! What the plain form asks of the function and of the other arguments.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Error, Expr, FnArg, LitStr, Pat, Receiver, ReceiverKind, ReturnType, Type, TypeReference};

use crate::args::{Arg, Given, OnError};
use crate::diag::{Bag, Reported};
use crate::input::{Function, find_impl_trait, is_tx, last_segment, result_value, ungrouped};
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
    let output = output.and_then(|output| bag.all(a_handler(&with, &output, function)).map(|()| output));
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
        FnArg::Typed(typed) => match ungrouped(&typed.ty) {
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
        _ => bag.all(result_value(ty).and_then(borrowing)).map(|()| ty.clone()),
    }
}

/// A value that borrows: what is stored is read back when nothing is left to borrow from.
fn borrowing(value: &Type) -> Option<Error> {
    let (and, lifetime) = borrow(value.to_token_stream())?;
    let message = "a stored value is read back by later calls, and cannot borrow: return an owned one, such as `String`";
    Some(Error::new_spanned(quote!(#and #lifetime), message))
}

/// The first `&`, or lifetime that is not `'static`.
fn borrow(tokens: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                return Some((punct.into_token_stream(), TokenStream::new()));
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let name = tokens.next()?;
                if name.to_string() != "static" {
                    return Some((punct.into_token_stream(), name.into_token_stream()));
                }
            }
            // Inside may be the arguments of a function's type.
            TokenTree::Group(group) if group.delimiter() != Delimiter::Parenthesis => {
                if let Some(found) = borrow(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// A handler: it takes extractors and answers with a response.
fn a_handler(with: &Given<Expr>, output: &Type, function: &Function) -> Option<Error> {
    const EXTRACTORS: [&str; 6] = ["State", "Json", "Path", "Query", "Form", "Extension"];
    const RESPONSES: [&str; 6] = ["Json", "Response", "StatusCode", "Html", "Redirect", "Sse"];
    let is = |ty: &Type, names: &[&str]| {
        last_segment(ty).is_some_and(|last| names.iter().any(|name| last == name))
    };
    let value = result_value(output).unwrap_or(output);
    let responds = match ungrouped(value) {
        Type::Tuple(parts) => parts.elems.iter().any(|part| is(part, &RESPONSES)),
        value => is(value, &RESPONSES),
    };
    // `Json(order): Json<Order>`; a type of the user's own may be called so as well.
    let extracts = function.sig.receiver().is_none()
        && function.sig.inputs.iter().any(|argument| match argument {
            FnArg::Typed(typed) => {
                is(&typed.ty, &EXTRACTORS) && matches!(typed.pat.as_ref(), Pat::TupleStruct(_))
            }
            FnArg::Receiver(_) => false,
        });
    if !(responds && extracts) {
        return None;
    }
    let message = "a handler finds its `Idem` by the layer, and its key in the request's header: remove `with`, and `key` \
                   unless the payload says it";
    Some(Error::new(with.name.span(), message))
}

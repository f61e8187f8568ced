//! What the axum form asks of the function.

use syn::{Error, Expr, FnArg, ReturnType};

use crate::args::{Arg, Given};
use crate::diag::{Bag, Reported};
use crate::input::{Function, is_tx};
use crate::model::AxumForm;

/// axum takes handlers of up to 16 arguments, and the context is one.
const MOST_ARGUMENTS: usize = 15;

/// Checks every rule of the form.
///
/// # Errors
/// `bag` says what is wrong.
pub(crate) fn form(
    key: Arg<Expr>,
    detach: &Arg<()>,
    function: &Function,
    bag: &mut Bag,
) -> Result<AxumForm, Reported> {
    bag.all([receiver(function), detached(detach), arguments(function)].into_iter().flatten())?;
    let output = match &function.sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(ty.as_ref().clone()),
    };
    Ok(AxumForm { key: key.given()?, output })
}

fn receiver(function: &Function) -> Option<Error> {
    let receiver = function.sig.receiver()?;
    let message = "an axum handler is a free function: remove `self`, \
                   or protect the method by adding `with = self.idem, key = …, name = \"…\"`";
    Some(Error::new_spanned(receiver, message))
}

fn detached(detach: &Arg<()>) -> Option<Error> {
    let Arg::Given(Given { name, .. }) = detach else { return None };
    Some(Error::new(name.span(), "the axum form always runs in its own task: remove `detach`"))
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

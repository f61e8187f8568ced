//! Rules that concern more than one argument, or the function itself. Every rule is checked, also when another rule is
//! broken; a rule that would only repeat another mistake stays silent.

mod axum;
mod plain;
mod signature;
mod spans;
mod transaction;

use crate::args::{Arg, Args};
use crate::diag::{Bag, Reported};
use crate::input::{Argument, Buffering, Function};
use crate::model::{Features, Form, Plan, Spec};
use crate::path;

/// Decides what to emit for `function`.
///
/// # Errors
/// Something is wrong, and `bag` says what.
pub(crate) fn plan(
    args: Args,
    function: &Function,
    features: Features,
    bag: &mut Bag,
) -> Result<Plan, Reported> {
    let body = signature::check(function, bag);
    let spans = spans::check(&args, bag);
    let asked = transaction::Asked {
        isolation: args.isolation,
        retries: args.tx_retries,
        commit_on: args.commit_on,
        after_crash: &args.after_crash,
        on_error: &args.on_error,
    };
    let tx_plan = transaction::tx_plan(asked, function, features, bag);
    let form = match (args.with, args.lost) {
        (Arg::Given(with), lost) => {
            let (name, on_error) = (&args.name, &args.on_error);
            let fields = &args.fingerprint_headers;
            let asked =
                plain::Asked { with, key: args.key, name, fields, detach: args.detach, on_error, lost };
            plain::form(asked, function, bag).map(|form| Form::Plain(Box::new(form)))
        }
        // The name that was not understood may have been `with`.
        (Arg::Broken(reported), _) | (Arg::Absent, Some(reported)) => Err(reported),
        (Arg::Absent, None) => {
            axum::form(args.key, [&args.scope, &args.fingerprint], &args.detach, function, features, bag)
                .map(|form| Form::Axum(Box::new(form)))
        }
    };
    let form = form?;
    spans?;
    let buffering = match &form {
        // The body counts only where nothing else says what does.
        Form::Axum(form) if form.key.is_none() && matches!(args.fingerprint, Arg::Absent) => {
            Buffering::Bodies
        }
        Form::Axum(_) | Form::Plain(_) => Buffering::Nothing,
    };
    Ok(Plan {
        body: body?.clone(),
        receiver: function.sig.receiver().map(|receiver| receiver.self_token),
        arguments: Argument::all(&function.sig.inputs, buffering),
        krate: args.krate.optional()?.unwrap_or_else(path::default),
        spec: Spec {
            name: args.name.optional()?,
            fingerprint_headers: args.fingerprint_headers.optional()?.unwrap_or_default(),
            ttl: args.ttl.optional()?,
            lease: args.lease.optional()?,
            wait: args.wait.optional()?,
            max_run: args.max_run.optional()?,
            optional: args.optional.optional()?,
            on_error: args.on_error.optional()?,
            after_crash: args.after_crash.optional()?,
        },
        scope: args.scope.given()?,
        fingerprint: args.fingerprint.given()?,
        store_if: args.store_if.optional()?,
        function: function.stripped(),
        tx: tx_plan?,
        form,
    })
}

//! The names that emitted code uses. All start with `__idem_` and are the same in every build; their span is
//! `mixed_site`, so that a user's body can neither see nor shadow the local ones.

use proc_macro2::{Ident, Span};

/// The context, first parameter of the axum form.
pub(crate) fn context() -> Ident {
    own("__idem_cx")
}

/// The operation being set up.
pub(crate) fn operation() -> Ident {
    own("__idem_op")
}

/// The transaction, before the user's pattern is matched.
pub(crate) fn transaction() -> Ident {
    own("__idem_tx")
}

/// The function whose output is the declared one.
pub(crate) fn declared() -> Ident {
    own("__idem_declared")
}

/// How errors of the plain form are treated.
pub(crate) fn errors() -> Ident {
    own("__idem_errors")
}

/// The value inside a matched `Result`.
pub(crate) fn value() -> Ident {
    own("__idem_value")
}

/// The argument at `position`, which the user left without a name.
pub(crate) fn argument(position: usize) -> Ident {
    own(&format!("__idem_arg_{position}"))
}

/// The argument at `position` before its body is buffered.
pub(crate) fn body(position: usize) -> Ident {
    own(&format!("__idem_body_{position}"))
}

/// `name`, one of the above, standing elsewhere.
pub(crate) fn located(name: &Ident, at: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(Span::mixed_site().located_at(at));
    name
}

fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

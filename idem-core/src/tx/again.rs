//! Arguments of a handler that may run more than once.

/// What `tx_retries` needs of every argument.
#[diagnostic::on_unimplemented(
    message = "`tx_retries` runs the handler again, and `{Self}` cannot be cloned for it",
    label = "not `Clone`",
    note = "derive `Clone`, take a value that is, or remove `tx_retries`: a conflict is then answered with 503"
)]
pub trait Repeatable: Sized {
    #[doc(hidden)]
    #[must_use]
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Repeatable for T {
    fn again(&self) -> Self {
        self.clone()
    }
}

/// A copy for one run.
#[must_use]
pub fn again<T: Repeatable>(argument: &T) -> T {
    argument.again()
}

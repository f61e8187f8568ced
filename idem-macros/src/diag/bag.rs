//! The error bag: one compile shows every mistake.

use proc_macro2::TokenStream;
use syn::Error;

/// Collects mistakes while the attribute and the function are read.
#[derive(Default)]
#[must_use]
pub(crate) struct Bag {
    errors: Vec<Error>,
}

/// Proof that a mistake lies in the bag. Only [`Bag::push`] makes one, so a function that returns it has reported.
#[derive(Clone, Copy)]
pub(crate) struct Reported(());

/// At least one mistake, ready to be emitted.
pub(crate) struct Mistakes(Vec<Error>);

impl Bag {
    /// Adds one mistake.
    pub(crate) fn push(&mut self, error: Error) -> Reported {
        self.errors.push(error);
        Reported(())
    }

    /// Adds the mistake of `result`, if it is one.
    pub(crate) fn report<T>(&mut self, result: Result<T, Error>) -> Result<T, Reported> {
        result.map_err(|error| self.push(error))
    }

    /// Adds every mistake of `errors`.
    pub(crate) fn all(&mut self, errors: impl IntoIterator<Item = Error>) -> Result<(), Reported> {
        let mut outcome = Ok(());
        for error in errors {
            outcome = Err(self.push(error));
        }
        outcome
    }

    /// Ends with one more mistake.
    pub(crate) fn fail(mut self, error: Error) -> Mistakes {
        self.errors.push(error);
        Mistakes(self.errors)
    }

    /// Gives `outcome` out only if nothing was reported at all.
    pub(crate) fn finish<T>(self, outcome: Result<T, Reported>) -> Result<T, Mistakes> {
        match outcome {
            Ok(value) if self.errors.is_empty() => Ok(value),
            Ok(_) | Err(Reported(())) => Err(Mistakes(self.errors)),
        }
    }
}

impl Mistakes {
    /// One `compile_error!` for each mistake, each on its token.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.0.iter().map(Error::to_compile_error).collect()
    }
}

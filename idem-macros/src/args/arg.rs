//! One argument: absent, unusable, or given.

use proc_macro2::{Ident, TokenStream};
use syn::parse::ParseStream;
use syn::{Error, Result, Token};

use super::names;
use crate::diag::{Bag, Reported};

/// What the attribute says about one argument.
#[derive(Default)]
pub(crate) enum Arg<T> {
    /// Not mentioned.
    #[default]
    Absent,
    /// Mentioned, but its value is a mistake.
    Broken(Reported),
    /// Mentioned, with a usable value.
    Given(Given<T>),
}

/// A value, and the name it was given to: mistakes that concern the argument as a whole point at the name.
pub(crate) struct Given<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

impl<T> Arg<T> {
    /// Reads `= value` after `name`.
    pub(crate) fn assign(
        &mut self,
        name: Ident,
        input: ParseStream<'_>,
        read: fn(&Ident, ParseStream<'_>) -> Result<T>,
        bag: &mut Bag,
    ) -> std::result::Result<(), Reported> {
        let written = input.fork();
        let value = assignment(&name, input).and_then(|()| read(&name, input));
        let value = value.map_err(|error| located(error, &name, &written, input.is_empty()));
        self.set(name, value, bag)
    }

    /// Takes the first value; a second one is a mistake, and the first one stays.
    pub(crate) fn set(
        &mut self,
        name: Ident,
        value: Result<T>,
        bag: &mut Bag,
    ) -> std::result::Result<(), Reported> {
        let value = bag.report(value);
        if !matches!(self, Self::Absent) {
            bag.push(Error::new(name.span(), format!("`{name}` is given twice: keep one")));
            return value.map(drop);
        }
        let outcome = value.as_ref().map_or_else(|reported| Err(*reported), |_| Ok(()));
        *self = match value {
            Ok(value) => Self::Given(Given { name, value }),
            Err(reported) => Self::Broken(reported),
        };
        outcome
    }

    /// The value and its name, if it is there.
    pub(crate) fn given(self) -> std::result::Result<Option<Given<T>>, Reported> {
        match self {
            Self::Absent => Ok(None),
            Self::Broken(reported) => Err(reported),
            Self::Given(given) => Ok(Some(given)),
        }
    }

    /// The value, if it is usable.
    pub(crate) fn value(&self) -> Option<&T> {
        match self {
            Self::Given(given) => Some(&given.value),
            Self::Absent | Self::Broken(_) => None,
        }
    }

    /// The value, if there is one.
    pub(crate) fn optional(self) -> std::result::Result<Option<T>, Reported> {
        Ok(self.given()?.map(|given| given.value))
    }
}

/// Where the text breaks off, syn blames the whole attribute: blame the last word instead. A text that was not read to
/// its end broke off inside brackets, and there syn blames the closing one.
fn located(error: Error, name: &Ident, written: ParseStream<'_>, ended: bool) -> Error {
    if !error.to_string().starts_with("unexpected end of input") {
        return error;
    }
    let last = written.parse::<TokenStream>().ok().and_then(|tokens| tokens.into_iter().last());
    let span = last.filter(|_| ended).map_or_else(|| error.span(), |last| last.span());
    let usage = names::usage(name);
    Error::new(span, format!("the value of `{name}` breaks off here: `{usage}`"))
}

fn assignment(name: &Ident, input: ParseStream<'_>) -> Result<()> {
    let usage = names::usage(name);
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), format!("`{name}` takes a value: `{usage}`")));
    }
    if input.peek(Token![==]) {
        let twice: Token![==] = input.parse()?;
        return Err(Error::new_spanned(twice, format!("write one `=`: `{usage}`")));
    }
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, format!("a value is missing after `{name} =`: `{usage}`")));
    }
    Ok(())
}

//! Arguments that are a bare word: `optional`, `detach`.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, Token};

use super::Arg;
use crate::diag::{Bag, Reported};

/// Reads what follows `name`, which must be nothing.
pub(crate) fn read(
    arg: &mut Arg<()>,
    name: Ident,
    input: ParseStream<'_>,
    bag: &mut Bag,
) -> Result<(), Reported> {
    let value = nothing(&name, input);
    arg.set(name, value, bag)
}

fn nothing(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Ok(());
    }
    let equals: Token![=] = input.parse()?;
    drop(input.parse::<Expr>());
    Err(Error::new(equals.span, format!("`{name}` takes no value: write `{name}`, or leave it out")))
}

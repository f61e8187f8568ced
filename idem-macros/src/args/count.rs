//! `tx_retries = 3`: how often.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, Result};

use super::expression::bare;
use super::names;

/// More would hide a design that always collides.
const MOST: u32 = 100;

/// Reads a number from 1.
///
/// # Errors
/// It is not an integer literal from 1 to 100.
pub(crate) fn parse(name: &Ident, input: ParseStream<'_>) -> Result<u32> {
    let expression: Expr = input.parse()?;
    let number = match bare(&expression) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse::<u32>().ok(),
            _ => None,
        },
        _ => None,
    };
    number.filter(|number| (1..=MOST).contains(number)).ok_or_else(|| {
        let usage = names::usage(name);
        Error::new_spanned(&expression, format!("`{name}` is a number from 1 to {MOST}: `{usage}`"))
    })
}

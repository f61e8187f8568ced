//! `name = "…"`: what the operation is called in the store.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, LitStr, Result};

use super::expression::bare;

/// The longest name, in bytes.
const LONGEST: usize = 128;

/// Reads a name.
///
/// # Errors
/// It is not a string literal, or is empty, too long, or has bytes other than visible ASCII.
pub(crate) fn parse(name: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let expression: Expr = input.parse()?;
    let Expr::Lit(literal) = bare(&expression) else { return Err(not_a_literal(name, &expression)) };
    let Lit::Str(text) = &literal.lit else { return Err(not_a_literal(name, &expression)) };
    match problem(&text.value()) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text.clone()),
    }
}

fn not_a_literal(name: &Ident, expression: &Expr) -> Error {
    let message = format!(
        "`{name}` is a string literal, such as `{name} = \"stripe-events\"`: \
         the store knows the operation by it, so it may not change from build to build"
    );
    Error::new_spanned(expression, message)
}

fn problem(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(
            "the name is empty: write what the operation is called, such as `name = \"settle\"`".to_owned(),
        );
    }
    if text.len() > LONGEST {
        return Some(format!("the name has {} bytes: write at most {LONGEST}", text.len()));
    }
    let odd = text.chars().find(|letter| !letter.is_ascii_graphic())?;
    Some(format!(
        "{odd:?} cannot stand in a name: use visible ASCII without spaces, such as `name = \"stripe-events\"`"
    ))
}

//! Expressions over the function's arguments. They stay tokens, so that renaming, completion and the compiler's own
//! errors work inside the attribute.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, Result};

use super::names;

/// Any expression.
pub(crate) fn value(_name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    input.parse()
}

/// An expression that cannot be text.
///
/// # Errors
/// It is a string literal: other attributes take code in strings, this one does not.
pub(crate) fn code(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    if let Expr::Lit(literal) = bare(&expression) {
        let message = match &literal.lit {
            Lit::Str(text) => format!("write the expression without quotes: `{name} = {}`", text.value()),
            _ => format!("`{name}` is an expression over the arguments: `{}`", names::usage(name)),
        };
        return Err(Error::new_spanned(&expression, message));
    }
    Ok(expression)
}

/// An expression that tells one call from another.
///
/// # Errors
/// It is built from literals alone.
pub(crate) fn key(_name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    if is_constant(&expression) {
        let message = "a constant key makes every call the same operation: \
                       use a value from the arguments, such as `key = event.id`";
        return Err(Error::new_spanned(&expression, message));
    }
    Ok(expression)
}

fn is_constant(expression: &Expr) -> bool {
    match bare(expression) {
        Expr::Lit(_) => true,
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_constant),
        _ => false,
    }
}

/// The expression inside parentheses, references and the invisible groups of `macro_rules!`.
pub(crate) fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        Expr::Reference(inner) => bare(&inner.expr),
        _ => expression,
    }
}

//! Expressions over the function's arguments. They stay tokens, so that renaming, completion and the compiler's own
//! errors work inside the attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, Result};

use super::constant::is_constant;
use super::names;

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
/// It is the same for every call.
pub(crate) fn key(_name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    varying(input, |text| {
        let instead = match text {
            Some(text) => format!("write the expression without quotes: `key = {text}`"),
            None => "use a value from the arguments, such as `key = event.id`".to_owned(),
        };
        format!("a constant key makes every call the same operation: {instead}")
    })
}

/// Who a key belongs to.
///
/// # Errors
/// It is the same for every caller.
pub(crate) fn scope(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    varying(input, |text| {
        let instead = match text {
            Some(text) => {
                format!("write the expression without quotes, `{name} = {text}`, or remove `{name}`")
            }
            None => format!(
                "use a value from the arguments, such as `{}`, or remove `{name}`",
                names::usage(name)
            ),
        };
        format!("a constant scope makes all callers one, who then see each other's answers: {instead}")
    })
}

/// What a call says.
///
/// # Errors
/// It is the same for every call, and not `()`, which says that nothing counts.
pub(crate) fn fingerprint(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(syn::token::Paren) && is_unit(&input.fork()) {
        return input.parse();
    }
    varying(input, |text| {
        let instead = match text {
            Some(text) => format!("write the expression without quotes: `{name} = {text}`"),
            None => {
                format!("use values from the arguments, such as `{}`, or `{name} = ()`", names::usage(name))
            }
        };
        format!("a constant fingerprint tells no two requests apart: {instead}")
    })
}

fn is_unit(input: ParseStream<'_>) -> bool {
    matches!(input.parse(), Ok(Expr::Tuple(tuple)) if tuple.elems.is_empty())
}

/// An expression that is not constant; `message` is given what looks like an expression in quotes.
fn varying(input: ParseStream<'_>, message: impl FnOnce(Option<String>) -> String) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    if is_constant(&expression) {
        return Err(Error::new_spanned(&expression, message(quoted(&expression))));
    }
    Ok(expression)
}

/// The code in a string: a path or a field, as other attributes take it.
fn quoted(expression: &Expr) -> Option<String> {
    let Expr::Lit(literal) = bare(expression) else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    let code = text.value();
    match syn::parse_str::<Expr>(&code) {
        Ok(Expr::Lit(_)) | Err(_) => None,
        Ok(_) => Some(code),
    }
}

/// Whether an expression may leave its function, or wait in it.
pub(crate) fn leaves(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => leaves(group.stream()),
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => word == "await" || word == "return",
        TokenTree::Literal(_) => false,
    })
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

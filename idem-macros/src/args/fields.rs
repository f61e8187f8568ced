//! `fingerprint_headers = ["x-dry-run"]`: header fields that change what a request means.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Error, Expr, ExprArray, Lit, LitStr, Result};

use super::expression::bare;
use super::names;

/// Reads a list of names.
///
/// # Errors
/// It is not an array of string literals, is empty, names a field twice, or has a name that no request uses.
pub(crate) fn parse(name: &Ident, input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let expression: Expr = input.parse()?;
    let Expr::Array(ExprArray { elems, .. }) = bare(&expression) else {
        let message = format!("`{name}` is a list of header names: `{}`", names::usage(name));
        return Err(Error::new_spanned(&expression, message));
    };
    if elems.is_empty() {
        let message = format!("the list is empty: name a header field, or remove `{name}`");
        return Err(Error::new_spanned(&expression, message));
    }
    let mut fields: Vec<LitStr> = Vec::with_capacity(elems.len());
    for element in elems {
        let field = field(name, element)?;
        if fields.iter().any(|known| known.value() == field.value()) {
            return Err(Error::new(field.span(), format!("\"{}\" is named twice: keep one", field.value())));
        }
        fields.push(field);
    }
    Ok(fields)
}

fn field(name: &Ident, element: &Expr) -> Result<LitStr> {
    let Expr::Lit(literal) = bare(element) else { return Err(not_a_literal(name, element)) };
    let Lit::Str(text) = &literal.lit else { return Err(not_a_literal(name, element)) };
    match problem(&text.value()) {
        Some(problem) => Err(Error::new(text.span(), problem)),
        None => Ok(text.clone()),
    }
}

fn not_a_literal(name: &Ident, element: &Expr) -> Error {
    let message = format!("a header name is a string literal: `{}`", names::usage(name));
    Error::new_spanned(element, message)
}

fn problem(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("the header name is empty: write one such as \"x-dry-run\"".to_owned());
    }
    // RFC 9110 §5.6.2.
    let token = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if let Some(odd) = text.chars().find(|letter| !token(*letter)) {
        return Some(format!(
            "{odd:?} cannot stand in a header name: use letters, digits and `-`, such as \"x-dry-run\""
        ));
    }
    if text.chars().any(|letter| letter.is_ascii_uppercase()) {
        return Some(format!("write the header name in lower case: \"{}\"", text.to_ascii_lowercase()));
    }
    (text == "idempotency-key").then(|| {
        "the key tells operations apart, and is no part of the fingerprint: remove it from the list"
            .to_owned()
    })
}

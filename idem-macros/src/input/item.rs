//! Items that are no function.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::Error;

const ITEMS: [&str; 12] = [
    "struct",
    "enum",
    "union",
    "trait",
    "impl",
    "mod",
    "const",
    "static",
    "type",
    "use",
    "extern",
    "macro_rules",
];

/// What to say about `item`, which could not be read as a function because of `error`.
pub(crate) fn misplaced(item: &TokenStream, error: Error) -> Error {
    let words = heading(item);
    let before_fn = words.iter().position(|word| word == "fn").unwrap_or(words.len());
    let is_function = before_fn < words.len() && words.iter().take(before_fn).all(is_qualifier);
    if is_function {
        return error;
    }
    let on = "`#[idempotent]` goes on an `async fn`";
    match words.iter().find(|word| ITEMS.iter().any(|item| word == item)) {
        Some(word) if word == "impl" || word == "trait" => {
            Error::new(word.span(), format!("{on}: write it on each method of this `{word}` that needs it"))
        }
        Some(word) => Error::new(word.span(), format!("{on}, not on a `{word}`")),
        None => Error::new(error.span(), on),
    }
}

/// A word that may stand before `fn`.
fn is_qualifier(word: &Ident) -> bool {
    const QUALIFIERS: [&str; 8] = ["pub", "crate", "default", "const", "async", "unsafe", "safe", "extern"];
    QUALIFIERS.iter().any(|qualifier| word == qualifier)
}

/// The words before the first `{ … }`.
fn heading(item: &TokenStream) -> Vec<Ident> {
    item.clone()
        .into_iter()
        .take_while(
            |token| !matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace),
        )
        .filter_map(|token| match token {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        })
        .collect()
}

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
    if words.iter().any(|word| word == "fn") {
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

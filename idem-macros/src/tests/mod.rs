//! The attribute in its library form: what it emits, what it says about mistakes, and that nothing it emits depends on
//! the names around it.

mod expansions;
mod fixtures;
mod fuzz;
mod hygiene;
mod kept;
mod mistakes;

use proc_macro2::TokenStream;

use crate::expand::expand;
use crate::model::Features;

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("tokens")
}

/// The expansion of `#[idempotent(args)] item`.
fn expansion(args: &str, item: &str) -> TokenStream {
    expand(tokens(args), tokens(item), Features::ALL)
}

/// The same, laid out by rustfmt's rules.
fn pretty(args: &str, item: &str) -> String {
    let expansion = expansion(args, item);
    let file = syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error} in\n{expansion}"));
    prettyplease::unparse(&file)
}

/// `source` without spaces, for tokens print theirs by rules of their own.
fn compact(source: &impl ToString) -> String {
    source.to_string().split_whitespace().collect()
}

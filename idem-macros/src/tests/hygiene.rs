//! Emitted code means the same with any names in scope: it says `::core::result::Result::Ok`, never `Ok`.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;

use super::fixtures::ALL;
use super::tokens;
use crate::expand::expand;
use crate::model::Features;

/// Names from the prelude, and roots of paths, which a user's crate may give another meaning.
const FROM_PRELUDE: [&str; 13] = [
    "Ok", "Err", "Some", "None", "Result", "Option", "Vec", "Box", "Send", "Sync", "Drop", "String",
    "ToString",
];
const ROOTS: [&str; 4] = ["core", "std", "alloc", "idem_core"];

#[test]
fn nothing_emitted_depends_on_the_prelude() {
    for fixture in &ALL {
        let expansion = expand(renamed(tokens(fixture.args)), renamed(tokens(fixture.item)), Features::ALL);
        assert_eq!(bare_names(&expansion), Vec::<String>::new(), "{}", fixture.name);
    }
}

/// A dependency may be called `core` or `std`: nothing is found by these names but through idem-core.
#[test]
fn nothing_emitted_depends_on_the_names_of_dependencies() {
    for fixture in &ALL {
        let emitted = super::compact(&super::expansion(fixture.args, fixture.item));
        for root in ["core", "std", "alloc"] {
            let named = emitted.matches(&format!("::{root}::")).count();
            let through = emitted.matches(&format!("::__private::{root}::")).count();
            assert_eq!(named, through, "{}: {emitted}", fixture.name);
        }
    }
}

#[test]
fn a_renamed_crate_is_used_everywhere() {
    for fixture in ALL.iter().filter(|fixture| !fixture.args.contains("crate =")) {
        let separator = if fixture.args.is_empty() { "" } else { ", " };
        let args = format!("{}{separator}crate = ::renamed", fixture.args);
        let expansion = super::expansion(&args, fixture.item);
        let names = idents(&expansion);
        assert!(names.iter().any(|name| name == "renamed"), "{}", fixture.name);
        assert!(!names.iter().any(|name| name == "idem_core"), "{}", fixture.name);
    }
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    assert_eq!(bare_names(&quote!({ Ok(Some(1)) })), ["Ok", "Some"]);
    assert_eq!(bare_names(&quote!(core::result::Result::Ok)), ["core"]);
    assert_eq!(bare_names(&quote!(a::core::b)), ["core"]);
    assert_eq!(bare_names(&quote!(x: Option<u8>)), ["Option"]);
    assert_eq!(bare_names(&quote!(::core::result::Result::Ok(Vector))), [""; 0]);
    assert_eq!(
        bare_names(&quote!(
            fn x(a: ::idem_core::A) -> ::idem_core::B {
                return <T as ::core::c>::d;
            }
        )),
        [""; 0]
    );
}

/// Bare names in `tokens`: those of the prelude without `::` before them, and roots of paths that are not absolute.
fn bare_names(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut bare = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => bare.extend(bare_names(&group.stream())),
            TokenTree::Ident(name) => {
                let before =
                    |distance: usize| index.checked_sub(distance).and_then(|index| tokens.get(index));
                let after_colons = is_colon(before(1)) && is_colon(before(2));
                let in_path = after_colons && ends_a_segment(before(3), before(4));
                let name = name.to_string();
                let from_prelude = FROM_PRELUDE.contains(&name.as_str()) && !after_colons;
                let relative = ROOTS.contains(&name.as_str()) && (!after_colons || in_path);
                if from_prelude || relative {
                    bare.push(name);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    bare
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Whether `token` ends a segment of a path, so that `::` behind it goes on with that path.
fn ends_a_segment(token: Option<&TokenTree>, before: Option<&TokenTree>) -> bool {
    let is = |token: Option<&TokenTree>, sign| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    match token {
        // What idem-core gives out is found under any name.
        Some(TokenTree::Ident(name)) => {
            name != "return" && name != "use" && name != "as" && name != "__private"
        }
        // `Vec<T>::`, but not `-> ::`.
        _ => is(token, '>') && !is(before, '-'),
    }
}

/// The user's own tokens, with other names for what is looked for.
fn renamed(tokens: TokenStream) -> TokenStream {
    let rename = |token| match token {
        TokenTree::Ident(name) if FROM_PRELUDE.iter().chain(&ROOTS).any(|known| name == known) => {
            TokenTree::Ident(Ident::new(&format!("Users_{name}"), name.span()))
        }
        TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), renamed(group.stream()))),
        other => other,
    };
    tokens.into_iter().map(rename).collect()
}

fn idents(tokens: &TokenStream) -> Vec<String> {
    let names = tokens.clone().into_iter().flat_map(|token| match token {
        TokenTree::Ident(name) => vec![name.to_string()],
        TokenTree::Group(group) => idents(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
    });
    names.collect()
}

//! What must hold for every expansion.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::parse::Parse;
use syn::{File, ImplItemFn, ItemFn, LitStr, TraitItemFn};

use crate::expand::expand;
use crate::model::Features;

/// Whether `#[idempotent(args)] item` is accepted.
///
/// # Errors
/// What becomes of it is of no use.
pub(super) fn outcome(args: &TokenStream, item: &TokenStream) -> Result<bool, String> {
    let expansion = || catch_unwind(AssertUnwindSafe(|| expand(args.clone(), item.clone(), Features::ALL)));
    let (Ok(output), Ok(again)) = (expansion(), expansion()) else { return Err("panics".to_owned()) };
    let text = output.to_string();
    let fail = |what: String| Err(format!("{what}: {text}"));
    if text != again.to_string() {
        return fail(format!("becomes something else the second time, {again}"));
    }
    let (accepted, errors) = (text.contains("__private"), errors(&output));
    if accepted == text.contains("compile_error") || accepted != errors.is_empty() {
        return fail("is neither accepted nor refused, or both".to_owned());
    }
    let (written, emitted) = (words(item), words(&output));
    let name = written.windows(2).find(|pair| pair[0] == "fn");
    if let Some(name) = name
        && !emitted.windows(2).any(|pair| pair == name)
    {
        return fail(format!("loses the function `{}`", name[1]));
    }
    // What is accepted is rewritten, so its words may go: `impl Trait` does.
    if let (false, Some(word)) = (accepted, lost(&written, emitted)) {
        return fail(format!("loses `{word}`"));
    }
    if let Some(error) = ill_formed(item, &output) {
        return fail(format!("is no Rust, {error}"));
    }
    match awkward(&errors) {
        Some(awkward) => fail(awkward),
        None => Ok(accepted),
    }
}

/// Every word and sign of `stream`, but not our own attributes. Invisible groups are not seen.
fn words(stream: &TokenStream) -> Vec<String> {
    let words = stream.clone().into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => {
            let inner = words(&group.stream());
            let ours = inner.first().is_some_and(|word| word == "tx" || word == "idempotent");
            if ours && group.delimiter() == Delimiter::Bracket { Vec::new() } else { inner }
        }
        other => vec![other.to_string()],
    });
    words.collect()
}

/// The first word that is more often in `written` than in `emitted`. Signs do not count, for `#` goes with `[tx]`.
fn lost(written: &[String], mut emitted: Vec<String>) -> Option<String> {
    let mut written =
        written.iter().filter(|word| !word.starts_with(|sign: char| sign.is_ascii_punctuation()));
    let lost = written.find(|word| match emitted.iter().position(|other| other == *word) {
        Some(position) => {
            emitted.swap_remove(position);
            false
        }
        None => true,
    });
    lost.cloned()
}

/// What is wrong with the syntax of `output`. The compiler reads an item before it gives it to an attribute: what is no
/// function, or has no well-formed body, never gets here and need not become well-formed.
fn ill_formed(item: &TokenStream, output: &TokenStream) -> Option<syn::Error> {
    let method = || quote!(impl X { #output });
    let whole = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) if function.sig.receiver().is_none() => output.clone(),
        Ok(_) => method(),
        Err(_) if parses::<ImplItemFn>(item) => method(),
        Err(_) if parses::<TraitItemFn>(item) => quote!(trait X { #output }),
        Err(_) => return None,
    };
    syn::parse2::<File>(whole).err()
}

fn parses<T: Parse>(stream: &TokenStream) -> bool {
    syn::parse2::<T>(stream.clone()).is_ok()
}

/// Each `compile_error!` of `output`: where it points, and what it says.
fn errors(output: &TokenStream) -> Vec<(String, String)> {
    let tokens: Vec<TokenTree> = output.clone().into_iter().collect();
    let errors = tokens.windows(3).filter_map(|window| match window {
        [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Group(group)] if name == "compile_error" => {
            let message = syn::parse2::<LitStr>(group.stream()).expect("a message");
            Some((format!("{:?} to {:?}", name.span(), group.span()), message.value()))
        }
        _ => None,
    });
    errors.collect()
}

/// What is against our style in `errors`.
fn awkward(errors: &[(String, String)]) -> Option<String> {
    const MOST: usize = 8;
    if errors.len() > MOST {
        return Some(format!("gives {} errors", errors.len()));
    }
    let awkward = errors.iter().enumerate().find(|(position, error)| {
        // Quotes are the user's: `"accept" is named twice`.
        let starts = error.1.starts_with(|first: char| first.is_lowercase() || "`'\"".contains(first));
        !starts || error.1.ends_with('.') || errors[..*position].contains(error)
    });
    awkward.map(|(_, (at, message))| format!("says `{message}` awkwardly or again, at {at}"))
}

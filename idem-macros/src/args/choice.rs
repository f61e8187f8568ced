//! Arguments with a few bare words as values: `on_error = store`, `after_crash = rerun`.

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;
use syn::{Error, Expr, Lit, Result};

use super::expression::bare;
use crate::diag::closest;

/// What becomes of an operation whose function returned an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnError {
    Release,
    Store,
    Unknown,
}

/// What becomes of an operation whose process died.
#[derive(Clone, Copy)]
pub(crate) enum AfterCrash {
    Unknown,
    Rerun,
}

/// How much a transaction sees of others.
#[derive(Clone, Copy)]
pub(crate) enum Isolation {
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

/// A set of words.
pub(crate) trait Choice: Copy + 'static {
    /// The words as users write them, and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

impl Choice for OnError {
    const WORDS: &'static [(&'static str, Self)] =
        &[("release", Self::Release), ("store", Self::Store), ("unknown", Self::Unknown)];
}

impl Choice for AfterCrash {
    const WORDS: &'static [(&'static str, Self)] = &[("unknown", Self::Unknown), ("rerun", Self::Rerun)];
}

impl Choice for Isolation {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("read_committed", Self::ReadCommitted),
        ("repeatable_read", Self::RepeatableRead),
        ("serializable", Self::Serializable),
    ];
}

impl Isolation {
    /// The variant's name in idem-core.
    pub(crate) fn variant(self) -> Ident {
        let name = match self {
            Self::ReadCommitted => "ReadCommitted",
            Self::RepeatableRead => "RepeatableRead",
            Self::Serializable => "Serializable",
        };
        Ident::new(name, Span::mixed_site())
    }
}

impl OnError {
    /// The variant's name in idem-core.
    pub(crate) fn variant(self) -> Ident {
        let name = match self {
            Self::Release => "Release",
            Self::Store => "Store",
            Self::Unknown => "Unknown",
        };
        Ident::new(name, Span::mixed_site())
    }
}

impl AfterCrash {
    /// The variant's name in idem-core.
    pub(crate) fn variant(self) -> Ident {
        let name = match self {
            Self::Unknown => "Unknown",
            Self::Rerun => "Rerun",
        };
        Ident::new(name, Span::mixed_site())
    }
}

/// Reads one of the words.
///
/// # Errors
/// It is another word, or not a bare word.
pub(crate) fn parse<C: Choice>(name: &Ident, input: ParseStream<'_>) -> Result<C> {
    let expression: Expr = input.parse()?;
    let (written, quoted) = match bare(&expression) {
        Expr::Path(path) => (path.path.get_ident().map(ToString::to_string), false),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => (Some(text.value()), true),
            _ => (None, false),
        },
        _ => (None, false),
    };
    let known = |word: &str| C::WORDS.iter().find(|(known, _)| *known == word);
    let message = match (written, quoted) {
        (Some(word), quoted) => match known(&word) {
            Some(&(_, choice)) if !quoted => return Ok(choice),
            Some((word, _)) => format!("write the word without quotes: `{name} = {word}`"),
            None => unknown::<C>(name, &word),
        },
        (None, _) => format!("`{name}` is one of {}", list::<C>()),
    };
    Err(Error::new_spanned(&expression, message))
}

fn unknown<C: Choice>(name: &Ident, written: &str) -> String {
    let words: Vec<&'static str> = C::WORDS.iter().map(|(word, _)| *word).collect();
    match closest(written, &words) {
        Some(word) => format!("`{name}` knows no `{written}`: did you mean `{name} = {word}`?"),
        None => format!("`{name}` knows no `{written}`: it is one of {}", list::<C>()),
    }
}

fn list<C: Choice>() -> String {
    let words: Vec<String> = C::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
    words.join(", ")
}

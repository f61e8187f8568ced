//! Mutants of a token stream: what a slip of the hand, a half-typed line or `macro_rules!` makes of it.

use std::{iter, slice};

use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};

use crate::tests::tokens;

/// What replaces a token: words and signs that mean something where they may stand, and something where they may not.
const ALPHABET: &str = ", = ? 'a _ self mut \"text\" 1 () {} fn impl dyn async < > # tx r#type : & | where";

/// Makes mutants.
pub(super) struct Mutator {
    alphabet: Vec<TokenStream>,
    /// One span for each token, in the order of the text: mutants get theirs from here, so that no two tokens share one.
    spans: Vec<Span>,
}

impl Mutator {
    pub(super) fn new() -> Self {
        let spans = tokens(&"x ".repeat(2000)).into_iter().map(|token| token.span()).collect();
        Self { alphabet: units(tokens(ALPHABET)), spans }
    }

    /// Gives each mutant of `source` to `visit`. Groups are changed inside too, where `enters` says so.
    pub(super) fn each(
        &self,
        source: TokenStream,
        enters: &dyn Fn(&Group) -> bool,
        visit: &mut dyn FnMut(TokenStream),
    ) {
        let source = units(source);
        let mut change = |from: usize, to: usize, with: &[TokenStream]| {
            let (before, after) = (&source[..from], &source[to..]);
            visit(before.iter().chain(with).chain(after).cloned().collect());
        };
        for (index, unit) in source.iter().enumerate() {
            let next = index + 1;
            change(index, next, &[]);
            change(index, next, &[unit.clone(), unit.clone()]);
            if let Some(neighbour) = source.get(next) {
                change(index, next + 1, &[neighbour.clone(), unit.clone()]);
            }
            for other in &self.alphabet {
                change(index, next, slice::from_ref(other));
            }
            change(index, source.len(), &[]);
            change(index, next, &[invisible(unit.clone())]);
            // `$value:expr` and `$ty:ty` are groups of more than one token.
            let rest = source[index..].iter().take_while(|unit| !is_comma(unit)).count();
            if rest > 1 {
                let run = source[index..index + rest].iter().cloned().collect();
                change(index, index + rest, &[invisible(run)]);
            }
            if let Some(group) = group(unit).filter(|group| enters(group)) {
                self.each(group.stream(), &|_| true, &mut |inner| {
                    let inner = TokenTree::Group(Group::new(group.delimiter(), inner));
                    change(index, next, &[inner.into()]);
                });
            }
        }
    }

    /// `stream` as the compiler would hand it on, with `used` spans already given to others.
    pub(super) fn settled(&self, stream: TokenStream, used: &mut usize) -> TokenStream {
        let mut settled = Vec::new();
        let mut stream = stream.into_iter().peekable();
        while let Some(mut token) = stream.next() {
            let span = self.spans.get(*used).copied().expect("a span for each token");
            *used += 1;
            if let TokenTree::Group(group) = &token {
                token = Group::new(group.delimiter(), self.settled(group.stream(), used)).into();
            }
            if let TokenTree::Punct(punct) = &token
                && punct.as_char() != '\''
                && !matches!(stream.peek(), Some(TokenTree::Punct(_)))
            {
                // Half of an operator that was taken apart.
                token = proc_macro2::Punct::new(punct.as_char(), Spacing::Alone).into();
            }
            token.set_span(span);
            settled.push(token);
        }
        settled.into_iter().collect()
    }
}

/// The tokens of `stream`, each for itself. A lifetime is two, which the compiler never takes apart.
fn units(stream: TokenStream) -> Vec<TokenStream> {
    let mut stream = stream.into_iter();
    iter::from_fn(|| {
        let first = stream.next()?;
        let quote = matches!(&first, TokenTree::Punct(punct) if punct.as_char() == '\'');
        let second = if quote { stream.next() } else { None };
        Some(iter::once(first).chain(second).collect())
    })
    .collect()
}

fn invisible(stream: TokenStream) -> TokenStream {
    TokenTree::Group(Group::new(Delimiter::None, stream)).into()
}

fn group(unit: &TokenStream) -> Option<Group> {
    match unit.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    }
}

fn is_comma(unit: &TokenStream) -> bool {
    matches!(unit.clone().into_iter().next(), Some(TokenTree::Punct(punct)) if punct.as_char() == ',')
}

//! Spans that are ours, and stand where the user wrote something: errors point there, names stay hidden.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

/// A span of ours at the first token of `tokens`.
pub(crate) fn at(tokens: &impl ToTokens) -> Span {
    let mut tokens = tokens.to_token_stream().into_iter();
    tokens.next().map_or_else(Span::mixed_site, |first| located(first.span()))
}

/// `tokens`, which mean what they meant, standing at `at`.
pub(crate) fn moved(tokens: &impl ToTokens, at: Span) -> TokenStream {
    let moved = |mut token: TokenTree| {
        token.set_span(token.span().located_at(at));
        token
    };
    tokens.to_token_stream().into_iter().map(moved).collect()
}

/// `name` as a method or function of ours, standing where the user wrote it.
pub(crate) fn ident(name: &str, at: Span) -> Ident {
    Ident::new(name, located(at))
}

/// `&(expression)`: borrows a place instead of moving it. An error about it underlines the whole expression.
pub(crate) fn borrow(expression: &impl ToTokens) -> TokenStream {
    let tokens = expression.to_token_stream();
    let last = tokens.clone().into_iter().last();
    let mut group = Group::new(Delimiter::Parenthesis, tokens.clone());
    group.set_span(last.map_or_else(Span::mixed_site, |last: TokenTree| located(last.span())));
    quote_spanned!(at(&tokens)=> &#group)
}

/// `{ statements }` in the place of the user's `body`, so that a message of the compiler about the whole function shows
/// it as it was written.
pub(crate) fn block(body: &Group, statements: TokenStream) -> Group {
    let mut block = Group::new(Delimiter::Brace, statements);
    block.set_span(body.span());
    block
}

fn located(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

//! A function or method, with a body that is not parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{AttrStyle, Attribute, FnArg, Result, Signature, Token, Visibility};

use super::{is_idempotent, is_tx};

/// The item, if it is a function.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Body,
}

/// What stands after the signature.
#[derive(Clone)]
pub(crate) enum Body {
    /// `{ … }`, token for token.
    Block(Group),
    /// `;`, as in a trait's declaration.
    Missing(Token![;]),
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let body = match ungrouped(input.parse()?) {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                Body::Block(hoist_attributes(group, &mut attrs))
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => Body::Missing(Token![;](punct.span())),
            other => return Err(syn::Error::new(other.span(), "expected the function's body")),
        };
        Ok(Self { attrs, vis, sig, body })
    }
}

impl Function {
    /// The function without the attributes that are ours.
    pub(crate) fn unmarked(&self) -> Self {
        let mut plain = self.clone();
        plain.attrs.retain(|attribute| !is_idempotent(attribute));
        for argument in &mut plain.sig.inputs {
            let attrs = match argument {
                FnArg::Receiver(receiver) => &mut receiver.attrs,
                FnArg::Typed(typed) => &mut typed.attrs,
            };
            attrs.retain(|attribute| !is_tx(attribute));
        }
        plain
    }

    /// The function as its callers see it: also without the transaction.
    pub(crate) fn stripped(&self) -> Self {
        let mut plain = self.unmarked();
        let inputs = std::mem::take(&mut plain.sig.inputs).into_iter().zip(&self.sig.inputs);
        let of_callers = inputs.filter(|(_, written)| match written {
            FnArg::Receiver(_) => true,
            FnArg::Typed(typed) => !typed.attrs.iter().any(is_tx),
        });
        plain.sig.inputs = of_callers.map(|(argument, _)| argument).collect();
        plain
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        match &self.body {
            Body::Block(group) => group.to_tokens(tokens),
            Body::Missing(semicolon) => semicolon.to_tokens(tokens),
        }
    }
}

/// A `$body:block` of `macro_rules!` comes in an invisible group.
fn ungrouped(token: TokenTree) -> TokenTree {
    let TokenTree::Group(group) = &token else { return token };
    let mut inner = group.stream().into_iter();
    match (group.delimiter(), inner.next(), inner.next()) {
        (Delimiter::None, Some(only), None) => ungrouped(only),
        _ => token,
    }
}

/// Moves `#![…]` at the start of the body above the function: the body becomes an inner block, where they may not
/// stand.
fn hoist_attributes(body: Group, attrs: &mut Vec<Attribute>) -> Group {
    let split =
        |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?));
    match split.parse2(body.stream()) {
        Ok((inner, rest)) if !inner.is_empty() => {
            attrs.extend(
                inner.into_iter().map(|attribute| Attribute { style: AttrStyle::Outer, ..attribute }),
            );
            let mut group = Group::new(Delimiter::Brace, rest);
            group.set_span(body.span());
            group
        }
        _ => body,
    }
}

//! Expressions over the function's arguments. They stay tokens, so that renaming, completion and the compiler's own
//! errors work inside the attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Lit, Result, Stmt, Token};

use super::names;

/// An expression that cannot be text.
///
/// # Errors
/// It is a string literal: other attributes take code in strings, this one does not.
pub(crate) fn code(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    if let Expr::Lit(literal) = bare(&expression) {
        let message = match &literal.lit {
            Lit::Str(text) => format!("write the expression without quotes: `{name} = {}`", text.value()),
            _ => format!("`{name}` is an expression over the arguments: `{}`", names::usage(name)),
        };
        return Err(Error::new_spanned(&expression, message));
    }
    Ok(expression)
}

/// An expression that tells one call from another.
///
/// # Errors
/// It is the same for every call.
pub(crate) fn key(_name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    let message = "a constant key makes every call the same operation: \
                   use a value from the arguments, such as `key = event.id`";
    varying(input, |_| message.to_owned())
}

/// Who a key belongs to.
///
/// # Errors
/// It is the same for every caller.
pub(crate) fn scope(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    varying(input, |text| {
        let instead = match text {
            Some(text) => {
                format!("write the expression without quotes, `{name} = {text}`, or remove `{name}`")
            }
            None => format!(
                "use a value from the arguments, such as `{}`, or remove `{name}`",
                names::usage(name)
            ),
        };
        format!("a constant scope makes all callers one, who then see each other's answers: {instead}")
    })
}

/// What a call says.
///
/// # Errors
/// It is the same for every call, and not `()`, which says that nothing counts.
pub(crate) fn fingerprint(name: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(syn::token::Paren) && is_unit(&input.fork()) {
        return input.parse();
    }
    varying(input, |text| {
        let instead = match text {
            Some(text) => format!("write the expression without quotes: `{name} = {text}`"),
            None => {
                format!("use values from the arguments, such as `{}`, or `{name} = ()`", names::usage(name))
            }
        };
        format!("a constant fingerprint tells no two requests apart: {instead}")
    })
}

fn is_unit(input: ParseStream<'_>) -> bool {
    matches!(input.parse(), Ok(Expr::Tuple(tuple)) if tuple.elems.is_empty())
}

/// An expression that is not constant; `message` is given what looks like an expression in quotes.
fn varying(input: ParseStream<'_>, message: impl FnOnce(Option<String>) -> String) -> Result<Expr> {
    let expression: Expr = input.parse()?;
    if is_constant(&expression) {
        return Err(Error::new_spanned(&expression, message(quoted(&expression))));
    }
    Ok(expression)
}

/// The code in a string: a path or a field, as other attributes take it.
fn quoted(expression: &Expr) -> Option<String> {
    let Expr::Lit(literal) = bare(expression) else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    let code = text.value();
    match syn::parse_str::<Expr>(&code) {
        Ok(Expr::Lit(_)) | Err(_) => None,
        Ok(_) => Some(code),
    }
}

/// Whether it is made of literals alone, in any spelling.
fn is_constant(expression: &Expr) -> bool {
    match bare(expression) {
        Expr::Lit(_) => true,
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_constant),
        Expr::Array(array) => array.elems.iter().all(is_constant),
        Expr::Repeat(repeat) => is_constant(&repeat.expr),
        Expr::Unary(unary) => is_constant(&unary.expr),
        Expr::Binary(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        Expr::Cast(cast) => is_constant(&cast.expr),
        Expr::Block(block) => matches!(&*block.block.stmts, [Stmt::Expr(value, None)] if is_constant(value)),
        Expr::MethodCall(call) => is_constant(&call.receiver) && call.args.iter().all(is_constant),
        Expr::Call(call) => converts(&call.func) && call.args.iter().all(is_constant),
        Expr::Macro(call) => is_constant_text(&call.mac),
        _ => false,
    }
}

/// `String::from`, `Some`, `Box::new`: what comes out is what goes in.
fn converts(function: &Expr) -> bool {
    const TYPES: [&str; 5] = ["String", "Some", "Box", "Cow", "Arc"];
    let Expr::Path(path) = bare(function) else { return false };
    path.path.segments.iter().any(|segment| TYPES.iter().any(|name| segment.ident == name))
}

/// `format!("x")`, `concat!("x", 1)`, `stringify!(x)`.
fn is_constant_text(call: &syn::Macro) -> bool {
    let Some(name) = call.path.segments.last().map(|segment| segment.ident.to_string()) else { return false };
    let literals = || {
        let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
        call.parse_body_with(parse).is_ok_and(|given| given.iter().all(is_constant))
    };
    match name.as_str() {
        "stringify" => true,
        "concat" => literals(),
        // A name in braces is an argument: `format!("{id}")`.
        "format" => literals() && !captures(&call.tokens.to_string()),
        _ => false,
    }
}

/// Whether a text of `format!` names a variable: `{id}`, `{:width$}`.
fn captures(format: &str) -> bool {
    format.replace("{{", "").split('{').skip(1).any(|rest| {
        let named = rest.starts_with(|first: char| first.is_alphabetic() || first == '_');
        named || rest.split('}').next().is_some_and(|inside| inside.contains('$'))
    })
}

/// Whether an expression may leave its function, or wait in it.
pub(crate) fn leaves(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => leaves(group.stream()),
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => word == "await" || word == "return",
        TokenTree::Literal(_) => false,
    })
}

/// The expression inside parentheses, references and the invisible groups of `macro_rules!`.
pub(crate) fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => bare(&inner.expr),
        Expr::Group(inner) => bare(&inner.expr),
        Expr::Reference(inner) => bare(&inner.expr),
        _ => expression,
    }
}

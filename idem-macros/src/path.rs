//! Where emitted code finds idem-core: `::idem_core`, unless `crate = ::path` says otherwise.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Path, Result, Token};

/// The path of idem-core in a crate that depends on it under its own name.
pub(crate) fn default() -> Path {
    let mut path = Path::from(Ident::new("idem_core", Span::mixed_site()));
    path.leading_colon = Some(Token![::](Span::mixed_site()));
    path
}

/// Reads the value of `crate = …`.
///
/// # Errors
/// The path is relative, so that it would mean something else in each module, or it is a string.
pub(crate) fn parse(_name: &Ident, input: ParseStream<'_>) -> Result<Path> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        return Err(Error::new(
            text.span(),
            format!("write the path without quotes: `crate = {}`", text.value()),
        ));
    }
    let path = input.call(Path::parse_mod_style)?;
    if path.leading_colon.is_some() || path.segments.first().is_some_and(|first| is_crate(&first.ident)) {
        return Ok(path);
    }
    let message =
        if path.segments.first().is_some_and(|first| first.ident == "super" || first.ident == "self") {
            "the path must be absolute, for it means something else in each module: write `crate = crate::…`"
                .to_owned()
        } else {
            format!("the path must be absolute: write `crate = ::{}` or `crate = crate::…`", display(&path))
        };
    Err(Error::new_spanned(path, message))
}

fn is_crate(first: &Ident) -> bool {
    // `$crate` reaches a procedural macro as one identifier.
    first == "crate" || *first == "$crate"
}

fn display(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

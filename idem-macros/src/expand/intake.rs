//! What happens to the arguments before the body: parameters that lost their pattern get it back here.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::span;
use crate::ident;
use crate::input::{Argument, Intake};

/// The statements for all arguments.
pub(crate) fn emit(arguments: &[Argument]) -> TokenStream {
    arguments.iter().map(one).collect()
}

fn one(argument: &Argument) -> TokenStream {
    let (operation, value) = (ident::operation(), ident::value());
    let (cfg, parameter) = (&argument.cfg, &argument.param.pat);
    match &argument.intake {
        Intake::AsWritten => TokenStream::new(),
        // Binds nothing, so it moves nothing: the whole argument goes on into the body.
        Intake::Named { matched } => quote_spanned!(Span::mixed_site()=> #(#cfg)* let #matched = #parameter;),
        Intake::Buffered { pattern, held } => {
            // Stands where the type stands: the compiler then reports another type of that name there, and once.
            let at = span::at(&argument.param.ty);
            let (moved, held) = (ident::located(&operation, at), ident::located(held, at));
            let buffered = quote_spanned!(at=> #moved.buffer(#held).await);
            quote_spanned! {Span::mixed_site()=>
                #(#cfg)*
                let (#operation, #pattern) = match #buffered {
                    ::core::result::Result::Ok(#value) => #value,
                    ::core::result::Result::Err(#value) => return #value,
                };
            }
        }
    }
}

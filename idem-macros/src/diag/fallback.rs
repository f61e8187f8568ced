//! What is emitted when something is wrong: the user's item, so that callers, editors and the compiler still see it,
//! and the mistakes after it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::Mistakes;
use crate::input::Function;

/// `function` without our attributes, and the mistakes.
pub(crate) fn beside_function(function: &Function, mistakes: &Mistakes) -> TokenStream {
    beside_item(&function.stripped().into_token_stream(), mistakes)
}

/// `item` as it is, and the mistakes.
pub(crate) fn beside_item(item: &TokenStream, mistakes: &Mistakes) -> TokenStream {
    let errors = mistakes.to_compile_errors();
    quote!(#item #errors)
}

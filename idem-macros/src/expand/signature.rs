//! The emitted signature: the user's own, with other parameters or another output.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Signature;

/// `async fn name<…>(inputs) output where …`. All else that may stand in a signature was refused before.
pub(crate) fn emit(sig: &Signature, inputs: &TokenStream, output: &TokenStream) -> TokenStream {
    let Signature { asyncness, fn_token, ident, generics, .. } = sig;
    let where_clause = &generics.where_clause;
    let mut parameters = TokenStream::new();
    sig.paren_token.surround(&mut parameters, |tokens| tokens.extend(inputs.clone()));
    quote!(#asyncness #fn_token #ident #generics #parameters #output #where_clause)
}

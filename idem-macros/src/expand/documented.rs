//! What rustdoc shows of a function: what its callers see, as its user wrote it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ReturnType;

use crate::input::{Transaction, find_impl_trait};
use crate::model::Plan;

/// `emitted`, and for rustdoc the function without `#[tx]`, which its callers do not pass. rustdoc looks into some bodies for
/// the types that `impl Trait` and `async` hide; what is hidden nowhere needs none, and a half-typed body is told about once.
pub(crate) fn emit(plan: &Plan, emitted: &TokenStream) -> TokenStream {
    let function = &plan.function;
    let (attrs, vis, signature) = (&function.attrs, &function.vis, &function.sig);
    let hidden = match &signature.output {
        ReturnType::Type(_, ty) => find_impl_trait(ty).is_some(),
        ReturnType::Default => false,
    };
    let body = if hidden {
        let transaction = plan.tx.as_ref().map(|tx_plan| {
            let Transaction { pattern, ty, .. } = &tx_plan.transaction;
            quote_spanned!(Span::mixed_site()=> let #pattern: #ty = (|| loop {})();)
        });
        let body = plan.body.stream();
        quote_spanned!(Span::mixed_site()=> { #transaction #body })
    } else {
        quote_spanned!(Span::mixed_site()=> { loop {} })
    };
    quote_spanned! {Span::mixed_site()=>
        #[cfg(not(doc))]
        #emitted
        #[cfg(doc)]
        #(#attrs)* #vis #signature #body
    }
}

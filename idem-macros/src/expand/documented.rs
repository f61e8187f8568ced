//! What rustdoc shows of a function: what its user wrote.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::model::Plan;

/// `emitted`, and for rustdoc the function as it was written. Its body is not shown, and would be told about twice if it is
/// half typed.
pub(crate) fn emit(plan: &Plan, emitted: &TokenStream) -> TokenStream {
    let function = &plan.function;
    let (attrs, vis, signature) = (&function.attrs, &function.vis, &function.sig);
    quote_spanned! {Span::mixed_site()=>
        #[cfg(not(doc))]
        #emitted
        #[cfg(doc)]
        #(#attrs)* #vis #signature {
            loop {}
        }
    }
}

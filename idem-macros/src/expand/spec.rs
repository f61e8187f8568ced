//! The part of an operation that is known while compiling, as a constant.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::args::Millis;
use crate::model::Plan;

/// `const { … }` with one call for each thing that the attribute says.
pub(crate) fn emit(plan: &Plan) -> TokenStream {
    let (krate, spec) = (&plan.krate, &plan.spec);
    let name = spec.name.iter();
    let defined = spec.name.as_ref().map(|_| defined(plan));
    let fields = &spec.fingerprint_headers;
    let fields = (!fields.is_empty()).then(|| quote!(.fingerprint_headers(&[#(#fields),*])));
    let [ttl, lease, wait, max_run] = [spec.ttl, spec.lease, spec.wait, spec.max_run]
        .map(|duration| duration.map(|Millis(millis)| millis).into_iter());
    let optional = spec.optional.map(|()| quote!(.optional()));
    let on_error = spec.on_error.map(crate::args::OnError::variant).into_iter();
    let after_crash = spec.after_crash.map(crate::args::AfterCrash::variant).into_iter();
    quote_spanned! {Span::mixed_site()=>
        const {
            #krate::__private::Spec::new()
                #(.name(#name))*
                #defined
                #fields
                #(.ttl(#ttl))*
                #(.lease(#lease))*
                #(.wait(#wait))*
                #(.max_run(#max_run))*
                #optional
                #(.on_error(#krate::OnError::#on_error))*
                #(.after_crash(#krate::AfterCrash::#after_crash))*
        }
    }
}

/// Where the function stands: no two functions of a program may have one name.
fn defined(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    let function = plan.function.sig.ident.to_string();
    quote_spanned! {Span::mixed_site()=>
        .defined(&#krate::__private::Definition {
            module_path: #krate::__private::core::module_path!(),
            function: #function,
            file: #krate::__private::core::file!(),
            line: #krate::__private::core::line!(),
            column: #krate::__private::core::column!(),
        })
    }
}

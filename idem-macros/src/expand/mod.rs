//! From tokens to tokens: the whole pipeline, and one file for each thing that is emitted.

mod axum;
mod body;
mod calls;
mod documented;
mod intake;
mod plain;
mod response;
mod signature;
mod span;
mod spec;
mod transaction;

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::diag::{Bag, beside_function, beside_item};
use crate::input::{Function, misplaced};
use crate::model::{Features, Form, Plan};
use crate::validate;

/// What `#[idempotent(args)]` above `item` becomes. Never fails: mistakes are emitted beside the item.
pub(crate) fn expand(args: TokenStream, item: TokenStream, features: Features) -> TokenStream {
    let mut bag = Bag::default();
    let written = args.clone();
    let args = Args::parse(args, &mut bag);
    // Kept, for an item that is no function is given back as it came.
    let original = item.clone();
    let function = match syn::parse2::<Function>(item) {
        Ok(function) => function,
        Err(error) => return beside_item(&original, &bag.fail(misplaced(&original, error))),
    };
    let plan = validate::plan(args, &function, features, &mut bag);
    match bag.finish(plan) {
        Ok(plan) => emit(&plan),
        Err(mistakes) => {
            let args = Args::parse(written, &mut Bag::default());
            beside_function(&function, &args.expressions(), &mistakes)
        }
    }
}

fn emit(plan: &Plan) -> TokenStream {
    match &plan.form {
        Form::Axum(form) => axum::emit(plan, form),
        Form::Plain(form) => plain::emit(plan, form),
    }
}

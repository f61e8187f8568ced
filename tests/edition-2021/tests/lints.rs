//! Uses of the attribute under every lint of the migration to the edition 2024: what it emits needs no change. Of the table
//! in `same/`, the rows about last expressions are left out of `tail_expr_drop_order` and `if_let_rescope`, which the bare
//! functions trip as well; all others are under them.

#![deny(warnings)]

#[path = "../../ui/pass/hygiene/denied_warnings.rs"]
mod denied_warnings;
#[path = "../../ui/pass/axum/generics.rs"]
mod handler_generics;
#[path = "../../ui/pass/axum/impl_output.rs"]
mod handler_impl_output;
#[path = "../../ui/pass/axum/patterns.rs"]
mod handler_patterns;
#[path = "../../ui/pass/axum/question_mark.rs"]
mod handler_question_mark;
#[path = "../../ui/pass/axum/request_argument.rs"]
mod handler_request_argument;
#[path = "../../ui/pass/axum/store_if.rs"]
mod handler_store_if;

#[path = "../../ui/pass/plain/detach.rs"]
mod function_detach;
#[path = "../../ui/pass/plain/generics.rs"]
mod function_generics;
#[path = "../../ui/pass/plain/lifetimes.rs"]
mod function_lifetimes;
#[path = "../../ui/pass/plain/patterns.rs"]
mod function_patterns;
#[path = "../../ui/pass/plain/receivers.rs"]
mod function_receivers;

#[path = "../../ui/pass/tx/generics.rs"]
mod coupled_generics;
#[path = "../../ui/pass/tx/impl_output.rs"]
mod coupled_impl_output;
#[path = "../../ui/pass/tx/patterns.rs"]
mod coupled_patterns;
#[path = "../../ui/pass/tx/retries.rs"]
mod coupled_retries;

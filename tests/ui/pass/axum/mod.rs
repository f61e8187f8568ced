//! Handlers of axum.

mod after_crash;
mod associated_function;
mod attributes;
mod body_argument;
mod custom_extractor;
mod debug_handler;
mod durations;
mod expression_key;
mod fifteen_arguments;
mod fingerprint;
mod generics;
mod header_key;
mod impl_output;
mod made_by_macro;
mod marked_responses;
mod nested_module;
mod no_arguments;
mod on_error;
mod optional;
mod patterns;
mod question_mark;
mod request_argument;
mod scope_expression;
mod store_if;
mod tuple_key;
mod unused_argument;

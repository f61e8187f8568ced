//! Functions that are handed a transaction.

mod axum;
mod commit_on;
mod debug_handler;
mod detached;
mod doubtful;
mod extractors;
mod free_function;
mod generics;
mod helpers;
mod impl_output;
mod marks_without_serde;
mod method;
mod patterns;
mod retries;
mod state;
mod store_if;
mod without_key;

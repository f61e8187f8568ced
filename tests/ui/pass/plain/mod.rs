//! Functions that are called as any other.

mod boxed_error;
mod classified_error;
mod detach;
mod dropped;
mod empty_outputs;
mod free_function;
mod generics;
mod handles;
mod in_traits;
mod keys;
mod lifetimes;
mod marked_error;
mod marks_without_serde;
mod nearly_constant;
mod not_send;
mod patterns;
mod receivers;
mod released_error;
mod retried_receivers;
mod scope_and_fingerprint;
mod store_if;
mod stored_error;

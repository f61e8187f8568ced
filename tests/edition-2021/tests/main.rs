//! `#[idempotent]` in a crate of the edition 2021: files of `tests/ui/pass` under the rules of that edition.
//!
//! ```sh
//! cargo test -p idem-edition-2021
//! ```

// A fixture is a user, who has lints of their own.
#![allow(clippy::all, clippy::pedantic)]
#![allow(
    dead_code,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    missing_debug_implementations,
    single_use_lifetimes,
    unnameable_types,
    unreachable_pub,
    unused_qualifications
)]
// For `lints.rs`: these count for a whole program only.
#![deny(future_incompatible, rust_2024_compatibility)]

#[path = "../../ui/database.rs"]
mod database;
mod lints;
/// The behaviour table. Its temporaries of a last expression are dropped after the locals here.
#[path = "../../ui/pass/same/mod.rs"]
mod same;
#[path = "../../ui/pass/support.rs"]
mod support;

/// What `same/` is compiled under.
const EDITION: u16 = 2021;

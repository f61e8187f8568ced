//! `#[idempotent]` as its users meet it: fixtures that must compile. Each is a module with one test, which checks that
//! the second call is a replay. `../README.md` says how to add one.
//!
//! ```sh
//! cargo test -p idem-tests --test pass            # all
//! cargo test -p idem-tests --test pass plain::    # one folder
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
// For `hygiene/denied_warnings.rs`: these count for a whole program only.
#![deny(future_incompatible, rust_2024_compatibility)]

/// For `hygiene/renamed_crate.rs`: only here does it get a name that a path can begin with.
extern crate idem_core as once;

/// What `same/` is compiled under, here and in `tests/edition-2021`.
const EDITION: u16 = 2024;

mod axum;
#[path = "../database.rs"]
mod database;
mod hygiene;
mod plain;
mod same;
mod support;
mod tx;

/// A file that no `mod` names is not compiled, and no other test would fail.
#[test]
fn every_fixture_is_a_module() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/pass");
    let lists = [
        ("axum", include_str!("axum/mod.rs")),
        ("hygiene", include_str!("hygiene/mod.rs")),
        ("plain", include_str!("plain/mod.rs")),
        ("same", include_str!("same/mod.rs")),
        ("tx", include_str!("tx/mod.rs")),
    ];
    for (kind, list) in lists {
        for file in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            let named = list.lines().any(|line| line == format!("mod {name};"));
            assert!(named || name == "mod", "{} is no module of {kind}/mod.rs", path.display());
        }
    }
}

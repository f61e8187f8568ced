//! `#[idempotent]` as its users meet it: fixtures that must not compile, each with what the compiler says beside it.
//! `README.md` says how to add one. Those that must compile are a test of their own, `pass/main.rs`: one program, for
//! each of its own would be linked with all of idem and its databases.
//!
//! ```sh
//! cargo test -p idem-tests --test ui
//! IDEM_TEST_ONLY=fail/types/key_float.rs cargo test -p idem-tests --test ui   # one fixture
//! IDEM_TEST_ONLY='fail/types/*.rs' cargo test -p idem-tests --test ui         # one folder
//! ```

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use trybuild::TestCases;

mod database;
mod lints;

#[test]
fn fail() {
    TestCases::new().compile_fail(chosen());
}

#[test]
fn every_text_belongs_to_a_fixture() {
    for text in texts() {
        assert!(text.with_extension("rs").exists(), "{} has no fixture", text.display());
    }
}

/// A text with a path of the standard library or of a dependency is another one on another machine.
#[test]
fn no_text_shows_foreign_sources() {
    for text in texts() {
        // Of sqlx, which Cargo.lock pins, the compiler shows what a transaction's user did not heed.
        let said =
            fs::read_to_string(&text).expect("a readable text").replace("$CARGO/sqlx-core-$VERSION", "");
        let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
        for foreign in ["$RUST", "$CARGO", "/rustc/"].into_iter().chain(home.as_deref()) {
            assert!(!said.contains(foreign), "{} names {foreign}", text.display());
        }
    }
}

/// The fixtures, or of them what `IDEM_TEST_ONLY` names.
fn chosen() -> String {
    let Ok(only) = std::env::var("IDEM_TEST_ONLY") else { return "ui/fail/*/*.rs".to_owned() };
    assert!(
        only.starts_with("fail/"),
        "IDEM_TEST_ONLY is a path in tests/ui, such as fail/types/key_float.rs"
    );
    format!("ui/{only}")
}

/// Every `.stderr`.
fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fail");
    let texts: Vec<PathBuf> = entries(&root)
        .flat_map(|kind| entries(&kind))
        .filter(|path| path.extension() == Some(OsStr::new("stderr")))
        .collect();
    assert!(!texts.is_empty(), "no text in {}", root.display());
    texts
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("a readable entry").path())
}

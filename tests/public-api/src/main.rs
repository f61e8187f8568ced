//! Compares the public API of the published crates with the lists in `docs/public-api`, or writes these lists.
//!
//! `.ci/public-api` makes the JSON that it reads. Items that are hidden from the documentation are not listed, nor are
//! the traits that the compiler or a blanket implementation gives to every type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use public_api::Builder;

const CRATES: [&str; 4] = ["idem-macros", "idem-core", "idem-client", "idem-testing"];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let (Some(json), Some(lists)) = (arguments.next(), arguments.next()) else {
        return Err("usage: idem-public-api <folder of the JSON> <folder of the lists> [--write]".into());
    };
    let write = arguments.next().is_some_and(|argument| argument == "--write");
    let mut differ = false;
    for name in CRATES {
        let listed = list(&Path::new(&json).join(format!("{}.json", name.replace('-', "_"))))?;
        let kept = PathBuf::from(&lists).join(format!("{name}.txt"));
        if write {
            fs::write(&kept, listed)?;
        } else {
            let difference = difference(&fs::read_to_string(&kept)?, &listed);
            if difference.is_empty() {
                println!("{}: {} lines, as they are public", kept.display(), listed.lines().count());
            } else {
                println!("{} is not the public API:\n{difference}", kept.display());
                differ = true;
            }
        }
    }
    Ok(if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// One line for each public item, sorted as in the documentation.
fn list(json: &Path) -> Result<String> {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .map_err(|error| format!("{}: {error}", json.display()))?;
    Ok(api.to_string())
}

/// The lines that one of the two lists has more often, those of `kept` with a minus. An item with two paths has lines
/// that are the same.
fn difference(kept: &str, listed: &str) -> String {
    let mut more: BTreeMap<&str, i64> = BTreeMap::new();
    for line in kept.lines() {
        *more.entry(line).or_default() -= 1;
    }
    for line in listed.lines() {
        *more.entry(line).or_default() += 1;
    }
    let mut text = String::new();
    for (line, times) in more {
        let sign = if times < 0 { "-" } else { "+" };
        for _ in 0..times.unsigned_abs() {
            text.extend([sign, line, "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_is_gone_and_what_is_new_is_told() {
        assert_eq!(
            difference("pub fn a()\npub fn b()\n", "pub fn b()\npub fn c()\n"),
            "-pub fn a()\n+pub fn c()\n"
        );
        assert_eq!(difference("pub fn a()\n", "pub fn a()\n"), "");
    }

    #[test]
    fn a_line_that_is_there_twice_counts_twice() {
        assert_eq!(
            difference("impl Clone for A\nimpl Clone for A\n", "impl Clone for A\n"),
            "-impl Clone for A\n"
        );
    }
}

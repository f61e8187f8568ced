//! How much machine code a program has.

use std::path::Path;
use std::process::Command;

use crate::Failure;

/// The bytes of the section `.text`, by the tool `size`.
///
/// # Errors
/// If there is no such tool, or no such section in what it prints.
pub(crate) fn text(program: &Path) -> Result<u64, Failure> {
    let output = Command::new("size").arg("-A").arg(program).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let size = said.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == ".text").then(|| words.next()?.parse().ok())?
    });
    size.ok_or_else(|| format!("`size -A {}` shows no .text section", program.display()).into())
}

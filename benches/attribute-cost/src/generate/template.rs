//! Templates: Rust text in which some lines are marked, and `@n@` is a number.

use crate::kind::Kind;

/// What ends a line that only some kinds have; the mark follows.
const MARK: &str = " //@ ";

/// The template's text for a kind, with `n` as the number.
pub(super) fn render(template: &str, kind: Kind, n: usize) -> String {
    let mut text = String::with_capacity(template.len());
    for line in template.lines() {
        let line = match line.split_once(MARK) {
            Some((line, mark)) if kind.has(mark) => line,
            Some(_) => continue,
            None => line,
        };
        text.push_str(&line.replace("@n@", &n.to_string()));
        text.push('\n');
    }
    text
}

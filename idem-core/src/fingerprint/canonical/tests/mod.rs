//! The canonical form: what counts, what is refused, and how much work it is.

mod before;
mod generate;

use std::borrow::Cow;
use std::cell::Cell;

use super::{CanonicalJson, tree};

thread_local! {
    static VISITED: Cell<usize> = const { Cell::new(0) };
}

/// Counts the bytes that an algorithm looks at.
pub(super) fn visit(bytes: usize) {
    VISITED.set(VISITED.get() + bytes);
}

fn visited<T>(run: impl FnOnce() -> T) -> usize {
    VISITED.set(0);
    drop(run());
    VISITED.get()
}

fn canonical(text: impl AsRef<[u8]>) -> Result<String, String> {
    canonical_without(text.as_ref(), None)
}

fn canonical_without(text: &[u8], ignored: Option<&str>) -> Result<String, String> {
    let json = CanonicalJson::new(text);
    let json = match ignored {
        Some(name) => json.ignoring(name.to_owned()),
        None => json,
    };
    let value = serde_json::to_value(json).map_err(|error| error.to_string())?;
    Ok(value.as_str().unwrap().to_owned())
}

#[test]
fn meaning_counts_and_spelling_does_not() {
    assert_eq!(canonical(r#"{"b":[1, 2.50],"a":"\u0041"}"#), canonical(r#" {"a":"A", "b":[1,2.50]} "#));
    assert_ne!(canonical("1"), canonical("1.0"));
    assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
    // A duplicate is found after its escapes are resolved, at any depth.
    assert!(canonical(r#"{"x":{"a":1,"\u0061":2}}"#).unwrap_err().contains("twice"));
    assert!(canonical("{").unwrap_err().contains("not JSON"));
}

#[test]
fn what_was_accepted_before_has_the_form_it_had() {
    let (mut accepted, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let text = generate::text(seed);
        let ignored = (seed % 3 == 0).then_some("ts");
        let names: Vec<Cow<'_, str>> = ignored.into_iter().map(Cow::Borrowed).collect();
        let (now, then) = (canonical_without(&text, ignored), before::canonical(&text, &names));
        let shown = String::from_utf8_lossy(&text);
        match then {
            Ok(then) => {
                assert_eq!(now, Ok(then), "seed {seed}: {shown}");
                accepted += 1;
            }
            Err(then) => {
                assert!(now.is_err(), "seed {seed}: {shown} was refused: {then}");
                refused += 1;
            }
        }
    }
    assert!(
        accepted > 5_000 && refused > 2_000,
        "the texts are one-sided: {accepted} accepted, {refused} refused"
    );
}

#[test]
fn work_is_linear_in_the_length_and_does_not_grow_with_the_depth() {
    for depth in [1, 30, 60, 120] {
        let text = format!(
            "{}{}{}",
            r#"{"a":["#.repeat(depth / 2),
            "1,".repeat(2_000) + "1",
            "]}".repeat(depth / 2)
        );
        let bound = 2 * text.len();
        let now = visited(|| tree::canonical(&text, &[]));
        assert!(now <= bound, "{now} bytes looked at for {} in {depth} levels", text.len());
        // The bound finds the algorithm that was there before.
        let then = visited(|| before::canonical(text.as_bytes(), &[]));
        assert_eq!(then > bound, depth > 1, "{then} bytes looked at for {} in {depth} levels", text.len());
    }
}

#[test]
fn nesting_is_bounded_where_it_counts_and_never_overflows_the_stack() {
    let nested = |levels: usize, inner: &str| format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(canonical(nested(128, "")).is_ok());
    assert!(canonical(nested(127, "1")).is_ok());
    for (levels, inner) in [(129, ""), (128, "1"), (200, ""), (1_000_000, "")] {
        assert!(canonical(nested(levels, inner)).unwrap_err().contains("nested deeper than 128"), "{levels}");
    }
    assert!(canonical("[".repeat(500)).is_err());
    assert!(canonical("[".repeat(1_000_000)).is_err());
    // What does not count is passed over without recursion.
    let ignored = format!(r#"{{"ts":{},"a":1}}"#, nested(1_000_000, ""));
    assert_eq!(canonical_without(ignored.as_bytes(), Some("ts")), canonical(r#"{"a":1}"#));
}

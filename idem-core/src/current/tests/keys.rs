//! What a derived key depends on.

use super::*;
use crate::current::Underivable;
use crate::key::InvalidName;
use crate::{KeyBuf, OperationName};

/// The key that a run of its own derives.
fn derived(running: Running, name: impl OperationName) -> String {
    Current::new(running).derive(name).unwrap().as_str().to_owned()
}

#[test]
fn the_recipe_is_pinned() {
    // Computed by hand from the recipe in the documentation.
    assert_eq!(
        derived(running("POST /orders", "k1"), ("charge", 17)),
        "076a6cad-c4c2-8118-b403-a8d4f1589e1c"
    );
}

#[test]
fn attempt_fence_and_form_change_nothing() {
    let first = derived(running("op", "k"), "charge");
    let later = Running { attempt: 3, fence: None, engine: 2, in_transaction: true, ..running("op", "k") };
    assert_eq!(derived(later, "charge"), first);
}

#[test]
fn namespace_scope_operation_key_and_name_each_make_another_key() {
    let at = |address| derived(Running { address, ..running("op", "k") }, "charge");
    let mut keys = vec![
        at(Address::new("shop", b"acme", "op", b"k")),
        at(Address::new("other", b"acme", "op", b"k")),
        at(Address::new("shop", b"other", "op", b"k")),
        at(Address::new("shop", b"acme", "other", b"k")),
        at(Address::new("shop", b"acme", "op", b"other")),
        derived(running("op", "k"), "refund"),
        derived(running("op", "k"), ("charge", 1)),
        derived(running("op", "k"), ("charge", 11)),
        derived(running("op", "k"), ("charge1", 1)),
        derived(running("op", "k"), ("charge", "")),
    ];
    assert_eq!(keys[0], derived(running("op", "k"), "charge"));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 10);
}

#[test]
fn a_key_is_a_uuid_of_version_8() {
    for n in 0..64 {
        let key = derived(running("op", "k"), ("n", n));
        let dashes: Vec<usize> = key.match_indices('-').map(|(at, _)| at).collect();
        assert_eq!((key.len(), dashes), (36, vec![8, 13, 18, 23]));
        assert_eq!(&key[14..15], "8");
        assert!("89ab".contains(&key[19..20]), "{key}");
    }
}

#[test]
fn a_name_is_good_for_one_call_of_a_run() {
    let run = Current::new(running("op", "k"));
    let charge = run.derive("charge").unwrap();
    assert_eq!(run.derive("charge"), Err(Underivable::NameTaken));
    assert_eq!(run.derive(("charge",)), Err(Underivable::NameTaken));
    assert!(run.derive(("charge", 1)).is_ok());
    assert!(Underivable::NameTaken.to_string().contains("give the second another name"));
    // The next run has it free again, and it means the same.
    assert_eq!(Current::new(running("op", "k")).derive("charge"), Ok(charge));
}

#[test]
fn what_is_no_name_gives_no_key() {
    let run = Current::new(running("op", "k"));
    assert_eq!(run.derive(("charge", None::<u32>)), Err(Underivable::Name(InvalidName::Absent)));
    assert_eq!(run.derive(Vec::<String>::new()), Err(Underivable::Name(InvalidName::Empty)));
}

#[test]
fn the_running_key_is_shown_as_text_where_it_is_text_and_never_by_debug() {
    let run = |key: Option<Vec<u8>>| Running { key: key.unwrap().into(), ..running("op", "k") };
    assert_eq!(Current::new(run(KeyBuf::of("order 17"))).key(), Some("order 17"));
    assert_eq!(Current::new(run(KeyBuf::of(&("order", 17)))).key(), None);
    let private = run(KeyBuf::of("very-private"));
    assert!(!format!("{private:?}").contains("private"));
    assert!(!format!("{:?}", Current::new(private)).contains("private"));
}

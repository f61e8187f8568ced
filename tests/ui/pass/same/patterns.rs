//! Arguments taken apart. What a pattern does not bind stays in the argument, and is dropped after what it does.

#![allow(unused_variables, unused_mut, unused_parens)]

use super::rows::prelude::*;

same! {
    a_whole_pattern_drops_its_names_from_the_last_to_the_first(Pair { left, right }: Pair, last: Seen) {
        done()
    } => do_all("done c b a");

    a_pattern_in_another_order_drops_by_its_names(Pair { right, left }: Pair, last: Seen) {
        done()
    } => do_all("done c a b");

    what_a_rest_leaves_out_is_dropped_after_what_is_bound(Locked(value, ..): Locked, last: Seen) {
        done()
    } => do_all("done c a b");

    what_a_wildcard_leaves_out_is_dropped_after_what_is_bound((first, _): (Seen, Seen), last: Seen) {
        done()
    } => do_all("done c a b");

    what_comes_first_may_be_left_out(Pair { right, .. }: Pair, last: Seen) {
        done()
    } => do_all("done c b a");

    a_pattern_that_binds_nothing_holds_all(Pair { .. }: Pair, Locked(_, _): Locked, last: Seen) {
        done()
    } => do_all("done e c d a b");

    a_reference_leaves_all_in_its_place(ref first: Seen, (ref left, ref right): (Seen, Seen)) {
        note(first.name() + &left.name() + &right.name());
        done()
    } => do_all("abc done b c a");

    a_mutable_reference_changes_the_argument(ref mut first: Seen, Locked(ref mut value, _): Locked) {
        first.rename("one");
        value.rename("two");
        done()
    } => do_all("done two c one");

    a_reference_to_a_part_leaves_that_part(Pair { ref left, right }: Pair, last: Seen) {
        note(left.name());
        done()
    } => do_all("a done c b a");

    a_part_that_changes_is_the_bodys(Pair { mut left, right }: Pair, (mut first, _): (Seen, Seen)) {
        left.rename("left");
        first.rename("first");
        done()
    } => do_all("done first d b left");

    nested_patterns_drop_as_they_are_written(
        Nested { pair: Pair { left, .. }, locked: Locked(value, _), rest: _ }: Nested,
        (Pair { left: one, right: two }, three): (Pair, Seen),
    ) {
        done()
    } => do_all("done h g f c a b d e");

    an_argument_that_is_bound_nested_and_whole_is_dropped_by_its_names(
        Nested { locked: Locked(lock, value), pair: Pair { right, left }, rest }: Nested,
    ) {
        done()
    } => do_all("done e a b d c");

    a_slice_leaves_out_what_its_rest_covers(Many([first, ..]): Many, Many([.., last]): Many) {
        done()
    } => do_all("done f d e a b c");

    a_rest_that_is_bound_by_reference_stays(Many([first, ref rest @ ..]): Many) {
        note(rest[1].name());
        done()
    } => do_all("c done a b c");

    a_rest_that_is_bound_is_dropped_first(Many([first, rest @ ..]): Many) {
        done()
    } => do_all("done b c a");

    a_name_for_the_whole_beside_a_part_by_reference(ref whole @ Pair { ref left, .. }: Pair, last: Seen) {
        note(whole.right.name() + &left.name());
        done()
    } => do_all("ba done c a b");

    a_part_that_moves_leaves_the_rest(Pair { left, .. }: Pair, Locked(value, ..): Locked) {
        drop(left);
        done()
    } => do_all("a done c d b");

    parentheses_count_for_nothing((first): Seen, ((left, (_))): (Seen, Seen)) {
        done()
    } => do_all("done b c a");
}

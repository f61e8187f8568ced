//! A panic drops what is there, in the order of the body without the attribute. A function's caller sees the panic; the
//! caller of a handler under the attribute gets an answer, because its record must say what became of the operation.

#![allow(unused_variables, unreachable_code, clippy::all)]

use super::rows::prelude::*;

same! {
    a_panic_drops_locals_before_arguments(first: Seen, second: Seen) {
        let x = Seen::named("x");
        let y = Seen::named("y");
        panic!("oh");
        done()
    } => panic_all("y x b a");

    a_panic_drops_what_a_pattern_leaves_out(Locked(value, ..): Locked, (_, right): (Seen, Seen)) {
        let x = Seen::named("x");
        panic!("oh");
        done()
    } => panic_all("x d c a b");

    a_panic_drops_unused_arguments(_: Seen, second: Seen, ref third: Seen) {
        panic!("oh");
        done()
    } => panic_all("c b a");

    a_panic_after_an_await_drops_the_same(first: Seen, Pair { left, .. }: Pair) {
        let x = Seen::named("x");
        gate().await;
        panic!("oh");
        done()
    } => panic_all("waits on x b c a");

    #[allow(tail_expr_drop_order)]
    a_panic_in_the_last_expression_drops_its_temporaries(first: Seen) {
        let x = Seen::named("x");
        Ok(Seen::named("guard").name() + oh())
    } => panic_by_edition("x guard a", "guard x a");

    a_panic_after_an_argument_moved_drops_the_rest(first: Seen, second: Seen, third: Seen) {
        let moved = first;
        drop(second);
        panic!("oh");
        done()
    } => panic_all("b a c");
}

fn oh() -> &'static str {
    panic!("oh")
}

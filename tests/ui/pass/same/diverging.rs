//! Bodies that never come to their end.

#![allow(unused_variables, clippy::all)]

use super::rows::prelude::*;

same! {
    a_body_that_only_returns(first: Seen, _: Seen) {
        return done()
    } => do_all("done b a");

    a_body_that_only_panics(first: Seen, _: Seen) {
        panic!("oh")
    } => panic_all("b a");

    a_body_that_loops_until_it_panics(first: Seen, Locked(value, ..): Locked) {
        let x = Seen::named("x");
        loop {
            gate().await;
            panic!("oh");
        }
    } => panic_all("waits on x b c a");

    a_body_that_loops_until_it_returns(first: Seen, Locked(value, ..): Locked) {
        loop {
            gate().await;
            return done();
        }
    } => leave_all("waits b c a left", "waits left on done b c a");
}

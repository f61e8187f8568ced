//! A caller that hangs up in the middle. Without the attribute, and in a function that runs inside its caller, all is
//! dropped at once. A handler's body, and a detached one, goes on; all that its arguments hold lives on with it, also
//! what a pattern does not bind.

#![allow(unused_variables, clippy::all)]

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::rows::prelude::*;
use super::trace::{at_gate, begin, open};
use crate::support::Call;

same! {
    arguments_by_name(first: Seen, second: Seen) {
        let x = Seen::named("x");
        gate().await;
        done()
    } => leave_all("waits x b a left", "waits left on done x b a");

    arguments_that_the_body_does_not_name(_: Seen, _second: Seen) {
        gate().await;
        done()
    } => leave_all("waits b a left", "waits left on done b a");

    the_part_that_a_rest_leaves_out(Locked(value, ..): Locked, last: Seen) {
        gate().await;
        done()
    } => leave_all("waits c a b left", "waits left on done c a b");

    the_part_that_a_wildcard_leaves_out((value, _): (Seen, Seen), Pair { right, left: _ }: Pair) {
        gate().await;
        done()
    } => leave_all("waits d c a b left", "waits left on done d c a b");

    a_pattern_that_binds_nothing(Locked(..): Locked, Pair { .. }: Pair) {
        gate().await;
        done()
    } => leave_all("waits c d a b left", "waits left on done c d a b");

    a_reference_into_the_argument(ref first: Seen, Locked(ref value, _): Locked) {
        gate().await;
        note(first.name() + &value.name());
        done()
    } => leave_all("waits b c a left", "waits left on ab done b c a");

    a_nested_pattern(Nested { pair: Pair { left, .. }, locked: Locked(value, _), .. }: Nested) {
        gate().await;
        done()
    } => leave_all("waits c a b d e left", "waits left on done c a b d e");

    an_argument_that_moved_before(first: Seen, Locked(value, ..): Locked) {
        drop(value);
        let x = first;
        gate().await;
        done()
    } => leave_all("b waits a c left", "b waits left on done a c");

    a_temporary_of_the_last_expression(first: Seen, Locked(value, ..): Locked) {
        Ok((Seen::named("guard"), gate().await).0.name())
    } => leave_all("waits guard b c a left", "waits left on guard b c a");
}

/// A seat that is taken for as long as this lives.
struct Seated(&'static str, OwnedSemaphorePermit);

impl FromRequestParts<Arc<Semaphore>> for Seated {
    type Rejection = Refused;

    async fn from_request_parts(_: &mut Parts, seats: &Arc<Semaphore>) -> Result<Self, Refused> {
        Ok(Self("ada", Arc::clone(seats).acquire_owned().await.unwrap()))
    }
}

#[idempotent]
async fn seated(Seated(name, ..): Seated) -> Result<String, Refused> {
    gate().await;
    note(name);
    done()
}

#[tokio::test]
async fn a_permit_that_a_pattern_leaves_out_is_held_until_the_body_ends() {
    let seats = Arc::new(Semaphore::new(1));
    let app = serve(Router::new().route("/", post(seated)).with_state(Arc::clone(&seats)));
    begin();
    let call = tokio::spawn(async move { Call::post("/").key("k").send(&app).await });
    at_gate().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(seats.available_permits(), 0);
    open();
    drop(seats.acquire().await.unwrap());
    assert_eq!(super::trace::events(), "waits on ada done");
}

//! The line that an order leaves in the record: written with it, kept by everything else.

use super::orders::{assert_applied, freeing, give_up};
use crate::history::order_number;
use crate::trial::{address, namespace, reply, reply_in, sound, unknown};
use crate::{Backend, Trial};
use idem_core::protocol::{
    AfterCrash, AuditLine, Order, Record, RenewOutcome, StateKind, Verdict, WriteOutcome,
};
use idem_core::store::{Page, Store};

/// What the line says behind its time; the time too, on a clock that stands still.
#[track_caller]
fn assert_says<B: Backend>(t: &Trial<B>, record: &Record, said: &str) {
    let line = record.audit.as_ref().map(AuditLine::as_str).unwrap_or_default();
    let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
    assert_eq!(rest, said, "an order leaves its line, and the line is {line:?}");
    match t.backend().now() {
        Some(now) => assert_eq!(time, now.to_string(), "on the store's clock"),
        None => assert!(time.starts_with("20") && time.ends_with('Z'), "with a time: {line:?}"),
    }
}

/// In the same write, for each order.
pub async fn are_left_by_each_order<B: Backend>(t: Trial<B>) {
    for (key, verdict, said) in [
        ("yes", Verdict::Happened(reply("found")), "settled as happened by ada: bank has no such charge"),
        ("no", Verdict::DidNotHappen, "settled as not happened by ada: bank has no such charge"),
    ] {
        let owner = give_up(&t, key).await;
        assert_eq!(t.present(key).await.audit, None, "there was no order yet");
        let settled = t.settle(t.verdict(key, owner, verdict)).await;
        assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
        assert_says(&t, &t.present(key).await, said);
    }
    let owner = give_up(&t, "hook").await;
    let verified = with!(t.verdict("hook", owner, Verdict::DidNotHappen), order = Order::verified());
    assert_eq!(t.settle(verified).await, WriteOutcome::Applied, "a verdict ends unknown");
    assert_says(&t, &t.present("hook").await, "verified: did not happen");

    give_up(&t, "unknown").await;
    t.owner_of("running").await;
    for (key, said) in [
        ("unknown", "released with outcome unknown by ada: bank has no such charge"),
        ("running", "released while running by ada: bank has no such charge"),
    ] {
        assert_applied(&t, freeing(&t, key).await).await;
        assert_says(&t, &t.present(key).await, said);
    }
}

/// An owner that claims again, gives up, completes, releases or is swept gives no order.
pub async fn stay_through_further_runs<B: Backend>(t: Trial<B>) {
    for key in ["done", "released", "swept", "taken over", "given up"] {
        let owner = give_up(&t, key).await;
        let settled = t.settle(t.verdict(key, owner, Verdict::DidNotHappen)).await;
        assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
        let line = t.present(key).await.audit;
        assert!(line.is_some(), "an order leaves its line");
        let owner = t.won(t.ask_briefly(key, AfterCrash::Rerun)).await.owner;
        let same = async |when: &str| assert_eq!(t.present(key).await.audit, line, "the line stays {when}");
        same("over the next claim").await;
        match key {
            "done" => {
                assert_eq!(t.renew(key, owner, t.long()).await, RenewOutcome::Renewed, "an owner may renew");
                same("over a renewal").await;
                assert_eq!(t.complete(key, owner, &reply("end")).await, WriteOutcome::Applied, "it ends");
                assert_eq!(reply_in(&t.present(key).await), &reply("end"), "and the reply is the owner's");
            }
            "released" => {
                assert_eq!(t.release(key, owner).await, WriteOutcome::Applied, "an owner may release");
            }
            "given up" => {
                assert_eq!(t.mark_unknown(key, owner).await, WriteOutcome::Applied, "an owner may give up");
                same("when it is unknown again").await;
                assert_eq!(t.complete(key, owner, &reply("late")).await, WriteOutcome::Applied, "it ends");
            }
            _ => {
                t.pass_short().await;
                if key == "swept" {
                    assert_eq!(t.sweep().await.released, 1, "one key is abandoned");
                } else {
                    t.owner_of(key).await;
                }
            }
        }
        same(key).await;
    }
}

/// The newest order is the one that is told.
pub async fn are_replaced_by_the_next_order<B: Backend>(t: Trial<B>) {
    let owner = give_up(&t, "k").await;
    assert_eq!(
        t.settle(t.verdict("k", owner, Verdict::DidNotHappen)).await,
        WriteOutcome::Applied,
        "it ends"
    );
    t.owner_of("k").await;
    let by_bob = with!(freeing(&t, "k").await, order = Order::by("bob"));
    assert_applied(&t, by_bob).await;
    assert_says(&t, &t.present("k").await, "released while running by bob");
}

/// A new operation begins without.
pub async fn go_with_their_record<B: Backend>(t: Trial<B>) {
    let owner = t.won(with!(t.ask("expired"), terms = t.terms(t.short()))).await.owner;
    assert_eq!(t.mark_unknown("expired", owner).await, WriteOutcome::Applied, "an owner may give up");
    let settled = t.settle(t.verdict("expired", owner, Verdict::DidNotHappen)).await;
    assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
    let owner = give_up(&t, "forgotten").await;
    let settled = t.settle(t.verdict("forgotten", owner, Verdict::Happened(reply("yes")))).await;
    assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
    assert_eq!(
        t.forget("forgotten", owner).await,
        WriteOutcome::Applied,
        "a settled record can be forgotten"
    );
    t.pass_short().await;
    for key in ["expired", "forgotten"] {
        assert_eq!(t.won(t.ask(key)).await.attempts, 1, "a new operation");
        assert_eq!(t.present(key).await.audit, None, "has no orders yet ({key})");
    }
}

/// Long ones and odd ones, in a look-up and in a list, beside a reply and without one.
pub async fn come_back_byte_for_byte<B: Backend>(t: Trial<B>) {
    let odd = [
        order_number(3),
        Order::by("'; drop table idem; --").because("\"quoted\" \\ back 100%_ {} $1 ?"),
        Order::by("ключ\0日本").because("\u{1f980}\r\n\u{7f}\u{202e}end "),
        Order::by("").because(""),
        Order::by(&"n".repeat(500)).because(&"y".repeat(500)),
    ];
    for (number, order) in odd.into_iter().enumerate() {
        for (state, verdict) in [
            (StateKind::Done, Verdict::Happened(reply("\0 found"))),
            (StateKind::Released, Verdict::DidNotHappen),
        ] {
            let key = format!("{number} {state}");
            let owner = give_up(&t, &key).await;
            let settlement = with!(t.verdict(&key, owner, verdict.clone()), order = order.clone());
            // What the protocol writes, on the store's clock.
            let mut model = Some(t.present(&key).await);
            let now = t.now().await;
            let (seen, kept) = (unknown(owner), t.long());
            let applied =
                idem_core::protocol::settle(&mut model, &namespace(), seen, &verdict, &order, kept, now);
            assert_eq!(applied, WriteOutcome::Applied, "the protocol takes it");
            let expected = model.and_then(|model| model.audit).map(|line| behind_time(&line));
            assert_eq!(t.settle(settlement.clone()).await, WriteOutcome::Applied, "a verdict ends unknown");
            let record = t.present(&key).await;
            assert_eq!(
                record.audit.as_ref().map(behind_time),
                expected,
                "a line comes back as it was written"
            );
            let listed = sound("a list", t.store().list(Page::new(namespace(), state, None, 100)).await);
            let entry =
                listed.into_iter().find(|entry| entry.address == address(&key)).expect("it is listed");
            assert_eq!(entry.record, record, "a list shows the record as a look-up does");
            assert_eq!(
                t.settle(settlement).await,
                WriteOutcome::Applied,
                "the same order again is known by its line"
            );
            t.assert_unchanged(&key, &record, "a repeated order is recognised").await;
        }
    }
}

fn behind_time(line: &AuditLine) -> String {
    line.as_str().split_once(' ').map_or_else(String::new, |(_, said)| said.to_owned())
}

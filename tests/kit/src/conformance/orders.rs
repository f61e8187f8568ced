//! What operators and verify hooks order: about the record as it was seen, and known again by its line.

use std::time::Duration;

use crate::trial::{address, answered, namespace, order, reply, sound, unknown};
use crate::{Backend, Trial};
use idem_core::protocol::{
    AfterCrash, ClaimOutcome, Order, Owner, RecordView, RenewOutcome, Seen, StateKind, Verdict, WriteOutcome,
};
use idem_core::store::{Forget, Free, Store};

const MOVED: &str = "an order about a record that has moved is refused";

pub(super) async fn give_up<B: Backend>(t: &Trial<B>, key: &str) -> Owner {
    let owner = t.owner_of(key).await;
    assert_eq!(t.mark_unknown(key, owner).await, WriteOutcome::Applied, "an owner may give up");
    owner
}

/// An order to free the record of `key` as it is now.
pub(super) async fn freeing<B: Backend>(t: &Trial<B>, key: &str) -> Free {
    let seen = Seen::of(&t.present(key).await);
    Free::new(namespace(), address(key), seen, order(), t.long())
}

pub(super) async fn assert_applied<B: Backend>(t: &Trial<B>, freeing: Free) {
    assert_eq!(t.free(freeing).await, WriteOutcome::Applied, "what is as it was seen can be freed");
}

/// Another owner, another state, another lease or expiry.
pub async fn what_has_moved_is_left_alone<B: Backend>(t: Trial<B>) {
    t.owner_of("running").await;
    give_up(&t, "unknown").await;
    let owner = t.owner_of("done").await;
    assert_eq!(
        t.complete("done", owner, &reply("end")).await,
        WriteOutcome::Applied,
        "an owner may complete"
    );
    let owner = t.owner_of("released").await;
    assert_eq!(t.release("released", owner).await, WriteOutcome::Applied, "an owner may release");
    for key in ["running", "unknown", "done", "released"] {
        let before = t.present(key).await;
        let is = Seen::of(&before);
        let nonce = t.ask(key).nonce;
        let later = |until| until + Duration::from_secs(1);
        let mut others = vec![with!(is, owner = Owner { nonce, ..is.owner })];
        others.extend(is.until.map(|until| with!(is, until = Some(later(until)))));
        let states =
            [StateKind::Running, StateKind::Done, StateKind::Released, StateKind::Unknown, StateKind::Stuck];
        others.extend(states.into_iter().filter(|s| *s != is.state).map(|state| with!(is, state)));
        let lost = WriteOutcome::Lost(RecordView::of(Some(&before)));
        for seen in others {
            for verdict in [Verdict::Happened(reply("false")), Verdict::DidNotHappen] {
                let settlement = with!(t.verdict(key, is.owner, verdict), seen);
                assert_eq!(t.settle(settlement).await, lost, "{MOVED} ({key}, seen as {seen:?})");
            }
            let freed = t.free(with!(freeing(&t, key).await, seen)).await;
            assert_eq!(freed, lost, "{MOVED} ({key}, seen as {seen:?})");
            let forgetting = Forget::new(namespace(), address(key), seen);
            let forgotten = sound("forgetting", t.store().forget(forgetting).await);
            assert_eq!(forgotten, lost, "{MOVED} ({key}, seen as {seen:?})");
            t.assert_unchanged(key, &before, MOVED).await;
        }
    }
}

/// The late owner's completion came first, and an order of an operator who has not seen it does not drop it.
pub async fn a_late_completion_is_not_forgotten<B: Backend>(t: Trial<B>) {
    let owner = give_up(&t, "k").await;
    let seen = Seen::of(&t.present("k").await);
    assert_eq!(t.complete("k", owner, &reply("late")).await, WriteOutcome::Applied, "a late word counts");
    let lost = WriteOutcome::Lost(answered(reply("late")));
    let forgotten = sound("forgetting", t.store().forget(Forget::new(namespace(), address("k"), seen)).await);
    assert_eq!(forgotten, lost, "what was unknown when it was seen is done now");
    let same = t.settle(t.verdict("k", owner, Verdict::Happened(reply("late")))).await;
    assert_eq!(same, lost, "nor does a verdict take the credit");
    assert_eq!(t.present("k").await.audit, None, "and no order was carried out");
}

/// The same verdict from another operator, or for another reason, comes too late.
pub async fn another_order_is_no_repetition<B: Backend>(t: Trial<B>) {
    let others = [Order::by("bob").because("bank has no such charge"), Order::by("ada"), Order::verified()];
    let owner = give_up(&t, "k").await;
    let first = t.verdict("k", owner, Verdict::DidNotHappen);
    assert_eq!(t.settle(first.clone()).await, WriteOutcome::Applied, "a verdict ends unknown");
    let owner = t.owner_of("freed").await;
    let freed = freeing(&t, "freed").await;
    assert_applied(&t, freed.clone()).await;
    let before = (t.present("k").await, t.present("freed").await);
    for order in others {
        let other = t.settle(with!(first.clone(), order = order.clone())).await;
        assert_eq!(other, WriteOutcome::Lost(RecordView::Released), "{order} was not the one who settled it");
        let other = t.free(with!(freed.clone(), order = order.clone())).await;
        assert_eq!(other, WriteOutcome::Lost(RecordView::Released), "{order} was not the one who freed it");
    }
    t.assert_unchanged("k", &before.0, "the other order is refused").await;
    t.assert_unchanged("freed", &before.1, "the other order is refused").await;
    assert_eq!(before.1.owner, owner, "fence and nonce stay the owner's");
}

/// A lost reply: the order is known by its line, and nothing is written twice.
pub async fn a_freeing_is_repeated<B: Backend>(t: Trial<B>) {
    t.owner_of("running").await;
    give_up(&t, "unknown").await;
    for key in ["running", "unknown"] {
        let order = freeing(&t, key).await;
        assert_applied(&t, order.clone()).await;
        let before = t.present(key).await;
        assert_eq!(before.state.kind(), StateKind::Released, "a freed record is released");
        t.pass_short().await;
        assert_eq!(t.free(order.clone()).await, WriteOutcome::Applied, "the same order again is applied");
        t.assert_unchanged(key, &before, "a repeated order is recognised").await;
        let running = t.owner_of(key).await;
        assert_eq!(
            t.free(order.clone()).await,
            WriteOutcome::Lost(RecordView::Running),
            "a late repeat frees no other run"
        );
        assert_eq!(t.present(key).await.owner, running, "which goes on");
        assert_eq!(t.release(key, running).await, WriteOutcome::Applied, "an owner may release");
        let late = t.free(order).await;
        assert_eq!(
            late,
            WriteOutcome::Lost(RecordView::Released),
            "nor is it the one that freed a later run"
        );
    }
}

/// A verdict that comes late is not taken for the one that its line tells of: that was about an earlier run.
pub async fn a_verdict_about_an_earlier_run_is_late<B: Backend>(t: Trial<B>) {
    let owner = give_up(&t, "k").await;
    let settlement = t.verdict("k", owner, Verdict::DidNotHappen);
    assert_eq!(t.settle(settlement.clone()).await, WriteOutcome::Applied, "a verdict ends unknown");
    let owner = t.owner_of("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let before = t.present("k").await;
    assert_eq!(t.settle(settlement).await, WriteOutcome::Lost(RecordView::Released), "the run was another's");
    t.assert_unchanged("k", &before, "a late verdict is refused").await;
}

/// The key's next caller runs at once, and the late owner writes nothing any more.
pub async fn a_freed_owner_is_fenced_off<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_applied(&t, freeing(&t, "k").await).await;
    let before = t.present("k").await;
    let lost = WriteOutcome::Lost(RecordView::Released);
    assert_eq!(t.complete("k", owner, &reply("late")).await, lost, "the order came before the owner's word");
    assert_eq!(t.mark_unknown("k", owner).await, lost, "the order came before the owner's word");
    assert_eq!(t.renew("k", owner, t.long()).await, RenewOutcome::Lost, "its handler must stop");
    t.assert_unchanged("k", &before, "a freed owner writes nothing").await;

    let won = t.won(t.ask("k")).await;
    assert_eq!(won.attempts, 2, "the next caller runs at once");
    assert!(won.owner.fence > owner.fence, "under a higher fence (I3)");
    let lost = WriteOutcome::Lost(RecordView::Running);
    assert_eq!(t.complete("k", owner, &reply("late")).await, lost, "a stale owner writes nothing (I4)");
    assert_eq!(
        t.complete("k", won.owner, &reply("new")).await,
        WriteOutcome::Applied,
        "the new owner completes"
    );
}

/// An owner that renews is alive.
pub async fn a_renewed_claim_is_not_freed<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Unknown).await;
    let order = freeing(&t, "k").await;
    assert_eq!(t.renew("k", owner, t.long()).await, RenewOutcome::Renewed, "an owner may renew");
    let before = t.present("k").await;
    assert_eq!(
        t.free(order).await,
        WriteOutcome::Lost(RecordView::Running),
        "its owner has shown that it lives"
    );
    t.assert_unchanged("k", &before, "a living owner stays").await;
}

/// Not what is done, not what is released, not what is not there.
pub async fn only_open_records_are_freed<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("done").await;
    assert_eq!(
        t.complete("done", owner, &reply("end")).await,
        WriteOutcome::Applied,
        "an owner may complete"
    );
    let owner = t.owner_of("released").await;
    assert_eq!(t.release("released", owner).await, WriteOutcome::Applied, "an owner may release");
    for key in ["done", "released"] {
        let before = t.present(key).await;
        let lost = WriteOutcome::Lost(RecordView::of(Some(&before)));
        assert_eq!(t.free(freeing(&t, key).await).await, lost, "there is nothing to free ({key})");
        t.assert_unchanged(key, &before, "freeing is refused").await;
    }
    let (address, seen) = (address("absent"), unknown(owner));
    let nothing = t.free(Free::new(namespace(), address, seen, order(), t.long())).await;
    assert_eq!(nothing, WriteOutcome::Lost(RecordView::Absent), "there is nothing to free");
    assert_eq!(t.record("absent").await, None, "an order makes no record");
}

/// By an operator's decision, and only for the same request; one retention later it is gone.
pub async fn a_freed_record_runs_again_or_expires<B: Backend>(t: Trial<B>) {
    give_up(&t, "k").await;
    assert_eq!(t.claim(t.ask("k")).await, ClaimOutcome::Unknown, "unknown does not run by itself (I10)");
    assert_applied(&t, freeing(&t, "k").await).await;
    assert_eq!(t.won(t.ask("k")).await.attempts, 2, "an operator has decided that it may");
    let owner = t.won(with!(t.ask("expiring"), terms = t.terms(t.short()))).await.owner;
    assert_eq!(t.mark_unknown("expiring", owner).await, WriteOutcome::Applied, "an owner may give up");
    assert_applied(&t, freeing(&t, "expiring").await).await;
    t.pass_short().await;
    assert_eq!(t.won(t.ask("expiring")).await.attempts, 1, "a freed record expires");
}

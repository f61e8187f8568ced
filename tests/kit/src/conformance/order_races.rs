//! An order and the owner that it is about, at the same instant.

use super::races::{completing, handle};
use crate::parallel::{at_once, patiently};
use crate::trial::{address, answered, namespace, order, reply};
use crate::{Backend, Trial};
use idem_core::protocol::{RecordView, Seen, StateKind, Verdict, WriteOutcome};
use idem_core::store::{Free, Store};

/// The first one counts, and the others are told: a reply is never thrown away, and what may run again has no late
/// answer.
pub async fn a_verdict_or_a_late_owner_but_not_both<B: Backend>(t: Trial<B>) {
    for round in 0..12 {
        let key = format!("k{round}");
        let owner = t.owner_of(&key).await;
        assert_eq!(t.mark_unknown(&key, owner).await, WriteOutcome::Applied, "an owner may give up");
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let complete = completing(&t, number / 2, &key, owner, reply("late"));
                let store = handle(&t, number / 2 + 1);
                let settlement = t.verdict(&key, owner, Verdict::DidNotHappen);
                async move {
                    if (number + round) % 2 == 0 {
                        complete.await
                    } else {
                        patiently(|| store.settle(settlement.clone())).await
                    }
                }
            })
            .collect();
        assert_one_counts(&t, &key, round, at_once(tasks).await).await;
    }
}

/// The same for an owner that was taken for dead.
pub async fn a_freeing_or_its_owner_but_not_both<B: Backend>(t: Trial<B>) {
    for round in 0..12 {
        let key = format!("k{round}");
        let owner = t.owner_of(&key).await;
        let seen = Seen::of(&t.present(&key).await);
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let complete = completing(&t, number / 2, &key, owner, reply("late"));
                let store = handle(&t, number / 2 + 1);
                let freeing = Free::new(namespace(), address(&key), seen, order(), t.long());
                async move {
                    if (number + round) % 2 == 0 {
                        complete.await
                    } else {
                        patiently(|| store.free(freeing.clone())).await
                    }
                }
            })
            .collect();
        assert_one_counts(&t, &key, round, at_once(tasks).await).await;
    }
}

/// Completions of "late" beside orders to run again, turn by turn.
async fn assert_one_counts<B: Backend>(t: &Trial<B>, key: &str, round: usize, outcomes: Vec<WriteOutcome>) {
    let record = t.present(key).await;
    let kind = record.state.kind();
    assert_eq!(record.audit.is_some(), kind == StateKind::Released, "an order that counts leaves its line");
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let expected = match (kind, (number + round).is_multiple_of(2)) {
            (StateKind::Done, true) | (StateKind::Released, false) => WriteOutcome::Applied,
            (StateKind::Done, false) => WriteOutcome::Lost(answered(reply("late"))),
            (StateKind::Released, true) => WriteOutcome::Lost(RecordView::Released),
            other => panic!("the record is done or released, and is {other:?}"),
        };
        assert_eq!(outcome, expected, "the first one counts, and the other is told");
    }
}

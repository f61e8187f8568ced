//! Many callers at the same instant, on threads of their own, over two handles: exactly one wins.
//!
//! An operation that a busy store turns away is asked for again unchanged, as the contract has it.

use std::sync::Arc;

use crate::parallel::{at_once, patiently};
use crate::trial::{address, answered, reply, reply_in};
use crate::{Backend, Trial};
use idem_core::Reply;
use idem_core::protocol::{AfterCrash, ClaimOutcome, Owner, RecordView, StateKind, WriteOutcome};
use idem_core::store::{Answers, Batch, Completion, Release, Renewal, Store, StoreError};

/// As many as the brief moments of a double click and a retry storm bring.
const CALLERS: usize = 64;

/// All callers claim `key`, half of them over each handle. Gives the answers of those who did not win, too.
async fn storm<B: Backend>(t: &Trial<B>, key: &str, after_crash: AfterCrash) -> Vec<ClaimOutcome> {
    let claim = |number: usize| {
        let store = handle(t, number);
        let claim = with!(t.ask(key), after_crash);
        async move { patiently(|| store.claim(claim.clone())).await }
    };
    at_once((0..CALLERS).map(claim).collect()).await
}

pub(super) fn handle<B: Backend>(t: &Trial<B>, number: usize) -> Arc<B::Store> {
    let [one, two] = t.handles();
    if number.is_multiple_of(2) { one.clone() } else { two.clone() }
}

async fn assert_one_won<B: Backend>(t: &Trial<B>, key: &str, outcomes: Vec<ClaimOutcome>, attempts: u32) {
    let mut winners = Vec::new();
    for outcome in outcomes {
        match outcome {
            ClaimOutcome::Won(won) => winners.push(won),
            ClaimOutcome::InFlight { .. } => {}
            other => panic!("a loser is told that another attempt runs, and one got {other:?}"),
        }
    }
    assert_eq!(winners.len(), 1, "exactly one caller wins (I1): {winners:?}");
    assert_eq!(winners[0].attempts, attempts, "the winner makes one attempt");
    let record = t.present(key).await;
    assert_eq!((record.owner, record.attempts), (winners[0].owner, attempts), "the record is the winner's");
}

/// T1.
pub async fn one_of_many_claims_is_won<B: Backend>(t: Trial<B>) {
    for key in ["a", "b", "c"] {
        let outcomes = storm(&t, key, AfterCrash::Unknown).await;
        assert_one_won(&t, key, outcomes, 1).await;
    }
}

/// T2a.
pub async fn one_of_many_take_overs_is_won<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    let outcomes = storm(&t, "k", AfterCrash::Rerun).await;
    assert_one_won(&t, "k", outcomes, 2).await;
}

/// T2b.
pub async fn one_of_many_claims_of_a_released_key_is_won<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let outcomes = storm(&t, "k", AfterCrash::Unknown).await;
    assert_one_won(&t, "k", outcomes, 2).await;
}

/// T1 on what has expired.
pub async fn one_of_many_claims_of_an_expired_key_is_won<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    let done = t.complete_for("k", owner, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.pass_short().await;
    let outcomes = storm(&t, "k", AfterCrash::Unknown).await;
    assert_one_won(&t, "k", outcomes, 1).await;
}

pub(super) fn completing<B: Backend>(
    t: &Trial<B>,
    number: usize,
    key: &str,
    owner: Owner,
    reply: Reply,
) -> impl Future<Output = WriteOutcome> + Send + use<B> {
    let store = handle(t, number);
    let completion = Completion::new(address(key), owner, reply, t.long());
    async move { patiently(|| store.complete(completion.clone())).await }
}

/// I4: both complete at once, and only the new owner's reply is ever stored.
pub async fn a_stale_owner_never_completes<B: Backend>(t: Trial<B>) {
    for round in 0..6 {
        let key = format!("k{round}");
        let stale = t.abandon(&key, AfterCrash::Rerun).await;
        t.pass_short().await;
        let owner = t.owner_of(&key).await;
        let tasks = (0..16).map(|number| {
            let (by, text) = if number % 4 == 0 { (owner, "new") } else { (stale, "stale") };
            completing(&t, number / 2 + round, &key, by, reply(text))
        });
        for (number, outcome) in at_once(tasks.collect()).await.into_iter().enumerate() {
            match outcome {
                WriteOutcome::Applied => assert_eq!(number % 4, 0, "a stale owner writes nothing (I4)"),
                WriteOutcome::Lost(RecordView::Running) => assert_ne!(number % 4, 0, "the owner completes"),
                WriteOutcome::Lost(RecordView::Done { reply: told, .. }) => {
                    assert_ne!(number % 4, 0, "the owner completes");
                    assert_eq!(told, reply("new"), "a stale owner is told the answer");
                }
                WriteOutcome::Lost(other) => panic!("the key runs or is done, and one was told {other:?}"),
            }
        }
        assert_eq!(reply_in(&t.present(&key).await), &reply("new"), "the owner's reply is the answer");
    }
}

/// A lapsed owner completes while others take over: either it was in time, or one of them runs.
pub async fn a_late_owner_or_a_new_one_but_not_both<B: Backend>(t: Trial<B>) {
    for round in 0..6 {
        let key = format!("k{round}");
        let late = t.abandon(&key, AfterCrash::Rerun).await;
        t.pass_short().await;
        let tasks: Vec<_> = (0..16)
            .map(|number| {
                let complete = completing(&t, number, &key, late, reply("late"));
                let (store, claim) = (handle(&t, number), t.ask(&key));
                async move {
                    // One of the sixteen is the late owner, at another place in each round.
                    if number == round * 2 {
                        Ok(complete.await)
                    } else {
                        Err(patiently(|| store.claim(claim.clone())).await)
                    }
                }
            })
            .collect();
        let (mut applied, mut won, mut replayed) = (0, 0, 0);
        for answer in at_once(tasks).await {
            match answer {
                Ok(WriteOutcome::Applied) => applied += 1,
                Ok(WriteOutcome::Lost(RecordView::Running)) | Err(ClaimOutcome::InFlight { .. }) => {}
                Err(ClaimOutcome::Won(_)) => won += 1,
                Err(ClaimOutcome::Replay(_)) => replayed += 1,
                other => panic!("nothing here explains {other:?}"),
            }
        }
        assert_eq!(applied + won, 1, "the late owner or one new one, but not both: {applied} and {won}");
        assert_eq!(replayed, applied * 15, "who finds it done replays");
    }
}

/// A completion and a release of the same owner at once: the first one counts, the other is told.
pub async fn one_of_two_ends_counts<B: Backend>(t: Trial<B>) {
    for round in 0..12 {
        let key = format!("k{round}");
        let owner = t.owner_of(&key).await;
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let complete = completing(&t, number / 2, &key, owner, reply("end"));
                let store = handle(&t, number / 2 + 1);
                let release = Release::new(address(&key), owner, t.long());
                async move {
                    if (number + round) % 2 == 0 {
                        complete.await
                    } else {
                        patiently(|| store.release(release.clone())).await
                    }
                }
            })
            .collect();
        let outcomes = at_once(tasks).await;
        let kind = t.present(&key).await.state.kind();
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let completes = (number + round) % 2 == 0;
            let expected = match (kind, completes) {
                (StateKind::Done, true) | (StateKind::Released, false) => WriteOutcome::Applied,
                (StateKind::Done, false) => WriteOutcome::Lost(answered(reply("end"))),
                (StateKind::Released, true) => WriteOutcome::Lost(RecordView::Released),
                other => panic!("the record is done or released, and is {other:?}"),
            };
            assert_eq!(outcome, expected, "of two ends one counts, and it stays");
        }
    }
}

/// Sixteen claims of an expired key beside sixteen reapings.
pub async fn reaping_never_takes_a_new_claim<B: Backend>(t: Trial<B>) {
    for round in 0..12 {
        let key = format!("k{round}");
        let owner = t.owner_of(&key).await;
        let done = t.complete_for(&key, owner, &reply("old"), t.short()).await;
        assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
        t.pass_short().await;
        let tasks: Vec<_> = (0..32)
            .map(|number| {
                let (store, claim) = (handle(&t, number / 2), t.ask(&key));
                async move {
                    if number % 2 == 0 {
                        return Some(patiently(|| store.claim(claim.clone())).await);
                    }
                    patiently(|| store.reap(10)).await;
                    None
                }
            })
            .collect();
        let outcomes: Vec<_> = at_once(tasks).await.into_iter().flatten().collect();
        assert_one_won(&t, &key, outcomes, 1).await;
    }
}

/// Batches over the same keys, asked in opposite orders over both handles, beside renewals: none waits for ever, and
/// every key is won once.
pub async fn crossing_batches_end<B: Backend>(t: Trial<B>) {
    let keys: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let mut claims: Vec<_> = keys.iter().map(|key| t.ask(key)).collect();
            if number % 2 == 0 {
                claims.reverse();
            }
            let (store, lease, retention) = (handle(&t, number), t.long(), t.long());
            async move {
                let (batch, _) = Batch::new(claims);
                let answers = patiently(|| whole(store.claim_batch(batch.clone()))).await;
                let addresses = batch.iter().map(|claim| claim.address);
                let won: Vec<_> = addresses
                    .zip(answers)
                    .filter_map(|(at, answer)| owner_in(&answer).map(|o| (at, o)))
                    .collect();
                let renewals = won.iter().rev().map(|(address, owner)| Renewal::new(*address, *owner, lease));
                let (renewals, _) = Batch::new(renewals.collect());
                patiently(|| whole(store.renew(renewals.clone()))).await;
                let completions = won
                    .iter()
                    .map(|(address, owner)| Completion::new(*address, *owner, reply("end"), retention));
                let (completions, _) = Batch::new(completions.collect());
                patiently(|| whole(store.complete_batch(completions.clone()))).await
            }
        })
        .collect();
    let ends: Vec<_> = at_once(tasks).await.into_iter().flatten().collect();
    assert_eq!(ends.len(), keys.len(), "each key was won by one batch");
    assert!(ends.iter().all(|end| *end == WriteOutcome::Applied), "and completed by its winner: {ends:?}");
}

fn owner_in(outcome: &ClaimOutcome) -> Option<Owner> {
    match outcome {
        ClaimOutcome::Won(won) => Some(won.owner),
        _ => None,
    }
}

/// All answers of a batch, or the first error: repeating the whole is safe.
async fn whole<T>(answers: impl Future<Output = Answers<T>>) -> Result<Vec<T>, StoreError> {
    answers.await.into_iter().collect()
}

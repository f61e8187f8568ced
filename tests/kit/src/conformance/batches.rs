//! Batch forms: the same answers as one by one, in the batch's order, and no operation makes another fail.

use std::fmt::Debug;

use crate::trial::{address, print, reply, reply_in, sound};
use crate::{Backend, Trial};
use idem_core::Reply;
use idem_core::address::Address;
use idem_core::protocol::{AfterCrash, Claim, ClaimOutcome, Fence, Owner, RecordView, WriteOutcome};
use idem_core::store::{Addressed, Answers, Batch, Completion, MarkUnknown, Release, Store};

/// The answers with the addresses they are about, in the batch's order.
fn paired<T>(order: Vec<Address>, answers: Answers<T>) -> Vec<(Address, T)> {
    assert_eq!(answers.len(), order.len(), "each operation of a batch gets one answer");
    order
        .into_iter()
        .zip(answers.into_iter().map(|answer| sound("an operation of a batch", answer)))
        .collect()
}

fn order<T: Addressed>(batch: &Batch<T>) -> Vec<Address> {
    batch.iter().map(Addressed::address).collect()
}

fn assert_told<T: PartialEq + Debug>(told: &[(Address, T)], key: &str, expected: &T) {
    let found = told.iter().find(|(at, _)| *at == address(key)).map(|(_, answer)| answer);
    assert_eq!(found, Some(expected), "answers come in the batch's order, each as if asked alone ({key})");
}

/// The seven kinds of record that a claim can meet, on keys that begin with `set`.
async fn seven<B: Backend>(t: &Trial<B>, set: &str) -> Vec<Claim> {
    t.owner_of(&format!("{set} running")).await;
    let key = format!("{set} done");
    let owner = t.owner_of(&key).await;
    assert_eq!(t.complete(&key, owner, &reply("end")).await, WriteOutcome::Applied, "an owner may complete");
    let key = format!("{set} released");
    let owner = t.owner_of(&key).await;
    assert_eq!(t.release(&key, owner).await, WriteOutcome::Applied, "an owner may release");
    t.abandon(&format!("{set} rerun"), AfterCrash::Rerun).await;
    t.abandon(&format!("{set} unknown"), AfterCrash::Unknown).await;
    t.owner_of(&format!("{set} mismatch")).await;
    t.pass_short().await;
    ["absent", "running", "done", "released", "rerun", "unknown", "mismatch"]
        .map(|kind| {
            let claim = t.ask(&format!("{set} {kind}"));
            if kind == "mismatch" { with!(claim, fingerprint = print(2)) } else { claim }
        })
        .into()
}

/// A claim's answer without what differs from key to key.
fn kind(outcome: &ClaimOutcome) -> String {
    match outcome {
        ClaimOutcome::Won(won) => format!("won, attempt {}", won.attempts),
        ClaimOutcome::Replay(replay) => format!("replay of {:?}", replay.reply.as_bytes()),
        ClaimOutcome::InFlight { .. } => "in flight".to_owned(),
        ClaimOutcome::Mismatch => "mismatch".to_owned(),
        ClaimOutcome::Unknown => "unknown".to_owned(),
    }
}

/// Winners and losers of every kind side by side.
pub async fn claims_answer_in_order<B: Backend>(t: Trial<B>) {
    let claims = seven(&t, "b").await;
    let nonces: Vec<_> = claims.iter().map(|claim| (claim.address, claim.nonce)).collect();
    let (batch, left_over) = Batch::new(claims);
    assert!(left_over.is_empty(), "seven keys, seven claims");
    let order = order(&batch);
    let told = paired(order, t.store().claim_batch(batch).await);
    for (at, outcome) in &told {
        if let ClaimOutcome::Won(won) = outcome {
            assert!(
                nonces.contains(&(*at, won.owner.nonce)),
                "a winner gets its own nonce back, not a neighbour's"
            );
        }
    }
    let kinds: Vec<_> = told.iter().map(|(at, outcome)| (*at, kind(outcome))).collect();
    assert_told(&kinds, "b absent", &"won, attempt 1".to_owned());
    assert_told(&kinds, "b running", &"in flight".to_owned());
    assert_told(&kinds, "b done", &"replay of [101, 110, 100]".to_owned());
    assert_told(&kinds, "b released", &"won, attempt 2".to_owned());
    assert_told(&kinds, "b rerun", &"won, attempt 2".to_owned());
    assert_told(&kinds, "b unknown", &"unknown".to_owned());
    assert_told(&kinds, "b mismatch", &"mismatch".to_owned());
}

/// Twelve running keys, of which every third owner in the list is not the record's: by its nonce, or by its fence.
async fn owners<B: Backend>(t: &Trial<B>) -> Vec<(String, Owner, bool)> {
    let mut owners = Vec::new();
    for number in 0..12 {
        let key = format!("k{number}");
        let owner = t.owner_of(&key).await;
        let fence = owner.fence.as_u64();
        let other = match number {
            0 | 6 => Some(Owner { nonce: t.ask(&key).nonce, ..owner }),
            3 => Some(Owner { fence: Fence::from_u64(fence - 1), ..owner }),
            9 => Some(Owner { fence: Fence::from_u64(fence + 1), ..owner }),
            _ => None,
        };
        owners.push((key, other.unwrap_or(owner), other.is_some()));
    }
    owners
}

fn assert_writes(told: &[(Address, WriteOutcome)], owners: &[(String, Owner, bool)]) {
    for (key, _, foreign) in owners {
        let expected = if *foreign { WriteOutcome::Lost(RecordView::Running) } else { WriteOutcome::Applied };
        assert_told(told, key, &expected);
    }
}

/// T5, with a reply of its own for each key.
pub async fn completions_answer_in_order<B: Backend>(t: Trial<B>) {
    let owners = owners(&t).await;
    let completions =
        owners.iter().map(|(key, owner, _)| Completion::new(address(key), *owner, reply(key), t.long()));
    let (batch, _) = Batch::new(completions.collect());
    assert_writes(&paired(order(&batch), t.store().complete_batch(batch.clone()).await), &owners);
    assert_writes(&paired(order(&batch), t.store().complete_batch(batch).await), &owners);
    for (key, _, foreign) in &owners {
        match (t.claim(t.ask(key)).await, foreign) {
            (ClaimOutcome::Replay(replay), false) => {
                assert_eq!(replay.reply, reply(key), "each key has its own reply");
            }
            (ClaimOutcome::InFlight { .. }, true) => {}
            (other, _) => panic!("{key} got {other:?}"),
        }
    }
}

/// T6.
pub async fn releases_answer_in_order<B: Backend>(t: Trial<B>) {
    let owners = owners(&t).await;
    let release = |(key, owner, _): &(String, Owner, bool)| Release::new(address(key), *owner, t.long());
    let (batch, _) = Batch::new(owners.iter().map(release).collect());
    assert_writes(&paired(order(&batch), t.store().release_batch(batch.clone()).await), &owners);
    assert_writes(&paired(order(&batch), t.store().release_batch(batch).await), &owners);
    for (key, _, foreign) in &owners {
        let outcome = t.claim(t.ask(key)).await;
        assert_eq!(
            matches!(outcome, ClaimOutcome::Won(_)),
            !foreign,
            "only what was released runs again: {outcome:?}"
        );
    }
}

/// T7.
pub async fn marks_as_unknown_answer_in_order<B: Backend>(t: Trial<B>) {
    let owners = owners(&t).await;
    let mark = |(key, owner, _): &(String, Owner, bool)| MarkUnknown::new(address(key), *owner);
    let (batch, _) = Batch::new(owners.iter().map(mark).collect());
    assert_writes(&paired(order(&batch), t.store().mark_unknown_batch(batch.clone()).await), &owners);
    assert_writes(&paired(order(&batch), t.store().mark_unknown_batch(batch).await), &owners);
    for (key, _, foreign) in &owners {
        let outcome = t.claim(t.ask(key)).await;
        assert_eq!(
            outcome == ClaimOutcome::Unknown,
            !foreign,
            "only what was given up is unknown: {outcome:?}"
        );
    }
}

/// The same situations once as a batch and once one by one.
pub async fn agree_with_single_operations<B: Backend>(t: Trial<B>) {
    let (together, alone) = (seven(&t, "together").await, seven(&t, "alone").await);
    let (batch, _) = Batch::new(together.clone());
    let told = paired(order(&batch), t.store().claim_batch(batch).await);
    for (one, other) in together.iter().zip(alone) {
        let single = t.claim(other.clone()).await;
        let (_, batched) = told.iter().find(|(at, _)| *at == one.address).expect("each claim got an answer");
        assert_eq!(kind(batched), kind(&single), "a batch answers as its operations alone do");
        let read =
            async |at| sound("a look-up", t.store().look_up(at).await).expect("every key is in use now");
        let (one, other) = (read(one.address).await, read(other.address).await);
        assert_eq!(one.state.kind(), other.state.kind(), "a batch writes as its operations alone do");
        assert_eq!((one.attempts, one.after_crash), (other.attempts, other.after_crash), "and as much");
    }
}

/// A batch whose reply was lost.
pub async fn can_be_repeated<B: Backend>(t: Trial<B>) {
    let claims = (0..20).map(|number| t.ask(&format!("k{number}"))).collect();
    let (batch, _) = Batch::new(claims);
    let first = paired(order(&batch), t.store().claim_batch(batch.clone()).await);
    assert!(
        first.iter().all(|(_, outcome)| matches!(outcome, ClaimOutcome::Won(_))),
        "twenty fresh keys are won"
    );
    let again = paired(order(&batch), t.store().claim_batch(batch).await);
    assert_eq!(again, first, "a repeated batch of claims is the same wins");
}

/// No operations, no answers, no error.
pub async fn may_be_empty<B: Backend>(t: Trial<B>) {
    let store = t.store();
    assert!(store.claim_batch(Batch::new(Vec::new()).0).await.is_empty(), "an empty batch gets no answers");
    assert!(
        store.complete_batch(Batch::new(Vec::new()).0).await.is_empty(),
        "an empty batch gets no answers"
    );
    assert!(store.release_batch(Batch::new(Vec::new()).0).await.is_empty(), "an empty batch gets no answers");
    assert!(
        store.mark_unknown_batch(Batch::new(Vec::new()).0).await.is_empty(),
        "an empty batch gets no answers"
    );
    assert!(store.renew(Batch::new(Vec::new()).0).await.is_empty(), "an empty batch gets no answers");
}

/// More rows than a statement may have parameters in some databases.
pub async fn may_be_large<B: Backend>(t: Trial<B>) {
    let (batch, _) = Batch::new((0..1500).map(|number| t.ask(&format!("k{number}"))).collect());
    let told = paired(order(&batch), t.store().claim_batch(batch).await);
    let completion = |(address, outcome)| match outcome {
        ClaimOutcome::Won(won) => {
            Completion::new(address, won.owner, Reply::from(address.as_bytes().to_vec()), t.long())
        }
        other => panic!("a fresh key is won, and a claim got {other:?}"),
    };
    let (batch, _) = Batch::new(told.into_iter().map(completion).collect());
    for (_, outcome) in paired(order(&batch), t.store().complete_batch(batch.clone()).await) {
        assert_eq!(outcome, WriteOutcome::Applied, "an owner may complete");
    }
    for completion in batch.iter().step_by(97) {
        let record =
            sound("a look-up", t.store().look_up(completion.address).await).expect("it was just completed");
        assert_eq!(reply_in(&record), &completion.reply, "each key has its own reply");
    }
}

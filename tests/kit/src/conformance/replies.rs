//! I2: every stored reply comes back byte for byte.

use crate::trial::{address, answered, reply_in, sound};
use crate::{Backend, Trial};
use idem_core::Reply;
use idem_core::protocol::{ClaimOutcome, Owner, Verdict, WriteOutcome};
use idem_core::store::{Batch, Completion, Store, StoreErrorKind};

/// In bytes: more than MariaDB takes by default (`max_allowed_packet`: 16 MiB).
const BEYOND: usize = 20 << 20;

/// What drivers trip over: nothing at all, NUL, every byte, text that is not UTF-8 or looks like something else.
fn awkward() -> Vec<(&'static str, Reply)> {
    let every: Vec<u8> = (0..=255).collect();
    vec![
        ("empty", Reply::from(Vec::new())),
        ("one NUL", Reply::from(vec![0])),
        ("NULs", Reply::from(vec![0; 1000])),
        ("every byte", Reply::from(every.clone())),
        ("every byte, backwards", Reply::from(every.into_iter().rev().collect::<Vec<u8>>())),
        ("not UTF-8", Reply::from(vec![0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80])),
        ("hexadecimal", Reply::from(b"\\x00ff".to_vec())),
        ("quotes", Reply::from(br#"'";--\'"#.to_vec())),
        ("line ends", Reply::from(b"\r\n\n\r \t".to_vec())),
        ("a number", Reply::from(b"007".to_vec())),
    ]
}

async fn assert_replayed<B: Backend>(t: &Trial<B>, key: &str, stored: &Reply) {
    assert!(reply_in(&t.present(key).await) == stored, "the record holds the reply byte for byte ({key})");
    match t.claim(t.ask(key)).await {
        ClaimOutcome::Replay(replay) => assert!(replay.reply == *stored, "a replay is byte for byte ({key})"),
        other => panic!("a done key replays ({key}), and a claim got {other:?}"),
    }
}

/// Through a single completion.
pub async fn come_back_byte_for_byte<B: Backend>(t: Trial<B>) {
    for (key, reply) in awkward() {
        let owner = t.owner_of(key).await;
        assert_eq!(
            t.complete(key, owner, &reply).await,
            WriteOutcome::Applied,
            "an owner may complete ({key})"
        );
        assert_replayed(&t, key, &reply).await;
    }
}

/// Through a batch of completions.
pub async fn come_back_from_a_batch<B: Backend>(t: Trial<B>) {
    let mut completions = Vec::new();
    for (key, reply) in awkward() {
        let owner = t.owner_of(key).await;
        completions.push(Completion::new(address(key), owner, reply, t.long()));
    }
    let (batch, _) = Batch::new(completions);
    for answer in t.store().complete_batch(batch).await {
        assert_eq!(sound("a completion", answer), WriteOutcome::Applied, "an owner may complete");
    }
    for (key, reply) in awkward() {
        assert_replayed(&t, key, &reply).await;
    }
}

/// Through a settlement.
pub async fn come_back_from_a_verdict<B: Backend>(t: Trial<B>) {
    for (key, reply) in awkward() {
        let seen = t.owner_of(key).await;
        assert_eq!(t.mark_unknown(key, seen).await, WriteOutcome::Applied, "an owner may give up");
        let verdict = Verdict::Happened(reply.clone());
        let settlement = t.verdict(key, seen, verdict);
        assert_eq!(
            t.settle(settlement.clone()).await,
            WriteOutcome::Applied,
            "a verdict ends unknown ({key})"
        );
        assert_eq!(
            t.settle(settlement).await,
            WriteOutcome::Applied,
            "the same bytes are the same verdict ({key})"
        );
        assert_replayed(&t, key, &reply).await;
    }
}

/// An owner that lost its record learns how the operation ended.
pub async fn are_told_to_a_loser<B: Backend>(t: Trial<B>) {
    for (key, reply) in awkward() {
        let owner = t.owner_of(key).await;
        assert_eq!(t.complete(key, owner, &reply).await, WriteOutcome::Applied, "an owner may complete");
        let loser = Owner { nonce: t.ask(key).nonce, ..owner };
        let told = WriteOutcome::Lost(answered(reply.clone()));
        assert!(
            t.complete(key, loser, &Reply::from(vec![1])).await == told,
            "a lost completion tells the answer ({key})"
        );
        assert!(t.release(key, loser).await == told, "a lost release tells the answer ({key})");
        assert!(t.mark_unknown(key, loser).await == told, "a lost mark as unknown tells the answer ({key})");
        assert!(t.forget(key, loser).await == told, "a lost order tells the answer ({key})");
    }
}

/// One mebibyte, of bytes that do not compress or repeat in step with any buffer.
pub async fn may_be_large<B: Backend>(t: Trial<B>) {
    let mut bytes = vec![0; 1 << 20];
    fastrand::Rng::with_seed(7).fill(&mut bytes);
    let reply = Reply::from(bytes);
    let owner = t.owner_of("large").await;
    assert_eq!(t.complete("large", owner, &reply).await, WriteOutcome::Applied, "a mebibyte is a reply");
    assert_replayed(&t, "large", &reply).await;
}

/// More than many servers take: kept whole, or refused as [`StoreErrorKind::Unstorable`], in a batch whose other
/// operations are not harmed. Its owner then completes with something shorter.
pub async fn beyond_a_bound_are_kept_or_refused_for_good<B: Backend>(t: Trial<B>) {
    let (long, short) = (Reply::from(vec![b'r'; BEYOND]), Reply::from(vec![b's']));
    let mut completions = Vec::new();
    for key in ["one", "long", "two"] {
        let reply = if key == "long" { &long } else { &short };
        let owner = t.owner_of(key).await;
        completions.push(Completion::new(address(key), owner, reply.clone(), t.long()));
    }
    let (batch, _) = Batch::new(completions);
    let order: Vec<_> = batch.iter().cloned().collect();
    for (completion, answer) in order.iter().zip(t.store().complete_batch(batch).await) {
        match answer {
            Ok(WriteOutcome::Applied) => {}
            Err(error)
                if error.kind() == StoreErrorKind::Unstorable && completion.address == address("long") => {}
            other => panic!("a reply is taken, or refused for good, and harms no other: {other:?}"),
        }
    }
    for key in ["one", "two"] {
        assert_replayed(&t, key, &short).await;
    }
    for completion in order.into_iter().filter(|completion| completion.address == address("long")) {
        let owner = completion.owner;
        match t.store().complete(completion).await {
            Ok(WriteOutcome::Applied) => assert_replayed(&t, "long", &long).await,
            Err(error) if error.kind() == StoreErrorKind::Unstorable => {
                let instead = t.complete("long", owner, &short).await;
                assert_eq!(instead, WriteOutcome::Applied, "its owner may complete with something shorter");
                assert_replayed(&t, "long", &short).await;
            }
            other => panic!("a reply is taken, or refused for good: {other:?}"),
        }
    }
}

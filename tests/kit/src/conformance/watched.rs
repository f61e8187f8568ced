//! What dashboards are made of: what waits, the oldest unknown record, and take-overs.

use crate::trial::{namespace, reply, sound};
use crate::{Backend, Trial};
use idem_core::clock::Timestamp;
use idem_core::protocol::{AfterCrash, Namespace, Owner, Record, Tally, Terms, WriteOutcome};
use idem_core::store::Store;

async fn tally<B: Backend>(t: &Trial<B>) -> Tally {
    sound("a tally", t.store().tally(namespace()).await)
}

/// Running, unknown, unwinding, stuck.
fn numbers(tally: &Tally) -> [u64; 4] {
    [tally.running, tally.unknown, tally.unwinding, tally.stuck]
}

async fn give_up<B: Backend>(t: &Trial<B>, key: &str) -> Owner {
    let owner = t.owner_of(key).await;
    assert_eq!(t.mark_unknown(key, owner).await, WriteOutcome::Applied, "an owner may give up");
    owner
}

/// The time of a record's newest claim.
fn claimed(record: &Record) -> Timestamp {
    Timestamp::from_micros(record.owner.fence.as_u64())
}

/// What is done or released does not wait.
pub async fn a_tally_counts_what_waits<B: Backend>(t: Trial<B>) {
    let empty = tally(&t).await;
    assert_eq!((numbers(&empty), empty.oldest_unknown), ([0; 4], None), "nothing waits in a new store");
    for key in ["r1", "r2", "r3"] {
        t.owner_of(key).await;
    }
    for key in ["u1", "u2"] {
        give_up(&t, key).await;
    }
    let (done, released) = (t.owner_of("d").await, t.owner_of("f").await);
    assert_eq!(t.complete("d", done, &reply("d")).await, WriteOutcome::Applied, "an owner may complete");
    assert_eq!(t.release("f", released).await, WriteOutcome::Applied, "an owner may release");
    assert_eq!(numbers(&tally(&t).await), [3, 2, 0, 0], "three run, two are unknown");
    let owner = t.present("r1").await.owner;
    assert_eq!(t.complete("r1", owner, &reply("r1")).await, WriteOutcome::Applied, "an owner may complete");
    assert_eq!(numbers(&tally(&t).await), [2, 2, 0, 0], "what was completed waits no longer");
}

/// As a count is.
pub async fn a_tally_is_of_its_namespace<B: Backend>(t: Trial<B>) {
    let other = Terms::new(t.long(), t.long(), "conformance 2");
    let first = t.won(with!(t.ask("theirs"), terms = other.clone())).await;
    assert_eq!(t.mark_unknown("theirs", first.owner).await, WriteOutcome::Applied, "an owner may give up");
    t.won(with!(t.ask("theirs too"), terms = other)).await;
    t.pass_short().await;
    give_up(&t, "ours").await;
    let found = tally(&t).await;
    assert_eq!(numbers(&found), [0, 1, 0, 0], "the records of another namespace are not counted");
    let ours = claimed(&t.present("ours").await);
    assert_eq!(found.oldest_unknown, Some(ours), "nor is an older one of them the oldest");
    let theirs = sound("a tally", t.store().tally(Namespace::new("conformance 2")).await);
    assert_eq!(numbers(&theirs), [1, 1, 0, 0], "their own tally counts them");
}

/// By its newest claim, and among the unknown ones only.
pub async fn a_tally_tells_the_oldest_unknown<B: Backend>(t: Trial<B>) {
    t.owner_of("running").await;
    let early = t.owner_of("claimed again").await;
    assert_eq!(t.release("claimed again", early).await, WriteOutcome::Applied, "an owner may release");
    t.pass_short().await;
    give_up(&t, "oldest").await;
    t.pass_short().await;
    give_up(&t, "claimed again").await;
    let oldest = t.present("oldest").await;
    let told = tally(&t).await.oldest_unknown;
    assert_eq!(told, Some(claimed(&oldest)), "the oldest is the one whose newest claim is the oldest");
    assert_eq!(
        t.forget("oldest", oldest.owner).await,
        WriteOutcome::Applied,
        "an unknown record can be forgotten"
    );
    let next = claimed(&t.present("claimed again").await);
    assert_eq!(tally(&t).await.oldest_unknown, Some(next), "then the other one is the oldest");
}

/// If the store tells a clock: by any other, an age would be wrong.
pub async fn a_tally_tells_the_clock_of_its_store<B: Backend>(t: Trial<B>) {
    let before = t.now().await;
    let told = tally(&t).await.clock;
    let after = t.now().await;
    let right = told.is_none_or(|clock| before <= clock && clock <= after);
    assert!(right, "the clock is the store's: it showed {before:?}, then {told:?}, then {after:?}");
}

/// The operation was running, and the lease of its owner had ended.
pub async fn a_take_over_is_told<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    assert!(t.won(t.ask("k")).await.took_over, "an operation whose owner's lease had ended was taken over");
}

/// Nothing was taken over from an owner.
pub async fn no_other_claim_is_a_take_over<B: Backend>(t: Trial<B>) {
    let first = t.won(t.ask("released")).await;
    assert!(!first.took_over, "a new key is free");
    assert_eq!(t.release("released", first.owner).await, WriteOutcome::Applied, "an owner may release");
    assert!(!t.won(t.ask("released")).await.took_over, "a released key is free");

    let expiring = t.owner_of("expired").await;
    let done = t.complete_for("expired", expiring, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.abandon("swept", AfterCrash::Rerun).await;
    t.pass_short().await;
    t.sweep().await;
    assert!(!t.won(t.ask("expired")).await.took_over, "an expired key is free");
    assert!(!t.won(t.ask("swept")).await.took_over, "a key that a sweep released is free");

    let again = t.ask("repeated");
    assert!(!t.won(again.clone()).await.took_over, "a new key is free");
    assert!(!t.won(again).await.took_over, "a repeated claim is its owner's");
}

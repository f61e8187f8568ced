//! What a record says beside its state survives, for operators and for the next claim.

use crate::trial::{address, namespace, print, reply, sound};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, State, StateKind, WriteOutcome};
use idem_core::store::{Page, Store};
use idem_core::{KeyHint, Label};

/// Through every state, and in a list too.
pub async fn keep_what_was_claimed<B: Backend>(t: Trial<B>) {
    for (key, after_crash) in [("a key for run", AfterCrash::Rerun), ("key for unknown", AfterCrash::Unknown)]
    {
        let claim = with!(t.ask(key), after_crash, fingerprint = print(9));
        let owner = t.won(claim.clone()).await.owner;
        let running = t.present(key).await;
        assert_eq!(t.mark_unknown(key, owner).await, WriteOutcome::Applied, "an owner may give up");
        let unknown = t.present(key).await;
        assert_eq!(
            t.complete(key, owner, &reply("end")).await,
            WriteOutcome::Applied,
            "a late completion counts"
        );
        let done = t.present(key).await;
        for record in [&running, &unknown, &done] {
            assert_eq!(record.label, claim.label, "the label is kept");
            assert_eq!(record.key_hint, claim.key_hint, "the hint of the key is kept");
            assert_eq!(record.after_crash, after_crash, "the crash policy is kept");
            assert_eq!(record.fingerprint, print(9), "the fingerprint is kept");
            assert_eq!((record.owner, record.attempts), (owner, 1), "the owner is kept");
            assert_eq!(record.created, running.created, "the age is kept");
        }
        let page = Page::new(namespace(), StateKind::Done, None, 100);
        let listed = sound("a list", t.store().list(page).await);
        let entry =
            listed.into_iter().find(|entry| entry.address == address(key)).expect("a done record is listed");
        assert_eq!(entry.record, done, "a list shows the record as a look-up does");
    }
}

/// The first claim's time, label and hint are the record's until it expires.
pub async fn keep_their_age_over_attempts<B: Backend>(t: Trial<B>) {
    let first = t.ask_briefly("k", AfterCrash::Rerun);
    t.won(first.clone()).await;
    let created = t.present("k").await.created;
    t.pass_short().await;
    let relabelled = with!(t.ask("k"), label = Label::new("other", b"other"), key_hint = KeyHint::default());
    let owner = t.won(relabelled.clone()).await.owner;
    let taken = t.present("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    t.pass_short().await;
    t.won(with!(relabelled, nonce = t.ask("k").nonce)).await;
    let again = t.present("k").await;
    for record in [taken, again] {
        assert_eq!(record.created, created, "a record's age counts from its first claim");
        assert_eq!(
            (record.label, record.key_hint),
            (first.label.clone(), first.key_hint),
            "and its names stay"
        );
    }
    assert_eq!(t.present("k").await.attempts, 3, "three attempts were made");
}

/// What operators may see comes from callers, so it can be anything.
pub async fn keep_odd_labels_and_hints<B: Backend>(t: Trial<B>) {
    let long = "/p".repeat(200);
    let odd: [(&str, &str, &[u8]); 5] = [
        ("", "", b""),
        ("'; drop table idem; --", "POST /ü/日本/\u{1f980}", "ключ".as_bytes()),
        ("\u{7f}\u{1}\0binary", "tab\tand line\nfeed", b"\xff\xfe\0"),
        ("long", &long, b"a scope that is longer than its hint"),
        ("1234567890123456", "\"quoted\" \\ back", b"100%_"),
    ];
    for (key, operation, scope) in odd {
        let claim =
            with!(t.ask(key), label = Label::new(operation, scope), key_hint = KeyHint::of(key.as_bytes()));
        t.won(claim.clone()).await;
        let record = t.present(key).await;
        assert_eq!(record.label.as_str(), claim.label.as_str(), "a label comes back as it was");
        assert_eq!(record.key_hint, claim.key_hint, "a hint comes back as it was");
    }
}

/// T1 leaves nothing of the expired record.
pub async fn begin_anew_after_expiry<B: Backend>(t: Trial<B>) {
    let owner = t.won(with!(t.ask("k"), after_crash = AfterCrash::Rerun)).await.owner;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let owner = t.owner_of("k").await;
    // Not once it is done: it may be gone by then.
    let old = t.present("k").await;
    let done = t.complete_for("k", owner, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.pass_short().await;
    let claim = with!(
        t.ask("k"),
        fingerprint = print(2),
        label = Label::new("new", b"new"),
        key_hint = KeyHint::of(b"new key"),
        after_crash = AfterCrash::Rerun
    );
    let owner = t.won(claim.clone()).await.owner;
    let new = t.present("k").await;
    assert_eq!((new.owner, new.attempts), (owner, 1), "an expired key begins anew");
    assert_eq!((new.label, new.key_hint), (claim.label, claim.key_hint), "with the new claim's names");
    assert_eq!(
        (new.fingerprint, new.after_crash),
        (print(2), AfterCrash::Rerun),
        "with the new claim's wishes"
    );
    assert!(new.created > old.created, "and an age of its own");
}

/// Counted from the operation, on the store's clock.
pub async fn know_their_lease_and_expiry<B: Backend>(t: Trial<B>) {
    let before = t.now().await;
    let owner = t.owner_of("k").await;
    let running = t.present("k").await;
    let released = t.owner_of("released").await;
    assert_eq!(t.complete("k", owner, &reply("end")).await, WriteOutcome::Applied, "an owner may complete");
    assert_eq!(t.release("released", released).await, WriteOutcome::Applied, "an owner may release");
    let after = t.now().await;
    let within = |at, what: &str| {
        assert!(
            at >= before + t.long(),
            "{what} counts from the operation: {at:?}, and it began after {before:?}"
        );
        assert!(
            at <= after + t.long(),
            "{what} counts from the operation: {at:?}, and it ended before {after:?}"
        );
    };
    assert!(running.created >= before && running.created <= after, "a record is stamped when it is claimed");
    match running.state {
        State::Running { lease } => within(lease, "a lease"),
        other => panic!("a claimed record runs, and is {other:?}"),
    }
    match (t.present("k").await.state, t.present("released").await.state) {
        (State::Done { expires: done, .. }, State::Released { expires: released }) => {
            within(done, "an expiry");
            within(released, "an expiry");
        }
        other => panic!("one is done and one released, and they are {other:?}"),
    }
}

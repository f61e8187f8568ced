//! How many round trips an operation takes, counted by a proxy. The table in `idem_core::store` says the same.

use std::sync::Arc;
use std::time::Duration;

use idem_core::AfterCrash;
use idem_core::protocol::{Claim, ClaimOutcome, RenewOutcome, WriteOutcome};
use idem_core::store::{Batch, Renewal, Store};
use idem_testing::proxy::Proxy;

use crate::servers::{Place, on_every_server};
use crate::support::*;

on_every_server! {
    are_as_few_as_the_documentation_says
    a_batch_takes_no_more_than_one_operation
    callers_who_wait_share_them
}

struct Counted {
    proxy: Proxy,
    store: Arc<dyn Store>,
    place: Place,
}

impl Counted {
    async fn new(place: Place) -> Self {
        let proxy = Proxy::to(&*place.host_port()).await.unwrap();
        let store = place.open_by(&proxy.url(&place.url), Duration::from_secs(10)).await;
        // Connections are open and statements prepared, as in a process that has run for a while.
        for round in 0..2 {
            let keys = (0..4).map(|n| format!("warm {round} {n}"));
            let claims: Vec<Claim> = keys.map(|key| claim(&key)).collect();
            for size in [1, 2, 4] {
                for outcome in store.claim_batch(Batch::new(claims[..size].to_vec()).0).await {
                    drop(outcome.unwrap());
                }
            }
            let key = format!("warm {round} done");
            let owner = complete(&*store, &key).await;
            // Which looks the record up, on the caller's own connection.
            assert_eq!(store.complete(completion(&key, owner)).await.unwrap(), WriteOutcome::Applied);
            drop(store.claim(claim(&key)).await.unwrap());
            drop(store.look_up(address(&key)).await.unwrap());
            let owner = win(&*store, &format!("warm {round} released")).await;
            assert_eq!(
                store.release(release(&format!("warm {round} released"), owner)).await.unwrap(),
                WriteOutcome::Applied
            );
            win(&*store, &format!("warm {round} released")).await;
        }
        Self { proxy, store, place }
    }

    async fn of<T>(&self, operation: impl Future<Output = T>) -> (T, u64) {
        let before = self.proxy.requests();
        let done = operation.await;
        (done, self.proxy.requests() - before)
    }
}

async fn are_as_few_as_the_documentation_says(place: Place) {
    let counted = Counted::new(place).await;
    let (store, expected) = (&*counted.store, counted.place.server.round_trips());

    let (owner, trips) = counted.of(win(store, "k")).await;
    assert_eq!(trips, expected.fresh, "a new key");
    let (duplicate, trips) = counted.of(store.claim(claim("k"))).await;
    assert!(matches!(duplicate, Ok(ClaimOutcome::InFlight { .. })));
    assert_eq!(trips, expected.known, "a duplicate");
    let (done, trips) = counted.of(store.complete(completion("k", owner))).await;
    assert_eq!(done.unwrap(), WriteOutcome::Applied);
    assert_eq!(trips, expected.end, "a completion");
    let (replay, trips) = counted.of(store.claim(claim("k"))).await;
    assert!(matches!(replay, Ok(ClaimOutcome::Replay(_))));
    assert_eq!(trips, expected.known, "a replay");
    let other = with(claim("k"), |it| it.fingerprint = idem_core::Fingerprint::none());
    let (mismatch, trips) = counted.of(store.claim(other)).await;
    assert!(matches!(mismatch, Ok(ClaimOutcome::Mismatch)));
    assert_eq!(trips, expected.known, "a mismatch");
    let (again, trips) = counted.of(store.complete(completion("k", owner))).await;
    assert_eq!(again.unwrap(), WriteOutcome::Applied);
    assert_eq!(trips, expected.late, "a completion again");

    let owner = win(store, "r").await;
    let (released, trips) = counted.of(store.release(release("r", owner))).await;
    assert_eq!(released.unwrap(), WriteOutcome::Applied);
    assert_eq!(trips, expected.end, "a release");
    let (_, trips) = counted.of(win(store, "r")).await;
    assert_eq!(trips, expected.changed, "a claim after a release");

    let lapsed = with(claim("t"), |it| {
        it.lease = Duration::ZERO;
        it.after_crash = AfterCrash::Rerun;
    });
    owner_in(store.claim(lapsed).await);
    let (_, trips) = counted.of(win(store, "t")).await;
    assert_eq!(trips, expected.changed, "a take-over");
}

async fn a_batch_takes_no_more_than_one_operation(place: Place) {
    let counted = Counted::new(place).await;
    let (store, expected) = (&*counted.store, counted.place.server.round_trips());
    let keys = ["a", "b", "c", "d"];
    let (answers, trips) = counted.of(store.claim_batch(Batch::new(keys.map(claim).to_vec()).0)).await;
    assert_eq!(trips, expected.fresh_batch, "four new keys");
    let mut owners: Vec<_> = answers.into_iter().map(owner_in).collect();
    let mut order = keys;
    order.sort_by_key(|key| address(key));
    let completions: Vec<_> = order.iter().zip(owners.drain(..)).map(|(key, o)| completion(key, o)).collect();
    let owners: Vec<_> = completions.iter().map(|completion| completion.owner).collect();
    let renewals = order.iter().zip(owners);
    let renewals = renewals.map(|(key, owner)| Renewal::new(address(key), owner, LEASE));
    // Once uncounted: the first renewal prepares its statement.
    let batch = Batch::new(renewals.collect()).0;
    for outcome in store.renew(batch.clone()).await {
        assert_eq!(outcome.unwrap(), RenewOutcome::Renewed);
    }
    let (_, trips) = counted.of(store.renew(batch)).await;
    assert_eq!(trips, expected.renewal, "four renewals");
    let (answers, trips) = counted.of(store.complete_batch(Batch::new(completions).0)).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), WriteOutcome::Applied);
    }
    // One to prepare a statement of this size, the first time.
    assert!(trips <= expected.end + 1, "four completions: {trips}");
}

async fn callers_who_wait_share_them(place: Place) {
    let counted = Counted::new(place).await;
    let (_, trips) = counted
        .of(async {
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..256 {
                let store = Arc::clone(&counted.store);
                tasks.spawn(async move { win(&*store, &number.to_string()).await });
            }
            tasks.join_all().await
        })
        .await;
    assert!(trips < 200, "256 claims at once took {trips} round trips");
}

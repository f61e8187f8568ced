//! How often each operation goes to the server and back.

use std::net::SocketAddr;
use std::time::Duration;

use idem_core::AfterCrash;
use idem_core::protocol::{Order, RenewOutcome, Seen, StateKind, Verdict, WriteOutcome};
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::{Batch, Free, MarkUnknown, Page, Renewal, Store, Sweep};
use idem_testing::proxy::Proxy;

use super::{Table, hex, in_both_dialects};
use crate::support::*;

in_both_dialects! {
    each_operation_takes_as_many_as_it_says
}

struct Counted {
    proxy: Proxy,
    dialect: Dialect,
}

impl Counted {
    /// The second of two runs, so that what is prepared once is prepared.
    async fn trips<T>(&self, mut operation: impl AsyncFnMut(u8) -> T) -> u64 {
        operation(1).await;
        let before = self.proxy.requests();
        operation(2).await;
        self.proxy.requests() - before
    }

    #[track_caller]
    fn is(&self, what: &str, counted: u64, mariadb: u64, mysql: u64) {
        let expected = if self.dialect == Dialect::MariaDb { mariadb } else { mysql };
        assert_eq!(counted, expected, "{what} in the dialect {:?}", self.dialect);
    }
}

fn upstream(url: &str) -> SocketAddr {
    let authority = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    std::net::ToSocketAddrs::to_socket_addrs(authority.rsplit('@').next().unwrap()).unwrap().next().unwrap()
}

fn three(store: u8, run: u8) -> [String; 3] {
    ["a", "b", "c"].map(|key| format!("{key} {store} {run}"))
}

#[expect(clippy::too_many_lines, reason = "a list")]
async fn each_operation_takes_as_many_as_it_says(table: Table) {
    let proxy = Proxy::to(upstream(&table.url)).await.unwrap();
    let builder = table.builder_by(&proxy.url(&table.url)).concurrency(1).timeout(Duration::from_mins(1));
    let store: MySqlStore = builder.open().await.unwrap();
    let aside = table.open().await;
    let counted = Counted { proxy, dialect: table.dialect };
    let mut shell = table.shell().await;

    let trips = counted.trips(async |n| win(&store, &format!("new {n}")).await).await;
    counted.is("a new key", trips, 1, 1);
    let trips = counted.trips(async |_| store.claim(claim("new 1")).await.unwrap()).await;
    counted.is("a duplicate", trips, 1, 2);
    complete(&aside, "done").await;
    let trips = counted.trips(async |_| store.claim(claim("done")).await.unwrap()).await;
    counted.is("a replay", trips, 1, 2);
    let batch = |n| Batch::new(three(1, n).iter().map(|key| claim(key)).collect()).0;
    let trips = counted.trips(async |n| store.claim_batch(batch(n)).await).await;
    counted.is("several new keys", trips, 1, 2);

    let mut claims = Vec::new();
    for n in 1..=18 {
        claims.push((format!("own {n}"), win(&aside, &format!("own {n}")).await));
    }
    let mut claims = claims.into_iter();
    let mut next = || claims.next().unwrap();
    let mut two = [next(), next()];
    let trips = counted.trips(async |n| {
        let (key, owner) = &two[usize::from(n) - 1];
        assert_eq!(store.complete(completion(key, *owner)).await.unwrap(), WriteOutcome::Applied);
    });
    counted.is("a completion", trips.await, 1, 1);
    let (key, owner) = &two[0];
    let trips = counted.trips(async |_| store.complete(completion(key, *owner)).await.unwrap()).await;
    counted.is("a completion, repeated", trips, 2, 2);
    two = [next(), next()];
    let trips = counted.trips(async |n| {
        let (key, owner) = &two[usize::from(n) - 1];
        assert_eq!(store.release(release(key, *owner)).await.unwrap(), WriteOutcome::Applied);
    });
    counted.is("a release", trips.await, 1, 1);
    let trips = counted.trips(async |n| win(&store, &two[usize::from(n) - 1].0).await).await;
    counted.is("a claim after a release", trips, 2, 3);
    two = [next(), next()];
    let trips = counted.trips(async |n| {
        let (key, owner) = &two[usize::from(n) - 1];
        store.mark_unknown(MarkUnknown::new(address(key), *owner)).await.unwrap()
    });
    counted.is("a mark as unknown", trips.await, 1, 1);
    let trips = counted.trips(async |n| {
        let (key, seen) = &two[usize::from(n) - 1];
        store.settle(settlement(key, *seen, Verdict::Happened(reply(key)))).await.unwrap()
    });
    counted.is("a verdict", trips.await, 2, 2);
    let settled = [forgetting(&store, &two[0].0).await, forgetting(&store, &two[1].0).await];
    let trips =
        counted.trips(async |n| store.forget(settled[usize::from(n) - 1].clone()).await.unwrap()).await;
    counted.is("forgetting", trips, 2, 2);
    let two = [next(), next()];
    let mut running = Vec::new();
    for (key, _) in &two {
        let seen = Seen::of(&store.look_up(address(key)).await.unwrap().unwrap());
        running.push(Free::new(namespace(), address(key), seen, Order::by("ada"), RETENTION));
    }
    let trips = counted.trips(async |n| store.free(running[usize::from(n) - 1].clone()).await.unwrap()).await;
    counted.is("freeing", trips, 2, 2);
    let six = [next(), next(), next(), next(), next(), next()];
    let trips = counted.trips(async |n| {
        let some = six.chunks(3).nth(usize::from(n) - 1).unwrap();
        let batch = Batch::new(some.iter().map(|(key, owner)| completion(key, *owner)).collect()).0;
        for answer in store.complete_batch(batch).await {
            assert_eq!(answer.unwrap(), WriteOutcome::Applied);
        }
    });
    counted.is("several completions", trips.await, 1, 1);
    let four = [next(), next(), next(), next()];
    let renewals = || four.iter().map(|(key, owner)| Renewal::new(address(key), *owner, LEASE));
    let trips = counted.trips(async |_| {
        for answer in store.renew(Batch::new(renewals().collect()).0).await {
            assert_eq!(answer.unwrap(), RenewOutcome::Renewed);
        }
    });
    counted.is("renewals", trips.await, 1, 1);

    for n in 1..=2 {
        let key = format!("lapsed {n}");
        owner_in(aside.claim(with(claim(&key), |it| it.after_crash = AfterCrash::Rerun)).await);
        shell
            .run(format!(
                "UPDATE {} SET until = 5 WHERE address = {}",
                table.name,
                hex(address(&key).as_bytes())
            ))
            .await;
    }
    let trips = counted.trips(async |n| win(&store, &format!("lapsed {n}")).await).await;
    counted.is("a take-over", trips, 2, 3);

    let trips = counted.trips(async |_| store.look_up(address("done")).await.unwrap()).await;
    counted.is("a look-up", trips, 1, 1);
    let page = Page::new(namespace(), StateKind::Running, None, 10);
    let trips = counted.trips(async |_| store.list(page.clone()).await.unwrap()).await;
    counted.is("a page", trips, 1, 1);
    let trips = counted.trips(async |_| store.count(counting(StateKind::Done)).await.unwrap()).await;
    counted.is("a count", trips, 1, 1);
    let sweep = Sweep::new(namespace(), Duration::ZERO, RETENTION, 100);
    let trips = counted.trips(async |_| store.sweep(sweep.clone()).await.unwrap()).await;
    counted.is("a sweep", trips, 2, 2);
    let trips = counted.trips(async |_| store.reap(100).await.unwrap()).await;
    counted.is("a reaping", trips, 1, 1);
}

//! Reaping beside live traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use idem_core::protocol::StateKind;
use idem_core::store::Store;

use super::Table;
use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_expired_records_go_in_batches_beside_live_traffic() {
    let Some(table) = Table::new() else { return };
    let store = Arc::new(table.open().await);
    let mut shell = table.shell().await;
    let fill = "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, \
                digest, label, key_hint, reply) SELECT n, n, n, 1, 1, 2 + n % 2, 0, 0, sha256(int8send(n)), '\\x00', \
                '\\x00', '', '', '' FROM generate_series(1::bigint, 100000) n";
    shell.run(fill.replace("{}", &table.name)).await;
    // Another transaction has one of them locked: the reaper skips it, and does not wait.
    let mut rival = table.shell().await;
    rival.run("BEGIN").await;
    rival.run(format!("SELECT 1 FROM {} WHERE fence = 17 FOR UPDATE", table.name)).await;

    let (over, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut live = tokio::task::JoinSet::new();
    for caller in 0..4 {
        let (store, over, served) = (Arc::clone(&store), Arc::clone(&over), Arc::clone(&served));
        live.spawn(async move {
            let mut number = 0;
            while !over.load(Ordering::Relaxed) {
                complete(&*store, &format!("{caller} {number}")).await;
                served.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
        });
    }
    let mut reaped = 0;
    loop {
        let before = served.load(Ordering::Relaxed);
        let gone = store.reap(5_000).await.unwrap();
        reaped += gone;
        if gone < 5_000 {
            break;
        }
        // Between two batches at the latest, all other calls get on.
        until("live traffic goes on", async || (served.load(Ordering::Relaxed) > before).then_some(())).await;
    }
    over.store(true, Ordering::Relaxed);
    live.join_all().await;
    assert_eq!(reaped, 99_999);
    rival.run("ROLLBACK").await;
    assert_eq!(store.reap(10).await.unwrap(), 1);
    let left = u64::try_from(served.load(Ordering::Relaxed)).unwrap();
    assert_eq!(store.count(counting(StateKind::Done)).await.unwrap(), left);
}

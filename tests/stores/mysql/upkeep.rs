//! Reaping beside live traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use idem_core::protocol::StateKind;
use idem_core::store::Store;

use super::{Table, in_both_dialects};
use crate::support::*;

in_both_dialects! {
    a_hundred_thousand_expired_records_go_in_batches_beside_live_traffic
}

async fn a_hundred_thousand_expired_records_go_in_batches_beside_live_traffic(table: Table) {
    let store = Arc::new(table.open().await);
    let mut shell = table.shell().await;
    let digits = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
                  UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let numbers = format!(
        "(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM {digits} a, {digits} b, \
         {digits} c, {digits} e, {digits} f)"
    );
    let fill = "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, \
                digest, label, key_hint, reply) SELECT n, n, n, 1, 1, 2 + n % 2, 0, 0, UNHEX(SHA2(n, 256)), x'00', \
                x'00', '', '', '' FROM ";
    shell.run(format!("{}{numbers} numbers", fill.replace("{}", &table.name))).await;
    // Another transaction has one of them locked: the reaper skips it, and does not wait.
    let mut rival = table.shell().await;
    rival.run("BEGIN").await;
    rival.run(format!("SELECT 1 FROM {} WHERE address = UNHEX(SHA2(17, 256)) FOR UPDATE", table.name)).await;

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

//! Rows that another transaction has locked: deadlocks, open transactions, futures that are dropped while they wait.

use std::sync::Arc;
use std::time::Duration;

use idem_core::AfterCrash;
use idem_core::protocol::{Claim, ClaimOutcome, RenewOutcome, Terms, WriteOutcome};
use idem_core::store::{Batch, Renewal, Store, StoreErrorKind, Sweep, SweepCount};
use sqlx::Row;

use super::{Shell, Table, hex, in_both_dialects};
use crate::support::*;

in_both_dialects! {
    a_deadlock_is_retried
    opposite_orders_do_not_deadlock
    a_future_dropped_midway_leaves_the_link_sound
    a_rival_that_rolls_back_leaves_the_key_to_the_one_who_waited
    a_rival_that_commits_is_seen
    a_locked_record_fails_none_of_its_neighbours
    a_locked_row_is_skipped_by_renewals_and_the_others_are_renewed
    a_locked_row_is_skipped_by_upkeep
}

/// So long that no statement gives up waiting for a lock.
pub(super) const PATIENT: Duration = Duration::from_mins(2);

/// Until a statement on the table that begins with `verb` waits for a lock. Not by `information_schema.innodb_trx`,
/// which stands still for a client that looks often.
pub(super) async fn blocked(shell: &mut Shell, table: &Table, verb: &str) {
    let verb = format!("\n{verb}");
    let waits = |of: &str| of.contains("LOCK WAIT") && of.contains(&table.name) && of.contains(&verb);
    until("a statement waits for a lock", async || {
        let status: String = shell.row("SHOW ENGINE INNODB STATUS").await.get(2);
        status.split("---TRANSACTION").any(waits).then_some(())
    })
    .await;
}

/// A record of a transaction that is still open.
pub(super) async fn insert_uncommitted(shell: &mut Shell, table: &Table, key: &str) {
    let claim = claim(key);
    shell.run("BEGIN").await;
    shell
        .run(format!(
            "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, \
             digest, label, key_hint, reply) VALUES (7, 9000000000000000, 7, 1, 1, 1, 0, {}, {}, {}, {}, \
             '', '', '')",
            table.name,
            claim.fingerprint.recipe(),
            hex(claim.address.as_bytes()),
            hex(claim.nonce.as_bytes()),
            hex(claim.fingerprint.digest()),
        ))
        .await;
}

fn lock(table: &Table, key: &str) -> String {
    format!("SELECT 1 FROM {} WHERE address = {} FOR UPDATE", table.name, hex(address(key).as_bytes()))
}

async fn a_deadlock_is_retried(table: Table) {
    let store = table.builder().timeout(PATIENT).open().await.unwrap();
    let (mut first, mut last, mut watch) = (table.shell().await, table.shell().await, table.shell().await);
    let mut keys = ["a", "b", "c"];
    keys.sort_by_key(|key| address(key));
    let mut completions = Vec::new();
    for key in keys {
        completions.push(completion(key, win(&store, key).await));
    }
    first.run("SET innodb_lock_wait_timeout = 120; BEGIN").await;
    first.run(lock(&table, keys[1])).await;
    // Of a deadlock's two transactions, the server undoes the one that wrote less: the store's.
    let rows = (0..200).map(|n| format!("({n})")).collect::<Vec<_>>().join(",");
    last.run(format!("CREATE TABLE {}_heavy (n INT PRIMARY KEY)", table.name)).await;
    last.run("SET innodb_lock_wait_timeout = 120; BEGIN").await;
    last.run(format!("INSERT INTO {}_heavy VALUES {rows}", table.name)).await;
    last.run(lock(&table, keys[2])).await;

    let mut done = store.complete_batch(Batch::new(completions).0);
    // It has the first row, and waits for the second.
    tokio::select! {
        _ = &mut done => panic!("a row is locked"),
        () = blocked(&mut watch, &table, "UPDATE") => {}
    }
    let the_first_row = lock(&table, keys[0]);
    let wants_the_first_row = async {
        // Fails the test if the server undoes this one instead.
        last.run(the_first_row).await;
        last.run("ROLLBACK").await;
    };
    let lets_go_of_the_second_row = async {
        blocked(&mut watch, &table, "SELECT 1").await;
        first.run("ROLLBACK").await;
    };
    let (answers, (), ()) = tokio::join!(done, wants_the_first_row, lets_go_of_the_second_row);
    for answer in answers {
        assert_eq!(answer.unwrap(), WriteOutcome::Applied);
    }
}

async fn opposite_orders_do_not_deadlock(table: Table) {
    let stores = [table.open().await, table.open().await].map(Arc::new);
    let mut tasks = tokio::task::JoinSet::new();
    for (store, backwards) in stores.iter().zip([false, true]) {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            let mut won = 0;
            for round in 0..40 {
                let mut claims: Vec<Claim> = (0..64).map(|n| claim(&format!("{round} {n}"))).collect();
                if backwards {
                    claims.reverse();
                }
                for answer in store.claim_batch(Batch::new(claims).0).await {
                    won += i64::from(matches!(answer.unwrap(), ClaimOutcome::Won(_)));
                }
            }
            won
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<i64>(), 40 * 64);
}

async fn a_future_dropped_midway_leaves_the_link_sound(table: Table) {
    let store = table.builder().timeout(PATIENT).open().await.unwrap();
    let (mut rival, mut watch) = (table.shell().await, table.shell().await);
    insert_uncommitted(&mut rival, &table, "k").await;
    let mut dropped = store.claim(claim("k"));
    assert!(is_pending(&mut dropped).await);
    tokio::select! {
        _ = &mut dropped => panic!("the rival is not decided"),
        () = blocked(&mut watch, &table, "INSERT") => {}
    }
    drop(dropped);
    rival.run("ROLLBACK").await;
    // The claim whose caller left was carried on, or not: the key is in flight or free, and nothing hangs.
    for number in 0..20 {
        complete(&store, &format!("other {number}")).await;
    }

    // A renewal has no lane that would carry it on: its connection is dropped with it.
    let renewal = Renewal::new(address("r"), win(&store, "r").await, LEASE);
    for _ in 0..20 {
        let mut renewing = store.renew(Batch::new(vec![renewal.clone()]).0);
        let _sent = is_pending(&mut renewing).await;
        drop(renewing);
    }
    assert_eq!(store.renew(Batch::new(vec![renewal]).0).await.remove(0).unwrap(), RenewOutcome::Renewed);
    let all = format!("SELECT 1 FROM {} FOR UPDATE NOWAIT", table.name);
    until("every lock is gone", async || watch.try_run(all.clone()).await.ok()).await;
}

async fn a_rival_that_rolls_back_leaves_the_key_to_the_one_who_waited(table: Table) {
    let store = table.builder().timeout(PATIENT).open().await.unwrap();
    let (mut rival, mut watch) = (table.shell().await, table.shell().await);
    insert_uncommitted(&mut rival, &table, "k").await;
    let mut claim = store.claim(claim("k"));
    tokio::select! {
        _ = &mut claim => panic!("the rival is not decided"),
        () = blocked(&mut watch, &table, "INSERT") => {}
    }
    rival.run("ROLLBACK").await;
    owner_in(claim.await);
}

async fn a_rival_that_commits_is_seen(table: Table) {
    let store = table.builder().timeout(PATIENT).open().await.unwrap();
    let (mut rival, mut watch) = (table.shell().await, table.shell().await);
    for others in [&[][..], &["x", "y"]] {
        insert_uncommitted(&mut rival, &table, "k").await;
        let (batch, _) = Batch::new(others.iter().chain(&["k"]).map(|key| claim(key)).collect());
        let at = batch.iter().position(|claim| claim.address == address("k")).unwrap();
        let mut claims = store.claim_batch(batch);
        tokio::select! {
            _ = &mut claims => panic!("the rival is not decided"),
            () = blocked(&mut watch, &table, "INSERT") => {}
        }
        rival.run("COMMIT").await;
        let mut answers = claims.await;
        assert!(matches!(answers.remove(at), Ok(ClaimOutcome::InFlight { .. })));
        for answer in answers {
            owner_in(answer);
        }
        rival.run(format!("DELETE FROM {}", table.name)).await;
    }
}

async fn a_locked_record_fails_none_of_its_neighbours(table: Table) {
    // The server gives up after half of that.
    let store = table.builder().timeout(Duration::from_secs(20)).open().await.unwrap();
    let quick = table.builder().timeout(Duration::from_secs(2)).open().await.unwrap();
    let mut rival = table.shell().await;
    insert_uncommitted(&mut rival, &table, "k").await;
    let (batch, _) = Batch::new(["a", "b", "c", "k", "x", "y"].map(claim).to_vec());
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    for (at, answer) in order.into_iter().zip(quick.claim_batch(batch).await) {
        if at == address("k") {
            assert_eq!(kind(answer), StoreErrorKind::Unavailable, "nothing was applied, for certain");
        } else {
            owner_in(answer);
        }
    }
    rival.run("ROLLBACK").await;
    win(&store, "k").await;
}

async fn a_locked_row_is_skipped_by_renewals_and_the_others_are_renewed(table: Table) {
    let (store, mut rival) = (table.open().await, table.shell().await);
    let mut renewals = Vec::new();
    for key in ["a", "b", "c"] {
        let owner = win(&store, key).await;
        renewals.push(Renewal::new(address(key), owner, LEASE * 2));
    }
    rival.run("BEGIN").await;
    rival.run(lock(&table, "b")).await;
    let (batch, _) = Batch::new(renewals);
    let expected: Vec<_> = batch
        .iter()
        .map(|r| if r.address == address("b") { RenewOutcome::Skipped } else { RenewOutcome::Renewed })
        .collect();
    let answers: Vec<_> = store.renew(batch).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, expected);
}

async fn a_locked_row_is_skipped_by_upkeep(table: Table) {
    let (store, mut rival, mut shell) = (table.open().await, table.shell().await, table.shell().await);
    for key in ["a", "b", "c", "d"] {
        let after_crash = if key < "c" { AfterCrash::Unknown } else { AfterCrash::Rerun };
        let terms = Terms::new(Duration::ZERO, LEASE, "shop");
        owner_in(
            store
                .claim(with(claim(key), |it| {
                    it.after_crash = after_crash;
                    it.terms = terms;
                }))
                .await,
        );
    }
    shell.run(format!("UPDATE {} SET until = 5", table.name)).await;
    rival.run("BEGIN").await;
    rival.run(lock(&table, "b")).await;
    let sweep = Sweep::new(namespace(), Duration::ZERO, RETENTION, 100);
    let swept = store.sweep(sweep).await.unwrap();
    assert_eq!(swept, SweepCount::new(1, 2));
    rival.run("ROLLBACK").await;
    rival.run("BEGIN").await;
    rival.run(lock(&table, "c")).await;
    assert_eq!(store.reap(100).await.unwrap(), 1);
    rival.run("ROLLBACK").await;
    assert_eq!(store.reap(100).await.unwrap(), 1);
}

//! What was measured to go wrong with PostgreSQL, and does not.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use idem_core::Label;
use idem_core::protocol::{Claim, ClaimOutcome, RenewOutcome, WriteOutcome};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Batch, Renewal, Store, StoreErrorKind};
use sqlx::postgres::PgPoolOptions;

use super::{Shell, Table, with_options};
use crate::support::*;

/// Until a statement waits for a lock on the table.
async fn blocked(shell: &mut Shell, table: &Table) {
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{}%'",
        table.name
    );
    until("a statement waits for a lock", async || (shell.number(&waiting).await > 0).then_some(())).await;
}

/// A record of a transaction that is still open.
pub(super) async fn insert_uncommitted(shell: &mut Shell, table: &Table, key: &str) {
    let claim = claim(key);
    shell.run("BEGIN").await;
    shell
        .run(format!(
            "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, \
             digest, label, key_hint, reply) VALUES (7, 9000000000000000, 7, 1, 1, 1, 0, {}, '\\x{}', '\\x{}', '\\x{}', \
             '', '', '')",
            table.name,
            claim.fingerprint.recipe(),
            hex(claim.address.as_bytes()),
            hex(claim.nonce.as_bytes()),
            hex(claim.fingerprint.digest()),
        ))
        .await;
}

#[tokio::test]
async fn an_empty_answer_is_looked_at_again() {
    let Some(table) = Table::new() else { return };
    let (store, mut rival, mut watch) =
        (table.open_patient().await, table.shell().await, table.shell().await);
    for others in [&[][..], &["x", "y"]] {
        insert_uncommitted(&mut rival, &table, "k").await;
        let keys = others.iter().chain(&["k"]);
        let (batch, _) = Batch::new(keys.map(|key| claim(key)).collect());
        let at = batch.iter().position(|claim| claim.address == address("k")).unwrap();
        let mut claims = store.claim_batch(batch);
        assert!(is_pending(&mut claims).await);
        tokio::select! {
            _ = &mut claims => panic!("the rival is not decided"),
            () = blocked(&mut watch, &table) => {}
        }
        // The statement's own snapshot is older than this.
        rival.run("COMMIT").await;
        let mut answers = claims.await;
        assert!(matches!(answers.remove(at), Ok(ClaimOutcome::InFlight { .. })));
        for answer in answers {
            owner_in(answer);
        }
        rival.run(format!("DELETE FROM {}", table.name)).await;
    }
}

#[tokio::test]
async fn a_rival_that_rolls_back_leaves_the_key_to_the_one_who_waited() {
    let Some(table) = Table::new() else { return };
    let (store, mut rival, mut watch) =
        (table.open_patient().await, table.shell().await, table.shell().await);
    insert_uncommitted(&mut rival, &table, "k").await;
    let mut claim = store.claim(claim("k"));
    assert!(is_pending(&mut claim).await);
    tokio::select! {
        _ = &mut claim => panic!("the rival is not decided"),
        () = blocked(&mut watch, &table) => {}
    }
    rival.run("ROLLBACK").await;
    owner_in(claim.await);
}

#[tokio::test]
async fn a_future_dropped_midway_leaves_the_connections_sound() {
    let Some(table) = Table::new() else { return };
    let (store, mut rival, mut watch) =
        (table.open_patient().await, table.shell().await, table.shell().await);
    insert_uncommitted(&mut rival, &table, "k").await;
    let mut dropped = store.claim(claim("k"));
    assert!(is_pending(&mut dropped).await);
    tokio::select! {
        _ = &mut dropped => panic!("the rival is not decided"),
        () = blocked(&mut watch, &table) => {}
    }
    drop(dropped);
    rival.run("ROLLBACK").await;
    // The claim whose caller left was carried on, or not: the key is in flight or free, and nothing hangs.
    for number in 0..20 {
        complete(&store, &format!("other {number}")).await;
    }
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%";
    assert_eq!(watch.number(format!("{open}{}%'", table.name)).await, 0);
}

#[tokio::test]
async fn the_clock_moves_within_a_transaction() {
    let Some(table) = Table::new() else { return };
    let store = table.open().await;
    win(&store, "k").await;
    let mut shell = table.shell().await;
    let hex = hex(address("k").as_bytes());
    let clock = format!("SELECT r_clock FROM {}_load(ARRAY['\\x{hex}'::bytea])", table.name);
    shell.run("BEGIN").await;
    let before = shell.number(&clock).await;
    shell.run("SELECT pg_sleep(0.001)").await;
    assert!(shell.number(&clock).await > before, "now() would stand still");
}

#[tokio::test]
async fn session_time_zones_do_not_matter() {
    let Some(table) = Table::new() else { return };
    let east = table.open_with("-c timezone=Pacific/Kiritimati").await;
    let west = table.open_with("-c timezone=Pacific/Pago_Pago").await;
    let owner = win(&east, "k").await;
    let Ok(ClaimOutcome::InFlight { lease_left }) = west.claim(claim("k")).await else { panic!("in flight") };
    assert!(lease_left <= LEASE && lease_left > Duration::ZERO, "{lease_left:?}");
    let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let apart = here.abs_diff(owner.fence.as_u64().into());
    assert!(apart < Duration::from_hours(1).as_micros(), "a fence is the time in microseconds since 1970");
}

#[tokio::test]
async fn other_isolation_levels_as_defaults_change_nothing() {
    let Some(table) = Table::new() else { return };
    for level in ["serializable", "repeatable\\ read", "read\\ committed"] {
        let options = format!("-c default_transaction_isolation={level}");
        let stores = [table.open_with(&options).await, table.open_with(&options).await].map(Arc::new);
        for round in 0..20 {
            let key = format!("{level} {round}");
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..16 {
                let (store, claim) = (Arc::clone(&stores[number % 2]), claim(&key));
                tasks.spawn(async move { store.claim(claim).await.unwrap() });
            }
            let won = tasks.join_all().await.into_iter().filter(|o| matches!(o, ClaimOutcome::Won(_)));
            assert_eq!(won.count(), 1, "{key}");
        }
    }
}

#[tokio::test]
async fn a_deadlock_is_tried_again() {
    let Some(table) = Table::new() else { return };
    let (setup, mut watch) = (table.open().await, table.shell().await);
    let (mut first, mut last) = (table.shell().await, table.shell().await);
    // PostgreSQL undoes the statement of the first transaction that looks for the deadlock: the store's.
    let url = with_options(&table.url, "-c deadlock_timeout=20ms");
    let store = PostgresStore::builder(&url).table(&table.name).timeout(Duration::from_mins(2));
    let store = store.open().await.unwrap();
    last.run("SET deadlock_timeout = '10min'").await;
    let mut keys = ["a", "b", "c"];
    keys.sort_by_key(|key| address(key));
    let mut completions = Vec::new();
    for key in keys {
        completions.push(completion(key, win(&setup, key).await));
    }
    let lock = |key| {
        let hex = hex(address(key).as_bytes());
        format!("SELECT 1 FROM {} WHERE address = '\\x{hex}' FOR UPDATE", table.name)
    };
    first.run("BEGIN").await;
    first.run(lock(keys[1])).await;
    last.run("BEGIN").await;
    last.run(lock(keys[2])).await;
    let mut done = store.complete_batch(Batch::new(completions).0);
    // It has the first row, and waits for the second.
    tokio::select! {
        _ = &mut done => panic!("a row is locked"),
        () = blocked(&mut watch, &table) => {}
    }
    let the_first_row = lock(keys[0]);
    let wants_the_first_row = async {
        last.run(the_first_row).await;
        last.run("ROLLBACK").await;
    };
    let lets_go_of_the_second_row = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE'";
        until("the other waits as well", async || (watch.number(waiting).await > 0).then_some(())).await;
        first.run("ROLLBACK").await;
    };
    let (answers, (), ()) = tokio::join!(done, wants_the_first_row, lets_go_of_the_second_row);
    for answer in answers {
        assert_eq!(answer.unwrap(), WriteOutcome::Applied);
    }
}

#[tokio::test]
async fn opposite_orders_do_not_deadlock() {
    let Some(table) = Table::new() else { return };
    let stores = [table.open().await, table.open().await].map(Arc::new);
    let mut shell = table.shell().await;
    let sql = format!("SELECT count(*) FROM {}", table.name);
    let mut tasks = tokio::task::JoinSet::new();
    for (store, backwards) in stores.iter().zip([false, true]) {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for round in 0..40 {
                let mut claims: Vec<Claim> = (0..64).map(|n| claim(&format!("{round} {n}"))).collect();
                if backwards {
                    claims.reverse();
                }
                for answer in store.claim_batch(Batch::new(claims).0).await {
                    let _told = answer.unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(shell.number(sql).await, 40 * 64);
}

#[tokio::test]
async fn a_locked_row_is_skipped_by_renewals_and_the_others_are_renewed() {
    let Some(table) = Table::new() else { return };
    let (store, mut rival) = (table.open().await, table.shell().await);
    let mut renewals = Vec::new();
    for key in ["a", "b", "c"] {
        let owner = win(&store, key).await;
        renewals.push(Renewal::new(address(key), owner, LEASE * 2));
    }
    let locked = address("b");
    let hex = hex(locked.as_bytes());
    rival.run("BEGIN").await;
    rival.run(format!("SELECT 1 FROM {} WHERE address = '\\x{hex}' FOR UPDATE", table.name)).await;
    let (batch, _) = Batch::new(renewals);
    let expected: Vec<_> = batch
        .iter()
        .map(|r| if r.address == locked { RenewOutcome::Skipped } else { RenewOutcome::Renewed })
        .collect();
    let answers: Vec<_> = store.renew(batch).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn duplicates_are_answered_while_every_connection_of_the_pool_is_held() {
    let Some(table) = Table::new() else { return };
    let pool = PgPoolOptions::new().max_connections(10).connect(&table.url).await.unwrap();
    let store = Arc::new(PostgresStore::builder(&pool).table(&table.name).open().await.unwrap());
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(pool.acquire().await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.claim(claim("k")).await.unwrap() });
    }
    let won = tasks.join_all().await.into_iter().filter(|o| matches!(o, ClaimOutcome::Won(_))).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_release_does_not_reset_the_fence() {
    let Some(table) = Table::new() else { return };
    let store = table.open().await;
    let mut fences = HashSet::new();
    let mut last = 0;
    for _ in 0..5 {
        let owner = win(&store, "k").await;
        assert!(owner.fence.as_u64() > last && fences.insert(owner.fence));
        last = owner.fence.as_u64();
        assert_eq!(store.release(release("k", owner)).await.unwrap(), WriteOutcome::Applied);
    }
}

#[tokio::test]
async fn one_bad_row_fails_none_of_its_neighbours() {
    let Some(table) = Table::new() else { return };
    let store = table.open().await;
    // PostgreSQL takes no NUL in a text.
    let bad = with(claim("bad"), |it| it.label = Label::from_stored("a\0b"));
    let mut claims: Vec<Claim> = (0..20).map(|number| claim(&number.to_string())).collect();
    claims.push(bad.clone());
    let (batch, _) = Batch::new(claims);
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    for (at, answer) in order.into_iter().zip(store.claim_batch(batch).await) {
        if at == bad.address {
            assert_eq!(kind(answer), StoreErrorKind::Unstorable);
        } else {
            owner_in(answer);
        }
    }
}

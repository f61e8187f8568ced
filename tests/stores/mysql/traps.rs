//! What was measured to go wrong with MySQL and MariaDB, and does not.

use std::collections::HashSet;
use std::sync::Arc;

use idem_core::protocol::{Claim, ClaimOutcome, Fence, Nonce, Owner, RenewOutcome, State, WriteOutcome};
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::{Batch, Completion, MarkUnknown, Renewal, Store, StoreErrorKind};
use idem_core::{Address, Label};
use sqlx::mysql::MySqlPoolOptions;

use super::{Table, in_both_dialects};
use crate::support::*;

in_both_dialects! {
    found_rows_decides_nothing
    a_batch_of_last_insert_ids
    keys_that_differ_in_case_are_two
    trailing_zeros_and_spaces_count
    release_does_not_reset_the_fence
    batches_of_every_size_are_answered
    a_batch_is_told_apart_when_one_of_it_is_lost
    sixty_four_duplicates_on_few_connections_are_all_answered
    one_bad_row_fails_none_of_its_neighbours
}

async fn found_rows_decides_nothing(table: Table) {
    // The trap: by the count of rows, an insertion and a duplicate that was left alone are the same.
    let mut shell = table.shell().await;
    shell.run(format!("CREATE TABLE {}_trap (k INT PRIMARY KEY, v INT)", table.name)).await;
    let insert = format!("INSERT INTO {}_trap VALUES (1, 1) ON DUPLICATE KEY UPDATE v = v", table.name);
    for _ in 0..2 {
        let done = sqlx::query(sqlx::AssertSqlSafe(insert.clone())).execute(&mut shell.0).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    let stores = [table.open().await, table.open().await];
    for round in 0..10 {
        let key = round.to_string();
        win(&stores[round % 2], &key).await;
        let again = stores[(round + 1) % 2].claim(claim(&key)).await.unwrap();
        assert!(matches!(again, ClaimOutcome::InFlight { .. }), "{again:?}");
    }
}

async fn a_batch_of_last_insert_ids(table: Table) {
    let store = table.open().await;
    for key in ["b", "d", "f"] {
        win(&store, key).await;
    }
    let (batch, _) = Batch::new(["a", "b", "c", "d", "e", "f"].map(claim).to_vec());
    let claims: Vec<Claim> = batch.iter().cloned().collect();
    let taken = ["b", "d", "f"].map(address);
    for (claim, answer) in claims.iter().zip(store.claim_batch(batch).await) {
        if taken.contains(&claim.address) {
            assert!(matches!(answer, Ok(ClaimOutcome::InFlight { .. })), "{answer:?}");
            continue;
        }
        let owner = owner_in(answer);
        assert_eq!(owner.nonce, claim.nonce);
        // Each its own fence: the one that its record holds.
        assert_eq!(store.look_up(claim.address).await.unwrap().unwrap().owner, owner);
    }
}

/// Claims of these addresses are won, each by itself and all at once.
async fn are_all_different(table: &Table, addresses: &[Address]) {
    let store = table.open().await;
    let at = |address: &Address| with(claim("k"), |it| it.address = *address);
    for address in addresses {
        owner_in(store.claim(at(address)).await);
    }
    table.shell().await.run(format!("DELETE FROM {}", table.name)).await;
    for answer in store.claim_batch(Batch::new(addresses.iter().map(at).collect()).0).await {
        owner_in(answer);
    }
}

async fn keys_that_differ_in_case_are_two(table: Table) {
    are_all_different(&table, &[b'A', b'a', 0xE0, 0xC0].map(|byte| Address::from_bytes([byte; 32]))).await;
}

async fn trailing_zeros_and_spaces_count(table: Table) {
    let ends = |end: u8| {
        let mut bytes = [b'x'; 32];
        bytes[30..].fill(end);
        Address::from_bytes(bytes)
    };
    are_all_different(&table, &[ends(0), ends(b' '), ends(b'\t')]).await;
    let store = table.open().await;
    for (key, byte) in [("zeros", 0), ("spaces", b' ')] {
        let claim = with(claim(key), |it| it.nonce = Nonce::from_bytes([byte; 16]));
        let owner = owner_in(store.claim(claim.clone()).await);
        assert_eq!(owner_in(store.claim(claim).await), owner, "its own claim, repeated");
        assert_eq!(store.complete(completion(key, owner)).await.unwrap(), WriteOutcome::Applied);
    }
}

async fn release_does_not_reset_the_fence(table: Table) {
    /// Beyond the clock for a good while.
    const AHEAD: u64 = 8_000_000_000_000_000;
    let store = table.open().await;
    let mut fences = HashSet::new();
    let mut last = 0;
    for _ in 0..5 {
        let owner = win(&store, "k").await;
        assert!(owner.fence.as_u64() > last && fences.insert(owner.fence));
        last = owner.fence.as_u64();
        assert_eq!(store.release(release("k", owner)).await.unwrap(), WriteOutcome::Applied);
    }
    // Also where the clock is of no help: the record's last fence lies far ahead of it.
    let nonce = win(&store, "k").await.nonce;
    table.shell().await.run(format!("UPDATE {} SET fence = {AHEAD}", table.name)).await;
    let owner = Owner { fence: Fence::from_u64(AHEAD), nonce };
    assert_eq!(store.release(release("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(win(&store, "k").await.fence.as_u64(), AHEAD + 1);
}

async fn batches_of_every_size_are_answered(table: Table) {
    let store = table.open().await;
    for size in (1..=20).chain([47, 95, 96, 97, 255, 256, 257, 600]) {
        let key = |n: usize| format!("{size} {n}");
        let (batch, _) = Batch::new((0..size).map(|n| claim(&key(n))).collect());
        let order: Vec<Address> = batch.iter().map(|claim| claim.address).collect();
        let owners: Vec<_> = store.claim_batch(batch).await.into_iter().map(owner_in).collect();
        let owned = || order.iter().copied().zip(owners.iter().copied());
        let lease = LEASE * 2;
        let renewals = owned().map(|(address, owner)| Renewal::new(address, owner, lease)).collect();
        for answer in store.renew(Batch::new(renewals).0).await {
            assert_eq!(answer.unwrap(), RenewOutcome::Renewed, "of {size}");
        }
        // From nothing to what no column but the largest holds.
        let reply = |n: usize| vec![b'r'; if n % 7 == 3 { 70_000 } else { n % 5 }].into();
        let completions = owned()
            .enumerate()
            .map(|(n, (address, owner))| Completion::new(address, owner, reply(n), RETENTION));
        for answer in store.complete_batch(Batch::new(completions.collect()).0).await {
            assert_eq!(answer.unwrap(), WriteOutcome::Applied, "of {size}");
        }
        for (n, address) in order.iter().enumerate() {
            let State::Done { reply: stored, .. } = store.look_up(*address).await.unwrap().unwrap().state
            else {
                panic!("done")
            };
            assert_eq!(stored, reply(n), "{n} of {size}");
        }
    }
}

async fn a_batch_is_told_apart_when_one_of_it_is_lost(table: Table) {
    let store = table.open().await;
    let mut owners = Vec::new();
    for key in ["a", "b", "c"] {
        owners.push((key, win(&store, key).await));
    }
    let stranger = win(&store, "other").await;
    let owned = |key: &str| if key == "b" { stranger } else { owners.iter().find(|o| o.0 == key).unwrap().1 };
    let verdicts = |answers: Vec<Result<WriteOutcome, _>>, order: &[Address]| {
        for (at, answer) in order.iter().zip(answers) {
            let outcome: WriteOutcome = Result::<_, idem_core::store::StoreError>::unwrap(answer);
            assert_eq!(outcome == WriteOutcome::Applied, *at != address("b"), "{outcome:?}");
        }
    };
    let order = |batch: &[Address]| {
        let mut order = batch.to_vec();
        order.sort_unstable();
        order
    };
    let all = order(&["a", "b", "c"].map(address));
    let releases = ["a", "b", "c"].map(|key| release(key, owned(key))).to_vec();
    verdicts(store.release_batch(Batch::new(releases).0).await, &all);
    owners = Vec::new();
    for key in ["a", "c"] {
        owners.push((key, win(&store, key).await));
    }
    let owned = |key: &str| if key == "b" { stranger } else { owners.iter().find(|o| o.0 == key).unwrap().1 };
    let mark = ["a", "b", "c"].map(|key| MarkUnknown::new(address(key), owned(key)));
    verdicts(store.mark_unknown_batch(Batch::new(mark.to_vec()).0).await, &all);
    let completions = ["a", "b", "c"].map(|key| completion(key, owned(key))).to_vec();
    verdicts(store.complete_batch(Batch::new(completions).0).await, &all);
}

async fn sixty_four_duplicates_on_few_connections_are_all_answered(table: Table) {
    let pool = MySqlPoolOptions::new().max_connections(3).connect(&table.url).await.unwrap();
    let builder = MySqlStore::builder(&pool).table(&table.name).dialect(table.dialect).concurrency(1);
    let store = Arc::new(builder.open().await.unwrap());
    let mut held = Vec::new();
    for _ in 0..3 {
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

async fn one_bad_row_fails_none_of_its_neighbours(table: Table) {
    let store = table.open().await;
    let bad = with(claim("bad"), |it| it.label = Label::from_stored(&"a".repeat(181)));
    let mut claims: Vec<Claim> = (0..20).map(|number| claim(&number.to_string())).collect();
    // The longest that there is.
    let longest = Label::new(&"🦀".repeat(200), "🦀".repeat(20).as_bytes());
    claims.push(with(claim("long"), |it| it.label = longest.clone()));
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
    assert_eq!(store.look_up(address("long")).await.unwrap().unwrap().label, longest);
}

#[tokio::test]
async fn of_many_insertions_only_the_last_number_comes_back() {
    // Why a batch in MySQL's dialect is looked up.
    let Some(table) = Table::new(Dialect::MySql).await else { return };
    let mut shell = table.shell().await;
    shell.run(format!("CREATE TABLE {} (k INT PRIMARY KEY, v BIGINT)", table.name)).await;
    shell
        .run(format!("INSERT INTO {} VALUES (1, LAST_INSERT_ID(5)), (2, LAST_INSERT_ID(6))", table.name))
        .await;
    assert_eq!(shell.number("SELECT CAST(LAST_INSERT_ID() AS SIGNED)").await, 6);
}

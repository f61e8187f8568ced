//! No statement ever scans the table, with any statistics.
//!
//! The server writes the plan of every statement, also of those inside functions, to its log.

use idem_core::protocol::{Claim, ClaimOutcome, RenewOutcome, WriteOutcome};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Batch, MarkUnknown, Renewal, Store, Sweep};
use idem_core::tx::OperationKey;
use idem_core::{Idem, Refused, Scope};
use idem_testing::servers::{PgBouncer, Postgres, require};
use sqlx::postgres::PgPoolOptions;

use super::Table;
use crate::support::*;

const SETTINGS: [(&str, &str); 5] = [
    ("session_preload_libraries", "auto_explain"),
    ("auto_explain.log_min_duration", "0"),
    ("auto_explain.log_nested_statements", "on"),
    ("autovacuum", "off"),
    ("log_min_messages", "log"),
];

fn explaining() -> Option<Postgres> {
    let builder =
        SETTINGS.iter().fold(Postgres::builder(), |builder, (name, value)| builder.setting(*name, *value));
    require(builder.start())
}

#[tokio::test]
async fn are_pinned_on_an_empty_table() {
    let Some(server) = explaining() else { return };
    let table = Table::at(&server.url());
    let store = table.open().await;
    // With statistics that say that the table is empty, a planner left alone would scan it.
    table.shell().await.run(format!("ANALYZE {}", table.name)).await;
    exercise(&store).await;
    check(&server, &table, &STATEMENTS);
}

#[tokio::test]
async fn are_pinned_through_a_pooler() {
    let Some(server) = explaining() else { return };
    let Some(pooler) = require(PgBouncer::start(&server)) else { return };
    let table = Table::at(&pooler.url());
    let store =
        PostgresStore::builder(&table.url).table(&table.name).through_pooler(true).open().await.unwrap();
    let direct = Table { url: server.url(), name: table.name.clone() };
    direct.shell().await.run(format!("ANALYZE {}", table.name)).await;
    exercise(&store).await;
    check(&server, &table, &STATEMENTS);
}

/// Every statement, alone and in a batch, often enough for a plan to be kept.
async fn exercise(store: &PostgresStore) {
    for round in 0..8 {
        let key = |n: usize| format!("{round} {n}");
        let claims: Vec<Claim> = (0..8).map(|n| claim(&key(n))).collect();
        let owners: Vec<_> =
            store.claim_batch(Batch::new(claims).0).await.into_iter().map(owner_in).collect();
        let owner = |n: usize| {
            let mut keys: Vec<usize> = (0..8).collect();
            keys.sort_by_key(|n| address(&key(*n)));
            owners[keys.iter().position(|at| *at == n).unwrap()]
        };
        let replays: Vec<Claim> = (0..8).map(|n| claim(&key(n))).collect();
        for answer in store.claim_batch(Batch::new(replays).0).await {
            assert!(matches!(answer, Ok(ClaimOutcome::InFlight { .. })));
        }
        let renewals = (0..8).map(|n| Renewal::new(address(&key(n)), owner(n), LEASE));
        for answer in store.renew(Batch::new(renewals.collect()).0).await {
            assert_eq!(answer.unwrap(), RenewOutcome::Renewed);
        }
        let done = (0..6).map(|n| completion(&key(n), owner(n))).collect();
        for answer in store.complete_batch(Batch::new(done).0).await {
            assert_eq!(answer.unwrap(), WriteOutcome::Applied);
        }
        let lone = win(store, &format!("{round} lone")).await;
        assert_eq!(
            store.release(release(&format!("{round} lone"), lone)).await.unwrap(),
            WriteOutcome::Applied
        );
        win(store, &format!("{round} lone")).await;
        let mark = MarkUnknown::new(address(&key(6)), owner(6));
        assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
        let verdict = idem_core::protocol::Verdict::Happened(reply("k"));
        let settlement = settlement(&key(6), owner(6), verdict);
        assert_eq!(store.settle(settlement).await.unwrap(), WriteOutcome::Applied);
        let forgetting = forgetting(store, &key(6)).await;
        assert_eq!(store.forget(forgetting).await.unwrap(), WriteOutcome::Applied);
        let sweep = Sweep::new(namespace(), LEASE, RETENTION, 100);
        store.sweep(sweep).await.unwrap();
        assert_eq!(store.tally(namespace()).await.unwrap().running, 2 * round + 2);
        store.reap(100).await.unwrap();
    }
}

/// What a transaction asks is prepared on the application's own connections.
#[tokio::test]
async fn are_pinned_inside_transactions() {
    let Some(server) = explaining() else { return };
    let table = Table::at(&server.url());
    for with_begin in [false, true] {
        let pool = PgPoolOptions::new().max_connections(1).connect(&server.url()).await.unwrap();
        let process = async || {
            let builder = PostgresStore::builder(&pool).table(&table.name).claim_with_begin(with_begin);
            Idem::builder(builder.open().await.unwrap()).scope(Scope::public()).build()
        };
        let (idem, other) = (process().await, process().await);
        table.shell().await.run(format!("ANALYZE {}", table.name)).await;
        for round in 0..8 {
            let key = || OperationKey::new("pay", &format!("{with_begin} {round}"));
            let failed = idem.transaction(key(), async |_| Err::<u32, _>(Refused::KeyExpired)).await;
            assert_eq!(failed, Err(Refused::KeyExpired));
            assert_eq!(idem.transaction(key(), async |_| Ok::<_, Refused>(1)).await, Ok(1));
            // From the record alone.
            assert_eq!(other.transaction(key(), async |_| Ok::<_, Refused>(2)).await, Ok(1));
        }
    }
    check(&server, &table, &["INSERT INTO", "_claim_here", "_finish_here", "_holds_here", "_load"]);
}

const STATEMENTS: [&str; 9] =
    ["INSERT INTO", "_finish", "_finish_one", "_load", "_renew", "_sweep", "_reap", "_change", "min(fence)"];

#[track_caller]
fn check(server: &Postgres, table: &Table, statements: &[&str]) {
    let log = server.log();
    let plans: Vec<&str> = log.split(" LOG:  ").filter(|entry| entry.contains("plan:")).collect();
    // What looks at the catalogues, once, when the store opens, names the table as well.
    let asks = |plan: &str| plan.contains("pg_namespace") || plan.contains("pg_proc");
    let ours: Vec<&str> =
        plans.into_iter().filter(|plan| plan.contains(&*table.name) && !asks(plan)).collect();
    for statement in statements {
        assert!(ours.iter().any(|plan| plan.contains(*statement)), "no plan of {statement} was logged");
    }
    for plan in ours {
        for scan in [format!("Seq Scan on {}", table.name), format!("Seq Scan on public.{}", table.name)] {
            assert!(!plan.contains(&scan), "{plan}");
        }
        assert!(!plan.contains("Hash Join") && !plan.contains("Merge Join"), "{plan}");
    }
}

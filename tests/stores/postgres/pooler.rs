//! Through PgBouncer in transaction mode, which may send each message to another connection.

use idem_core::protocol::{ClaimOutcome, RenewOutcome, WriteOutcome};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Batch, Renewal, Store};
use idem_testing::Backend;
use idem_testing::servers::{PgBouncer, Postgres, require};

use super::Table;
use crate::support::*;

/// A server, a pooler, and a table behind them.
struct Behind {
    _server: Postgres,
    _pooler: PgBouncer,
    table: Table,
}

impl Behind {
    fn start() -> Option<Self> {
        let server = require(Postgres::start())?;
        let pooler = require(PgBouncer::start(&server))?;
        let table = Table::at(&pooler.url());
        Some(Self { _server: server, _pooler: pooler, table })
    }
}

#[tokio::test]
async fn everything_works() {
    let Some(behind) = Behind::start() else { return };
    let table = &behind.table;
    let open = || PostgresStore::builder(&table.url).table(&table.name).through_pooler(true).open();
    let (store, other) = (open().await.unwrap(), open().await.unwrap());
    for key in ["a", "b'; --", "c\\", "d\u{e9}"] {
        let owner = win(&store, key).await;
        assert!(matches!(other.claim(claim(key)).await, Ok(ClaimOutcome::InFlight { .. })));
        let renewal = Renewal::new(address(key), owner, LEASE);
        let renewed = other.renew(Batch::new(vec![renewal]).0).await.remove(0).unwrap();
        assert_eq!(renewed, RenewOutcome::Renewed);
        assert_eq!(other.complete(completion(key, owner)).await.unwrap(), WriteOutcome::Applied);
        let Ok(ClaimOutcome::Replay(replay)) = store.claim(claim(key)).await else { panic!("a replay") };
        assert_eq!(replay.reply, reply(key));
        assert_eq!(store.look_up(address(key)).await.unwrap().unwrap().label, claim(key).label);
    }
    for answer in store.claim_batch(Batch::new((0..50).map(|n| claim(&n.to_string())).collect()).0).await {
        owner_in(answer);
    }
}

struct Records(Option<Behind>);

impl Backend for Records {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        let table = &self.0.as_ref().unwrap().table;
        PostgresStore::builder(&table.url).table(&table.name).through_pooler(true).open().await.unwrap()
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

#[test]
fn histories_agree_with_the_protocol() {
    let mut histories = idem_testing::Histories::from_env();
    histories.count = Some(3);
    idem_testing::run_histories(async || Records(Behind::start()), histories);
}

//! Generic over the store, over its database, and over other things.

use idem_core::tx::{SqliteTx, TxStore};
use idem_core::{Idem, Refused, idempotent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Database, Sqlite, Transaction};

use crate::database::{Shop, sell};
use crate::support::Runs;

static RUNS: Runs = Runs::new();

struct Till<S> {
    idem: Idem<S>,
}

impl<S: TxStore<Database = Sqlite>> Till<S> {
    #[idempotent(with = self.idem, key = order, name = "sell", tx_retries = 1)]
    async fn sell<T, const N: usize>(
        &self,
        order: u64,
        things: [T; N],
        #[tx] tx: &mut SqliteTx<'_>,
    ) -> Result<Vec<T>, Refused>
    where
        T: AsRef<str> + Clone + Serialize + DeserializeOwned,
    {
        RUNS.next();
        for thing in &things {
            sell(tx, thing.as_ref()).await.unwrap();
        }
        Ok(Vec::from(things))
    }
}

#[idempotent(with = idem, key = order, name = "anywhere")]
async fn anywhere<Db: Database, S: TxStore<Database = Db>>(
    idem: &Idem<S>,
    order: u64,
    #[tx] _tx: &mut Transaction<'_, Db>,
) -> Result<u64, Refused> {
    Ok(order + RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let till = Till { idem: shop.idem.clone() };
    for _ in 0..2 {
        assert_eq!(till.sell(1, ["tea".to_owned(), "milk".to_owned()]).await.unwrap(), ["tea", "milk"]);
        assert_eq!(anywhere(&shop.idem, 10).await, Ok(12));
    }
    assert_eq!(shop.sales().await, ["tea", "milk"]);
    assert_eq!(RUNS.total(), 2);
}

//! A body in a task of its own commits when its caller has gone.

use std::sync::Arc;

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};
use tokio::sync::Notify;

use crate::database::{Shop, sell};
use crate::support::Runs;

static RUNS: Runs = Runs::new();

struct Till {
    idem: Idem<SqliteStore>,
    entered: Notify,
    open: Notify,
}

impl Till {
    #[idempotent(with = self.idem, key = order, name = "sell", detach, wait = "1m")]
    async fn sell(
        self: Arc<Self>,
        order: u64,
        what: String,
        #[tx] tx: &mut SqliteTx<'_>,
    ) -> Result<u64, Refused> {
        sell(tx, &what).await.unwrap();
        self.entered.notify_one();
        self.open.notified().await;
        Ok(order + RUNS.next())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let till = Arc::new(Till { idem: shop.idem.clone(), entered: Notify::new(), open: Notify::new() });
    let caller = tokio::spawn(Arc::clone(&till).sell(10, "tea".to_owned()));
    till.entered.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    till.open.notify_one();
    assert_eq!(Arc::clone(&till).sell(10, "milk".to_owned()).await, Ok(11));
    assert_eq!(shop.sales().await, ["tea"]);
}

//! A method that borrows, inside its caller's future.

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::Runs;

static RUNS: Runs = Runs::new();

#[derive(Debug, thiserror::Error)]
enum SellError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("out of stock")]
    OutOfStock,
}

struct Till<'a> {
    idem: &'a Idem<SqliteStore>,
    open: bool,
}

impl Till<'_> {
    #[idempotent(with = self.idem, key = order, name = "sell", ttl = "7d", isolation = serializable)]
    async fn sell(&self, order: u64, what: &str, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, SellError> {
        let run = RUNS.next();
        sell(tx, what).await?;
        if self.open { Ok(run) } else { Err(SellError::OutOfStock) }
    }

    /// Which of the arguments it is does not matter.
    #[idempotent(with = self.idem, key = order, name = "count")]
    async fn count(&mut self, #[tx] tx: &mut SqliteTx<'_>, order: u64) -> Result<i64, SellError> {
        RUNS.next();
        self.open = true;
        Ok(sqlx::query_scalar("SELECT count(*) + $1 FROM sale")
            .bind(order as i64)
            .fetch_one(&mut **tx)
            .await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let mut till = Till { idem: &shop.idem, open: false };
    assert!(matches!(till.sell(1, "tea").await, Err(SellError::OutOfStock)));
    assert!(shop.sales().await.is_empty());
    assert_eq!(till.count(100).await.unwrap(), 100);
    assert_eq!(till.sell(1, "tea").await.unwrap(), 3);
    assert_eq!(till.sell(1, "milk").await.unwrap(), 3);
    assert_eq!(till.count(100).await.unwrap(), 100);
    assert_eq!(shop.sales().await, ["tea"]);
    assert_eq!(RUNS.total(), 3);
}

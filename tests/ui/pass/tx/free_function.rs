//! A free function, and its error that is stored.

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::database::{Shop, sell};
use crate::support::Runs;

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Failed(String);

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self(refused.code().to_owned())
    }
}

#[idempotent(with = idem, key = (shop, order), name = "sell", scope = shop, fingerprint = what, on_error = store)]
async fn order(
    idem: &Idem<SqliteStore>,
    shop: &str,
    order: u64,
    what: &str,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Failed> {
    sell(tx, what).await.map_err(|error| Failed(error.to_string()))?;
    if order == 0 { Err(Failed(format!("run {}", RUNS.next()))) } else { Ok(RUNS.next()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    for _ in 0..2 {
        assert_eq!(order(&shop.idem, "a", 1, "tea").await, Ok(1));
        // The effects are rolled back, the answer stays.
        assert_eq!(order(&shop.idem, "a", 0, "milk").await, Err(Failed("run 2".to_owned())));
    }
    assert_eq!(order(&shop.idem, "a", 1, "milk").await, Err(Failed("idempotency-key-reused".to_owned())));
    assert_eq!(shop.sales().await, ["tea"]);
}

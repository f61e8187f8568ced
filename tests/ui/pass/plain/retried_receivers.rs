//! Every kind of `self` that is lent may be there for another run, and what stands in groups of a macro is seen.

use std::sync::Arc;

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

struct Ledger(Idem<SqliteStore>);

impl Ledger {
    #[idempotent(with = self.0, key = order, name = "spelled-out", tx_retries = 2)]
    async fn spelled_out(self: &Self, order: u64, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Refused> {
        sell(tx, &format!("spelled out {order}")).await.unwrap();
        Ok(RUNS.next())
    }

    #[idempotent(with = self.0, key = order, name = "shared", tx_retries = 2)]
    async fn shared(self: &Arc<Self>, order: u64, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Refused> {
        sell(tx, &format!("shared {order}")).await.unwrap();
        Ok(RUNS.next())
    }
}

macro_rules! detached {
    ($name:ident, $text:ty, $pattern:pat => $value:expr) => {
        #[idempotent(with = idem, key = $value, name = "in-a-macro", detach)]
        async fn $name(idem: Idem, $pattern: (&'static $text, u64)) -> Result<u64, Refused> {
            Ok(RUNS.next())
        }
    };
}
detached!(in_a_macro, str, (name, _) => name);

macro_rules! pair {
    ($first:ident, $second:ident) => {
        ($first, $second)
    };
}

/// The pattern is only known to the compiler.
#[idempotent(with = idem, key = (order, 7), name = "pattern")]
async fn by_a_macro(idem: &Idem, pair!(order, line): (u64, String)) -> Result<String, Refused> {
    Ok(format!("{order} {line} {}", RUNS.next()))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let ledger = Arc::new(Ledger(shop.idem.clone()));
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(ledger.spelled_out(1).await, Ok(1));
        assert_eq!(ledger.shared(1).await, Ok(2));
        assert_eq!(in_a_macro(idem.clone(), ("tea", 1)).await, Ok(3));
        assert_eq!(by_a_macro(&idem, (1, "tea".to_owned())).await, Ok("1 tea 4".to_owned()));
    }
    assert_eq!(shop.sales().await, ["spelled out 1", "shared 1"]);
}

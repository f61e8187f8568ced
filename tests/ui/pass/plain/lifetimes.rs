//! Named lifetimes, borrowed arguments and a mutable one: the body runs inside the caller's future.

use std::borrow::Cow;

use idem_core::{Idem, Refused, idempotent};

use crate::support;

struct Ledger<'i> {
    idem: &'i Idem,
}

impl<'i> Ledger<'i> {
    #[idempotent(with = self.idem, key = (order, line), name = "settle", fingerprint = line)]
    async fn settle<'a, 'b: 'a>(
        &'a self,
        order: &'b str,
        line: &str,
        log: &mut Vec<&'b str>,
    ) -> Result<Cow<'static, str>, Refused>
    where
        'i: 'a,
    {
        log.push(order);
        Ok(Cow::Owned(format!("{order}/{line}")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let ledger = Ledger { idem: &idem };
    let order = String::from("o-1");
    let mut log = Vec::new();
    for _ in 0..2 {
        assert_eq!(ledger.settle(&order, "l-1", &mut log).await.as_deref(), Ok("o-1/l-1"));
    }
    assert_eq!(log, ["o-1"]);
}

//! A free function: the second call gets the stored value, another key runs.

use idem_core::{Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

struct Message {
    id: String,
    text: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    text: String,
    run: u64,
}

#[idempotent(with = idem, key = message.id, name = "settle", ttl = "7d")]
async fn settle(idem: &Idem, message: Message) -> Result<Receipt, Refused> {
    Ok(Receipt { text: message.text, run: RUNS.next() })
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let message = |id: &str| Message { id: id.to_owned(), text: "thanks".to_owned() };
    for (id, run) in [("a", 1), ("a", 1), ("b", 2)] {
        let receipt = settle(&idem, message(id)).await;
        assert_eq!(receipt, Ok(Receipt { text: "thanks".to_owned(), run }));
    }
    assert_eq!(settle(&idem, message("")).await.unwrap_err().code(), "idempotency-key-invalid");
}

//! The kinds of handlers. Another kind is another row here, and one in the matrix's own table.

mod axum;
mod plain;
mod tx;

use std::future::Future;
use std::pin::Pin;

use idem_core::Reply;
use idem_tests::matrix::{Call, Paid, Said};

use crate::app::App;

/// Makes a call, and says what its caller hears.
type Make = fn(App, Call) -> Pin<Box<dyn Future<Output = Said> + Send>>;

struct Kind {
    /// The operation, too: records are found by it.
    name: &'static str,
    make: Make,
    /// The answer that an operator gives for it.
    reply: fn(&Paid) -> Reply,
}

const KINDS: [Kind; 7] = [
    Kind { name: "axum-unknown", make: |app, call| Box::pin(axum::make(app, call)), reply: axum::reply },
    Kind { name: "axum-rerun", make: |app, call| Box::pin(axum::make(app, call)), reply: axum::reply },
    Kind {
        name: "plain-unknown",
        make: |app, call| Box::pin(plain::unknown(app, call)),
        reply: plain::reply,
    },
    Kind { name: "plain-rerun", make: |app, call| Box::pin(plain::rerun(app, call)), reply: plain::reply },
    Kind { name: "tx", make: |app, call| Box::pin(tx::axum(app, call)), reply: axum::reply },
    Kind { name: "tx-plain", make: |app, call| Box::pin(tx::plain(app, call)), reply: plain::reply },
    Kind { name: "travel", make: |app, call| Box::pin(axum::make(app, call)), reply: axum::reply },
];

pub(crate) async fn call(app: App, call: Call) -> Said {
    (named(&call.kind).make)(app, call).await
}

pub(crate) fn reply(kind: &str, paid: &Paid) -> Reply {
    (named(kind).reply)(paid)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    const { &KINDS }.iter().map(|kind| kind.name)
}

fn named(name: &str) -> &'static Kind {
    const { &KINDS }.iter().find(|kind| kind.name == name).expect("a kind of this worker")
}

fn paid(call: &Call) -> Paid {
    Paid { run: call.call.clone(), key: call.key.clone(), say: call.say.clone() }
}

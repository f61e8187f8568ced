//! Statements are counted by their queue and their size.

use std::sync::Arc;
use std::time::Duration;

use super::exchange::{Told, claim, completion};
use crate::observe::tests::recorded;
use crate::store::remote::claims::ClaimWork;
use crate::store::remote::exchange::Exchange;
use crate::store::remote::finishes::FinishWork;
use crate::store::remote::queue::Work as _;
use crate::store::remote::thread::Thread;

#[test]
fn batches_are_counted_by_their_queue() {
    let exchange = || {
        let thread = Arc::new(Thread::new());
        Arc::new(Exchange::new(Told::default(), thread, Duration::from_secs(5), 9))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let lines = recorded(|| {
        runtime.block_on(async {
            let won = ClaimWork(exchange()).answer(&[claim("a"), claim("b")]).await;
            let done = FinishWork(exchange()).answer(&[completion("a", 1).into()]).await;
            assert_eq!((won.len(), done.len()), (2, 1));
        });
    });
    assert_eq!(lines, ["idem_batch_size queue=claims: [2.0]", "idem_batch_size queue=finishes: [1.0]"]);
}

//! The fault matrix: every round trip of every operation of every store, broken in every way.
//!
//! The connection is cut before a request reaches the server, after it was sent, and after it was carried out with its
//! reply swallowed; or the reply is held back until the store gives up. Then the operation is repeated, unchanged, until
//! it is decided. One winner, the right answer, no stuck key.

mod op;

use std::sync::Arc;
use std::time::Duration;

use idem_core::store::{Store, StoreErrorKind};
use idem_testing::proxy::{Fault, Proxy};

use self::op::Op;
use crate::servers::{Place, Server, on_every_server};
use crate::support::address;

on_every_server! {
    one_fault_on_a_warm_connection
    one_fault_on_a_new_connection
    two_faults_in_a_row
    a_reply_that_never_comes
}

/// Long for every request that is not held back.
const PATIENCE: Duration = Duration::from_secs(10);
/// For those that are.
const SHORT: Duration = Duration::from_millis(300);

struct Matrix {
    place: Place,
    proxy: Proxy,
    direct: Arc<dyn Store>,
    patience: Duration,
    /// Cases that were run.
    run: usize,
}

impl Matrix {
    async fn new(place: Place, patience: Duration) -> Self {
        let proxy = Proxy::to(&*place.host_port()).await.unwrap();
        let direct = place.open().await;
        Self { place, proxy, direct, patience, run: 0 }
    }

    async fn open(&self) -> Arc<dyn Store> {
        self.place.open_by(&self.proxy.url(&self.place.url), self.patience).await
    }

    /// How many requests the operation takes when nothing is wrong.
    async fn count(&self, op: Op, store: &dyn Store, key: &str) -> u64 {
        let before = self.proxy.requests();
        let context = op.prepare(&*self.direct, key).await;
        op.act(store, &context).await.unwrap();
        op.check(&*self.direct, &context).await;
        self.proxy.requests() - before
    }

    /// Runs the operation with `faults` armed, repeats it until it is decided, and looks at what is left.
    async fn case(&mut self, op: Op, store: &dyn Store, key: &str, faults: &[(u64, Fault)]) {
        let context = op.prepare(&*self.direct, key).await;
        for (n, fault) in faults {
            self.proxy.on_request(*n, *fault);
        }
        let mut tries = 0;
        loop {
            let before = self.direct.look_up(address(key)).await.unwrap();
            match op.act(store, &context).await {
                Ok(()) => break,
                Err(error) => {
                    assert!(error.is_transient(), "{op:?} {faults:?}: {error:?}");
                    if error.kind() == StoreErrorKind::Unavailable {
                        let after = self.direct.look_up(address(key)).await.unwrap();
                        assert_eq!(before, after, "{op:?} {faults:?}: \"nothing was applied\"");
                    }
                    self.proxy.pass().await.unwrap();
                }
            }
            tries += 1;
            assert!(tries < 20, "{op:?} {faults:?}: never decided");
        }
        self.proxy.pass().await.unwrap();
        op.check(&*self.direct, &context).await;
        self.run += 1;
    }
}

async fn one_fault_on_a_warm_connection(place: Place) {
    let mut matrix = Matrix::new(place, PATIENCE).await;
    let store = matrix.open().await;
    for op in Op::ALL {
        // Opens the connection, and prepares what is prepared once.
        matrix.count(op, &*store, &format!("{op:?} warm")).await;
        let requests = matrix.count(op, &*store, &format!("{op:?} count")).await;
        let nothing_to_do = op == Op::Reap && matrix.place.server == Server::Redis;
        assert_eq!(requests == 0, nothing_to_do, "{op:?} goes through the proxy");
        for n in 1..=requests {
            for fault in Fault::CUTS {
                matrix.case(op, &*store, &format!("{op:?} {n} {fault:?}"), &[(n, fault)]).await;
            }
        }
    }
    println!("{:?}: {} cases, every one decided", matrix.place.server, matrix.run);
}

async fn one_fault_on_a_new_connection(place: Place) {
    let mut matrix = Matrix::new(place, PATIENCE).await;
    for op in Op::ALL {
        let store = matrix.open().await;
        matrix.proxy.close_all().await;
        let requests = matrix.count(op, &*store, &format!("{op:?} count")).await;
        for n in 1..=requests {
            for fault in [Fault::CutBefore, Fault::SwallowReply] {
                matrix.proxy.close_all().await;
                matrix.case(op, &*store, &format!("{op:?} new {n} {fault:?}"), &[(n, fault)]).await;
            }
        }
    }
}

async fn two_faults_in_a_row(place: Place) {
    let mut matrix = Matrix::new(place, PATIENCE).await;
    let store = matrix.open().await;
    for op in Op::ALL {
        matrix.count(op, &*store, &format!("{op:?} warm")).await;
        let requests = matrix.count(op, &*store, &format!("{op:?} count")).await;
        for n in 1..=requests {
            // The second hits the repetition: its connection's first request, or a later one.
            for gap in 1..=3 {
                for second in [Fault::CutBefore, Fault::SwallowReply] {
                    let faults = [(n, Fault::SwallowReply), (n + gap, second)];
                    matrix.case(op, &*store, &format!("{op:?} {n} {gap} {second:?}"), &faults).await;
                }
            }
        }
    }
}

async fn a_reply_that_never_comes(place: Place) {
    let mut matrix = Matrix::new(place, PATIENCE).await;
    let patient = matrix.open().await;
    matrix.patience = SHORT;
    let store = matrix.open().await;
    for op in Op::ALL {
        matrix.count(op, &*patient, &format!("{op:?} warm")).await;
        let requests = matrix.count(op, &*patient, &format!("{op:?} count")).await;
        for n in 1..=requests {
            matrix.case(op, &*store, &format!("{op:?} {n} held"), &[(n, Fault::HoldReply)]).await;
        }
    }
}

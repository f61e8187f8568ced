//! One run: the API, the network before it and the callers behind that, until every payment has an ending.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use idem_core::{Drained, Idem};
use indicatif::ProgressBar;
use tokio::task::JoinSet;

use crate::Failure;
use crate::api::{self, NewPayment, Shop};
use crate::audit::Findings;
use crate::bank::Bank;
use crate::caller::{Caller, Paid};
use crate::database::Database;
use crate::network::{Network, Traffic};
use crate::plan::{Mode, Plan};
use crate::server::Server;

/// How long a duplicate waits for the running one's answer. Shorter than a caller waits.
const WAIT: Duration = Duration::from_secs(1);
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How long idem may take to settle what runs in the end; by then nothing should.
const DRAIN: Duration = Duration::from_secs(5);

/// What a run came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) payments: u64,
    /// How often a caller hung up.
    pub(crate) hang_ups: u64,
    pub(crate) traffic: Traffic,
    /// How often the handler's body was entered.
    pub(crate) runs: u64,
    pub(crate) findings: Findings,
    pub(crate) took: Duration,
}

/// Makes all payments of the plan, and counts when everything has come to rest.
pub(crate) async fn run(plan: &Plan, mode: Mode, progress: &ProgressBar) -> Result<Tally, Failure> {
    let started = Instant::now();
    let shop = Shop::new(Bank::new(plan.seed, plan.moods));
    let (app, guard) = build(plan, mode, &shop).await?;
    let server = Server::start(app, LOOPBACK).await?;
    let network = Network::lay(server.address(), plan.rates, plan.seed).await?;

    let paid = drive(plan, mode, network.address(), progress).await?;
    // The callers have hung up; late duplicates may still be on their way.
    let traffic = network.calm().await;
    server.stop().await?;
    if let Some(guard) = guard {
        match guard.idem.drain(DRAIN).await {
            Drained::Clean => {}
            Drained::Abandoned(left) => return Err(format!("{left} payments would not end").into()),
            other => return Err(format!("the server was not drained: {other:?}").into()),
        }
    }

    Ok(Tally {
        payments: plan.payments,
        hang_ups: paid.iter().map(|(_, paid)| paid.hang_ups).sum(),
        traffic,
        runs: shop.runs(),
        findings: Findings::of(&paid, shop.bank()),
        took: started.elapsed(),
    })
}

/// idem, and the file that it needs for as long as it lives.
struct Guard {
    idem: Idem,
    _database: Database,
}

async fn build(plan: &Plan, mode: Mode, shop: &Shop) -> Result<(Router, Option<Guard>), Failure> {
    match mode {
        Mode::WithoutIdem => Ok((api::bare(shop.clone()), None)),
        Mode::WithIdem => {
            let database = Database::at(plan.db.clone())?;
            // This bank is new, so the records of an earlier demonstration in the same file are not about it.
            let idem = database.idem(format!("demonstration-{:016x}", fastrand::u64(..)), WAIT).await?;
            Ok((api::protected(shop.clone(), &idem), Some(Guard { idem, _database: database })))
        }
    }
}

/// All callers at the same time; each takes the next payment when it has done with one.
async fn drive(
    plan: &Plan,
    mode: Mode,
    address: SocketAddr,
    progress: &ProgressBar,
) -> Result<Vec<(NewPayment, Paid)>, Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..plan.callers {
        let caller = Caller::new(mode, address, plan)?;
        callers.spawn(work(caller, Arc::clone(&next), plan.payments, progress.clone()));
    }
    let mut paid = Vec::new();
    while let Some(share) = callers.join_next().await {
        paid.extend(share?);
    }
    Ok(paid)
}

async fn work(
    caller: Caller,
    next: Arc<AtomicU64>,
    payments: u64,
    progress: ProgressBar,
) -> Vec<(NewPayment, Paid)> {
    let mut paid = Vec::new();
    loop {
        let order = next.fetch_add(1, Ordering::Relaxed);
        if order >= payments {
            return paid;
        }
        let new = NewPayment::euros(order, 100 + order % 10_000);
        paid.push((new, caller.pay(&new).await));
        progress.inc(1);
    }
}

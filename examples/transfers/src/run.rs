//! The demonstration, from the founding of the bank to the audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::ProgressBar;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Failure;
use crate::audit::{Findings, Said};
use crate::bank::Bank;
use crate::caller::{Caller, Effort};
use crate::door::Door;
use crate::killer::Killer;
use crate::plan::{ACCOUNTS, BALANCE, Mode, Plan, Sent};
use crate::report::Report;
use crate::server::Recipe;

/// Makes all transfers of the plan, asks for each once more, and counts.
pub(crate) async fn run<Db: Bank>(plan: &Plan) -> Result<Report, Failure> {
    let pool = Db::pool(plan.place.source())?;
    Db::found(&pool, ACCOUNTS, BALANCE).await?;
    let sum_before = Db::books(&pool).await?.balances.iter().sum();
    // Nothing of this process is open in the database while the servers work.
    pool.close().await;

    let started = Instant::now();
    let door = Arc::new(Door::open().await?);
    let killer = Killer::start(Recipe::new(plan), Arc::clone(&door)).await?;
    let bar = plan.progress.bar(plan.transfers);
    let (mut said, effort, killer) = make_all(plan, &door, killer, &bar).await?;
    let took = started.elapsed();
    let mut asked_again = None;
    // Without idem, to ask again would be to pay again.
    if plan.mode == Mode::WithIdem {
        asked_again = Some(ask_again(plan, &door, &mut said).await?);
    }
    bar.finish_and_clear();
    let kills = killer.kills();
    killer.stop().await?;

    let pool = Db::pool(plan.place.source())?;
    let books = Db::books(&pool).await?;
    pool.close().await;
    let findings = Findings::of(&said, &books);
    Ok(Report {
        kind: plan.place.kind(),
        mode: plan.mode,
        seed: plan.seed,
        transfers: plan.transfers,
        sent_twice: said.iter().filter(|(wanted, _)| wanted.sent == Sent::Twice).count() as u64,
        kills,
        effort,
        asked_again,
        sum_before,
        findings,
        took,
    })
}

/// All callers at the same time, and the killer among them.
async fn make_all(
    plan: &Plan,
    door: &Door,
    killer: Killer,
    bar: &ProgressBar,
) -> Result<(Vec<Said>, Effort, Killer), Failure> {
    let (answered, watched) = watch::channel(0);
    let (next, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(answered));
    let mut callers = JoinSet::new();
    for _ in 0..plan.callers {
        let work = work(plan.clone(), Caller::new(door.address())?, Arc::clone(&next), Arc::clone(&answered));
        callers.spawn(work);
    }
    // The last caller that goes home ends the killer.
    drop(answered);
    let collected = async {
        let mut total = (Vec::new(), Effort::default());
        while let Some(share) = callers.join_next().await {
            let (said, effort) = share?;
            total.0.extend(said);
            total.1.add(effort);
        }
        Ok(total)
    };
    let shown = show(watched.clone(), bar);
    let ((said, effort), killer, ()) = tokio::try_join!(collected, killer.run(plan, watched), shown)?;
    Ok((said, effort, killer))
}

/// One caller: it takes the next transfer when it has done with one.
async fn work(
    plan: Plan,
    caller: Caller,
    next: Arc<AtomicU64>,
    answered: Arc<watch::Sender<u64>>,
) -> (Vec<Said>, Effort) {
    let (mut said, mut effort) = (Vec::new(), Effort::default());
    loop {
        let order = next.fetch_add(1, Ordering::Relaxed);
        if order >= plan.transfers {
            return (said, effort);
        }
        let wanted = plan.wanted(order);
        let told = caller.send(&wanted, &mut effort).await;
        said.push((wanted, told));
        answered.send_modify(|answered| *answered += 1);
    }
}

async fn show(mut answered: watch::Receiver<u64>, bar: &ProgressBar) -> Result<(), Failure> {
    while answered.changed().await.is_ok() {
        bar.set_position(*answered.borrow_and_update());
    }
    Ok(())
}

/// Asks for each transfer once more, and notes what is said. Says how many of these answers were stored ones.
async fn ask_again(plan: &Plan, door: &Door, said: &mut Vec<Said>) -> Result<u64, Failure> {
    let mut shares = JoinSet::new();
    let size = said.len().div_ceil(plan.callers);
    for share in std::mem::take(said).chunks(size) {
        let (caller, mut share) = (Caller::new(door.address())?, share.to_vec());
        shares.spawn(async move {
            let mut effort = Effort::default();
            for (wanted, told) in &mut share {
                told.push(caller.ask(wanted, &mut effort).await);
            }
            (share, effort.replays)
        });
    }
    let mut replays = 0;
    while let Some(share) = shares.join_next().await {
        let (share, replayed) = share?;
        said.extend(share);
        replays += replayed;
    }
    Ok(replays)
}

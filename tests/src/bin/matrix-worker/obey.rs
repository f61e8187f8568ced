//! Orders, carried out.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use idem_core::Address;
use idem_core::fault::{self, Fault, Guard, points};
use idem_core::protocol::{Record, Verdict};
use idem_core::store::{Entry, StoreError};
use idem_tests::matrix::{Call, Caller, Event, Order, Paid, Said, Seen};

use crate::app::App;
use crate::history::report;
use crate::kinds;

/// Armed for as long as the process lives.
static ARMED: Mutex<Vec<Guard>> = Mutex::new(Vec::new());

fn keep(guard: Guard) {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner).push(guard);
}

/// Whether a thread is to be held.
static HOLD: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

fn set_hold(hold: bool) {
    *HOLD.0.lock().unwrap_or_else(PoisonError::into_inner) = hold;
    HOLD.1.notify_all();
}

fn wait_for_unhold() {
    let hold = HOLD.0.lock().unwrap_or_else(PoisonError::into_inner);
    drop(HOLD.1.wait_while(hold, |hold| *hold));
}

pub(crate) async fn obey(app: App, order: Order) {
    let event = match order {
        Order::Call(call) => {
            let name = call.call.clone();
            // In a task of its own, so that a panic of the call is seen here.
            match tokio::spawn(answer(app, call)).await {
                Ok(None) => Event::Did,
                Ok(Some(said)) => Event::Answered { call: name, said },
                Err(_) => Event::Answered { call: name, said: Said::Panicked },
            }
        }
        Order::Go => {
            app.go();
            Event::Did
        }
        Order::Hold { point } => {
            set_hold(true);
            keep(fault::arm(point, Fault::call(wait_for_unhold)));
            Event::Did
        }
        Order::Unhold => {
            set_hold(false);
            Event::Did
        }
        Order::Mark => {
            fault::reach("worker.mark");
            Event::Did
        }
        Order::ShutDownAtClaim => {
            let guard = fault::arm(points::ENGINE_CLAIM_AFTER, Fault::call(move || begin_to_drain(&app)));
            keep(guard);
            Event::Did
        }
        Order::Drain => {
            // How the drain ended is not recorded: the histories are about what becomes of the keys.
            let _drained = app.idem.drain(Duration::ZERO).await;
            Event::Did
        }
        Order::Settle { kind, key, say, happened } => {
            settle(&app, &kind, &key, &say, happened).await;
            Event::Did
        }
        Order::Retry { kind, key } => {
            retry(&app, &kind, &key).await;
            Event::Did
        }
        Order::Forget { kind, key } => {
            forget(&app, &kind, &key).await;
            Event::Did
        }
        Order::Look { kind, key } => {
            let record = look(&app, address(&app, &kind, &key)).await;
            Event::Record { key, seen: record.as_ref().map(seen) }
        }
    };
    report(&event);
}

/// `None` once the caller is gone.
async fn answer(app: App, call: Call) -> Option<Said> {
    let (begun, caller) = (app.begun(), call.caller);
    tells_of_its_releases(&app, &call.key);
    let asked = fault::arm(points::ENGINE_CLAIM_BEFORE, Fault::Count);
    let told = fault::arm(points::ENGINE_CLAIM_AFTER, Fault::Count);
    let seen = app.clone();
    let mut made = pin!(kinds::call(app, call));
    poll_fn(|cx| match made.as_mut().poll(cx) {
        Poll::Ready(said) => Poll::Ready(Some(said)),
        Poll::Pending => match caller {
            // A store may answer within one poll: then it is too late.
            Caller::LeavesAtClaim if asked.reached() > told.reached() => Poll::Ready(None),
            Caller::LeavesInHandler if seen.begun() > begun => Poll::Ready(None),
            _ => Poll::Pending,
        },
    })
    .await
}

/// The release of an owner is a verdict, should the record have been given up as unknown meanwhile: the handler never
/// began, or said that nothing happened.
fn tells_of_its_releases(app: &App, key: &str) {
    let asked = Event::Verdict { key: key.to_owned(), happened: false };
    let given = Event::Given { key: key.to_owned() };
    for (point, event) in [
        (points::ENGINE_RELEASE_BEFORE, &asked),
        (points::ENGINE_RELEASE_AFTER, &given),
        (points::UNCLAIMED_RELEASE_BEFORE, &asked),
        (points::UNCLAIMED_RELEASE_AFTER, &given),
    ] {
        let (app, event) = (app.clone(), event.clone());
        keep(fault::arm(point, Fault::call(move || app.record(&event))));
    }
}

/// Polls a drain once: from then on no new operation begins.
fn begin_to_drain(app: &App) {
    let mut drained = pin!(app.idem.drain(Duration::ZERO));
    let _ = drained.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

fn address(app: &App, kind: &str, key: &str) -> Address {
    let (scope, key) = key.split_once('/').unwrap_or(("", key));
    app.idem.operator().address(scope, kind, key)
}

async fn look(app: &App, address: Address) -> Option<Record> {
    let operator = app.idem.operator();
    loop {
        match operator.inspect(address).await {
            Ok(record) => return record,
            Err(error) => again(&error).await,
        }
    }
}

fn seen(record: &Record) -> Seen {
    Seen {
        state: record.state.kind().to_string(),
        attempts: record.attempts,
        fence: record.owner.fence.as_u64(),
    }
}

async fn settle(app: &App, kind: &str, key: &str, say: &str, happened: bool) {
    let address = address(app, kind, key);
    let Some(record) = look(app, address).await else { return };
    let paid = Paid { run: "verdict".into(), key: key.into(), say: say.into() };
    let verdict = if happened { Verdict::Happened(kinds::reply(kind, &paid)) } else { Verdict::DidNotHappen };
    let (operator, entry) = (app.idem.operator(), Entry::new(address, record));
    while let Err(error) =
        operator.by("the driver").because("as it was told").settle(&entry, verdict.clone()).await
    {
        again(&error).await;
    }
}

async fn retry(app: &App, kind: &str, key: &str) {
    let address = address(app, kind, key);
    let Some(record) = look(app, address).await else { return };
    let (operator, entry) = (app.idem.operator(), Entry::new(address, record));
    while let Err(error) = operator.by("the driver").because("as it was told").retry(&entry).await {
        again(&error).await;
    }
}

async fn forget(app: &App, kind: &str, key: &str) {
    let address = address(app, kind, key);
    let Some(record) = look(app, address).await else { return };
    let (operator, entry) = (app.idem.operator(), Entry::new(address, record));
    while let Err(error) = operator.by("the driver").because("as it was told").forget(&entry).await {
        again(&error).await;
    }
}

/// A process that was frozen in the middle of a write may keep a database locked for a while.
async fn again(error: &StoreError) {
    eprintln!("matrix-worker: {error}");
    tokio::time::sleep(Duration::from_millis(20)).await;
}

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, oneshot};
use tokio::task::yield_now;

use super::{Coverage, Idempotence, NotIdempotent, Place, Run, assert_idempotent, idempotence};

type Rows = Mutex<Vec<u64>>;

const CLAIMED: u64 = 0;

const DONE: Result<(), Infallible> = Ok(());

async fn rows() -> Rows {
    Rows::default()
}

async fn seen(rows: &Rows) -> Vec<u64> {
    rows.lock().unwrap().clone()
}

/// A check of `operation`, without what is left to chance.
fn of<O, T>(
    operation: O,
) -> Idempotence<impl AsyncFn() -> Rows + Sync, O, impl AsyncFn(&Rows) -> Vec<u64> + Sync, T>
where
    O: AsyncFn(&Rows) -> Result<T, Infallible>,
{
    idempotence(rows, operation, seen).rounds(0)
}

fn run(found: NotIdempotent) -> Run {
    match found {
        NotIdempotent::StateDiffers { run, .. } | NotIdempotent::AnswerDiffers { run, .. } => run,
        other => panic!("{other}"),
    }
}

async fn write_7(rows: &Rows) -> Result<(), Infallible> {
    yield_now().await;
    *rows.lock().unwrap() = vec![7];
    yield_now().await;
    DONE
}

async fn append(rows: &Rows) -> Result<(), Infallible> {
    rows.lock().unwrap().push(7);
    DONE
}

async fn look_then_append(rows: &Rows) -> Result<(), Infallible> {
    let known = rows.lock().unwrap().contains(&7);
    yield_now().await;
    if !known {
        rows.lock().unwrap().push(7);
    }
    DONE
}

async fn mark_then_append(rows: &Rows) -> Result<(), Infallible> {
    let first = {
        let mut rows = rows.lock().unwrap();
        let first = !rows.contains(&CLAIMED);
        if first {
            rows.push(CLAIMED);
        }
        first
    };
    yield_now().await;
    if first {
        rows.lock().unwrap().push(7);
    }
    DONE
}

/// Has `work` done by another task, and waits for it. It begins only then, so there always is a wait.
async fn elsewhere(work: impl FnOnce() + Send + 'static) {
    let (ask, asked) = oneshot::channel();
    let mut done = tokio::spawn(async {
        asked.await.unwrap();
        work();
    });
    let mut ask = Some(ask);
    let waited = poll_fn(|cx| {
        let poll = Pin::new(&mut done).poll(cx);
        ask.take().into_iter().for_each(|ask| ask.send(()).unwrap());
        poll
    });
    waited.await.unwrap();
}

#[test]
fn an_absolute_value_passes_at_every_place() {
    let places = Coverage { overtaken: 2, crashed: 2 };
    assert_eq!(of(write_7).same_answer().rounds(2).check(), Ok(places));
    assert_idempotent(rows, write_7, seen);
}

#[test]
fn a_repeat_is_caught_by_the_first_phase() {
    let expected = NotIdempotent::StateDiffers {
        run: Run::Twice,
        expected: "[7]".to_owned(),
        actual: "[7, 7]".to_owned(),
        answers: vec!["Ok(())".to_owned(); 2],
    };
    assert_eq!(of(append).check(), Err(expected.clone()));
    assert_eq!(of(append).repeated(), Err(expected));
}

#[test]
fn a_lost_answer_is_a_crash_too() {
    assert_eq!(run(of(append).after_crash().unwrap_err()), Run::AfterCrash { at: Place::End });
}

#[test]
fn a_look_up_before_the_write_is_caught_in_lockstep() {
    let check = of(look_then_append);
    assert_eq!(check.repeated(), Ok(()));
    assert_eq!(check.after_crash(), Ok(1));
    let found = check.concurrent().unwrap_err();
    assert!(found.to_string().contains("[7, 7, 7, 7]"), "{found}");
    assert_eq!(run(found), Run::InLockstep { copies: 4 });
}

/// In lockstep the copies see each other's claim; a copy that stopped before the claim comes too late to see it.
#[test]
fn a_claim_that_goes_when_done_is_caught_by_overtaking() {
    let check = of(async |rows: &Rows| {
        let unknown = rows.lock().unwrap().is_empty();
        yield_now().await;
        if unknown && !rows.lock().unwrap().contains(&CLAIMED) {
            rows.lock().unwrap().push(CLAIMED);
        }
        yield_now().await;
        rows.lock().unwrap().iter_mut().filter(|row| **row == CLAIMED).for_each(|row| *row = 7);
        DONE
    });
    assert_eq!(check.repeated(), Ok(()));
    assert_eq!(check.after_crash(), Ok(2));
    assert_eq!(run(check.check().unwrap_err()), Run::Overtaken { at: Place::Yield(1) });
}

#[test]
fn a_mark_before_the_effect_is_caught_after_a_crash() {
    let check = of(mark_then_append);
    assert_eq!(check.repeated(), Ok(()));
    assert_eq!(check.concurrent(), Ok(1));
    let found = check.check().unwrap_err();
    assert_eq!(run(found), Run::AfterCrash { at: Place::Yield(1) });
}

/// Without a place to stop at, only real threads can meet.
#[test]
fn threads_meet_where_nothing_waits() {
    struct Env {
        home: ThreadId,
        met: (Mutex<usize>, Condvar),
        rows: Rows,
    }
    let check = idempotence(
        async || Env { home: thread::current().id(), met: Default::default(), rows: Rows::default() },
        async |env: &Env| {
            let known = env.rows.lock().unwrap().contains(&7);
            if thread::current().id() != env.home {
                let (met, all) = &env.met;
                let mut met = met.lock().unwrap();
                *met += 1;
                all.notify_all();
                drop(all.wait_timeout_while(met, Duration::from_secs(10), |met| *met < 4).unwrap());
            }
            if !known {
                env.rows.lock().unwrap().push(7);
            }
            DONE
        },
        async |env| seen(&env.rows).await,
    );
    assert_eq!(check.clone().rounds(0).check(), Ok(Coverage { overtaken: 0, crashed: 0 }));
    let found = check.rounds(1).check().unwrap_err();
    assert!(found.to_string().contains("[7, 7, 7, 7]"), "{found}");
    assert_eq!(run(found), Run::InParallel { copies: 4 });
}

/// Tokio makes a task yield that has done much at once. That is not the operation's doing.
#[test]
fn a_used_up_budget_is_no_yield() {
    let check = of(async |rows: &Rows| {
        let free = AsyncMutex::new(());
        for _ in 0..300 {
            drop(free.lock().await);
        }
        *rows.lock().unwrap() = vec![7];
        DONE
    });
    assert_eq!(check.check(), Ok(Coverage { overtaken: 0, crashed: 0 }));
}

/// However long each takes to get there.
#[test]
fn copies_in_lockstep_meet_at_their_yields() {
    let check = idempotence(
        async || (AtomicUsize::new(0), rows().await),
        async |(started, rows): &(AtomicUsize, Rows)| {
            for _ in 0..started.fetch_add(1, Ordering::SeqCst) {
                elsewhere(|| ()).await;
            }
            look_then_append(rows).await
        },
        async |(_, rows)| seen(rows).await,
    );
    assert_eq!(run(check.rounds(0).concurrent().unwrap_err()), Run::InLockstep { copies: 4 });
}

/// A database answers now before it is awaited, and now after.
#[test]
fn a_wait_that_is_not_always_one_is_looked_for_again() {
    let runs = AtomicUsize::new(0);
    let check = of(async |rows: &Rows| {
        let first = !rows.lock().unwrap().contains(&CLAIMED);
        if first {
            rows.lock().unwrap().push(CLAIMED);
            // The first run sets the standard; of the next three, the last one waits.
            if runs.fetch_add(1, Ordering::SeqCst) == 3 {
                elsewhere(|| ()).await;
            }
            rows.lock().unwrap().push(7);
        }
        DONE
    });
    assert_eq!(run(check.after_crash().unwrap_err()), Run::AfterCrash { at: Place::Wait(1) });
}

/// Copies that wait for each other's lock are no deadlock, and delay the check by no more than a moment.
#[test]
fn a_lock_across_a_wait_is_respected() {
    let check = idempotence(
        async || AsyncMutex::new(Vec::new()),
        async |rows: &AsyncMutex<Vec<u64>>| {
            let mut rows = rows.lock().await;
            yield_now().await;
            if rows.is_empty() {
                rows.push(7);
            }
            DONE
        },
        async |rows| rows.lock().await.clone(),
    );
    let check = check.patience(Duration::from_millis(1)).rounds(4);
    assert_eq!(check.check(), Ok(Coverage { overtaken: 1, crashed: 1 }));
}

/// A crash finds done what the operation had asked for.
#[test]
fn what_was_asked_for_happens_before_the_crash() {
    let check = idempotence(
        async || Arc::new(rows().await),
        async |rows: &Arc<Rows>| {
            let (known, theirs) = (rows.lock().unwrap().contains(&7), rows.clone());
            elsewhere(move || {
                // Slower than a crash that does not wait for it.
                thread::sleep(Duration::from_millis(20));
                if !known {
                    theirs.lock().unwrap().push(7);
                }
            })
            .await;
            DONE
        },
        async |rows| seen(rows).await,
    );
    assert_eq!(check.after_crash(), Ok(1));
}

/// Two that undo each other, as databases do with a deadlock: their callers try again.
#[test]
fn what_failed_is_repeated_at_rest() {
    let check = idempotence(
        async || (AtomicUsize::new(0), rows().await),
        async |(running, rows): &(AtomicUsize, Rows)| {
            let others = running.fetch_add(1, Ordering::SeqCst);
            yield_now().await;
            let alone = others == 0 && running.fetch_sub(1, Ordering::SeqCst) == 1;
            if !alone {
                running.store(0, Ordering::SeqCst);
                return Err("deadlock");
            }
            *rows.lock().unwrap() = vec![7];
            Ok(())
        },
        async |(_, rows)| seen(rows).await,
    );
    assert_eq!(check.rounds(0).same_answer().concurrent(), Ok(1));
}

#[test]
fn the_state_decides_and_the_answer_only_where_asked() {
    let insert = async |rows: &Rows| {
        let mut rows = rows.lock().unwrap();
        if rows.contains(&7) {
            return Err("unique violation");
        }
        rows.push(7);
        Ok("inserted")
    };
    let check = idempotence(rows, insert, seen).rounds(2);
    assert!(check.check().is_ok());
    let found = check.same_answer().check().unwrap_err();
    let said = r#"run twice, the operation answers Err("unique violation"), and run once Ok("inserted")"#;
    assert_eq!(found.to_string(), said);
}

#[test]
fn a_check_that_could_not_fail_is_told() {
    let refused = idempotence(rows, async |_: &Rows| Err::<(), _>("no such table"), seen).check();
    assert_eq!(refused, Err(NotIdempotent::FirstRunFailed { error: r#""no such table""#.to_owned() }));
    let idle = of(async |_: &Rows| DONE).check();
    assert_eq!(idle, Err(NotIdempotent::NothingObserved { state: "[]".to_owned() }));
}

#[test]
fn no_place_is_skipped_in_silence() {
    assert_eq!(of(write_7).max_places(2).after_crash(), Ok(2));
    let found = of(write_7).max_places(1).after_crash();
    assert_eq!(found, Err(NotIdempotent::TooManyPlaces { places: 1 }));
}

#[tokio::test]
#[should_panic = "run twice, the operation leaves another state"]
async fn the_assertion_panics_inside_a_runtime_too() {
    assert_idempotent(rows, append, seen);
}

#[test]
#[should_panic = "of its own"]
fn a_panic_on_a_thread_is_passed_on() {
    let check = idempotence(
        async || (thread::current().id(), rows().await),
        async |(at_home, rows): &(ThreadId, Rows)| {
            assert_eq!(*at_home, thread::current().id(), "a thread of its own");
            write_7(rows).await
        },
        async |(_, rows)| seen(rows).await,
    );
    drop(check.check());
}

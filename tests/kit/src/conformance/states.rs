//! Each operation from each state that a store can bring about, compared with [`protocol`](idem_core::protocol): the
//! answer, and the record afterwards.

use crate::history::{Action, Ask, By, Guarded, Look, NAMESPACES, Runner, Side, Span, Step, Whose, Write};
use crate::{Backend, Trial};
use idem_core::protocol::AfterCrash;

/// T1, T2a, T2b, T7, T10.
pub async fn claim<B: Backend>(t: Trial<B>) {
    act_everywhere(t, |key| Action::Claim(Ask { id: 100 + u32::from(key), ..ask(key) })).await;
}

/// I6.
pub async fn claim_with_another_fingerprint<B: Backend>(t: Trial<B>) {
    act_everywhere(t, |key| Action::Claim(Ask { id: 100 + u32::from(key), print: 2, ..ask(key) })).await;
}

/// A repeat that arrives when it may.
pub async fn claim_with_the_same_nonce<B: Backend>(t: Trial<B>) {
    act_everywhere(t, |key| Action::Claim(ask(key))).await;
}

/// T5.
pub async fn complete<B: Backend>(t: Trial<B>) {
    try_everywhere(t, &[(By::Current, Write::Complete { reply: 1, retention: Span::Long })]).await;
}

/// T6.
pub async fn release<B: Backend>(t: Trial<B>) {
    try_everywhere(t, &[(By::Current, Write::Release { retention: Span::Long })]).await;
}

/// T7.
pub async fn mark_unknown<B: Backend>(t: Trial<B>) {
    try_everywhere(t, &[(By::Current, Write::MarkUnknown)]).await;
}

/// T3.
pub async fn renew<B: Backend>(t: Trial<B>) {
    try_everywhere(t, &[(By::Current, Write::Renew { lease: Span::Long })]).await;
}

/// A verdict, the same one again, and another one.
pub async fn settle_as_happened<B: Backend>(t: Trial<B>) {
    let happened = |reply| Write::Settle {
        whose: Whose::Own,
        look: Look::Now,
        happened: Some(reply),
        order: 0,
        retention: Span::Long,
    };
    try_everywhere(t, &[(By::Current, happened(1)), (By::Current, happened(1)), (By::Current, happened(2))])
        .await;
}

/// A verdict, and the opposite.
pub async fn settle_as_not_happened<B: Backend>(t: Trial<B>) {
    let verdict = |happened| Write::Settle {
        whose: Whose::Own,
        look: Look::Now,
        happened,
        order: 0,
        retention: Span::Long,
    };
    try_everywhere(t, &[(By::Current, verdict(None)), (By::Current, verdict(Some(1)))]).await;
}

/// The same order, and another's.
pub async fn free<B: Backend>(t: Trial<B>) {
    let free = |order| Write::Free { whose: Whose::Own, look: Look::Now, order, retention: Span::Long };
    try_everywhere(t, &[(By::Current, free(0)), (By::Current, free(0)), (By::Current, free(1))]).await;
}

/// From another state, and with another lease or expiry.
pub async fn orders_about_what_has_moved<B: Backend>(t: Trial<B>) {
    let mut writes = Vec::new();
    for look in [Look::OtherState, Look::OtherTime] {
        for happened in [Some(1), None] {
            writes.push((
                By::Current,
                Write::Settle { whose: Whose::Own, look, happened, order: 0, retention: Span::Long },
            ));
        }
        writes.push((By::Current, Write::Free { whose: Whose::Own, look, order: 0, retention: Span::Long }));
        writes.push((By::Current, Write::Forget { whose: Whose::Own, look }));
    }
    try_everywhere(t, &writes).await;
}

/// What runs stays.
pub async fn forget<B: Backend>(t: Trial<B>) {
    try_everywhere(
        t,
        &[
            (By::Current, Write::Forget { whose: Whose::Own, look: Look::Now }),
            (By::Current, Write::Forget { whose: Whose::Own, look: Look::Now }),
        ],
    )
    .await;
}

/// T7 and what it leaves alone, in one namespace and the other.
pub async fn sweep<B: Backend>(t: Trial<B>) {
    let mut runner = Runner::new(t);
    bring_about(&mut runner).await;
    for of in 0..NAMESPACES {
        let (grace, retention, limit) = (Span::Zero, Span::Long, usize::MAX);
        take(&mut runner, Action::Sweep { of, grace, retention, limit }).await;
        take(&mut runner, Action::Audit).await;
    }
}

/// T9 and what it leaves alone.
pub async fn reap<B: Backend>(t: Trial<B>) {
    let mut runner = Runner::new(t);
    bring_about(&mut runner).await;
    take(&mut runner, Action::Reap { limit: usize::MAX }).await;
    take(&mut runner, Action::Audit).await;
}

/// Tries the writes one after the other on each key in turn.
pub(super) async fn try_everywhere<B: Backend>(t: Trial<B>, writes: &[(By, Write)]) {
    let mut runner = Runner::new(t);
    bring_about(&mut runner).await;
    for key in 0..SITUATIONS {
        for (by, write) in writes.iter().cloned() {
            take(&mut runner, Action::Write(Guarded { key, by, write })).await;
        }
    }
}

async fn act_everywhere<B: Backend>(t: Trial<B>, action: impl Fn(u8) -> Action) {
    let mut runner = Runner::new(t);
    bring_about(&mut runner).await;
    for key in 0..SITUATIONS {
        take(&mut runner, action(key)).await;
    }
}

/// How many keys [`bring_about`] uses; the last of them is never claimed.
const SITUATIONS: u8 = 11;

fn ask(key: u8) -> Ask {
    Ask { id: u32::from(key), key, print: 1, lease: Span::Long, after_crash: AfterCrash::Unknown }
}

/// One key in each situation: running, abandoned under both policies, done and released and both expired, unknown,
/// settled, taken over, absent.
async fn bring_about<B: Backend>(runner: &mut Runner<B>) {
    for (key, lease, after_crash) in [
        (0, Span::Long, AfterCrash::Unknown),
        (1, Span::Short, AfterCrash::Rerun),
        (2, Span::Short, AfterCrash::Unknown),
        (3, Span::Long, AfterCrash::Unknown),
        (4, Span::Long, AfterCrash::Unknown),
        (5, Span::Long, AfterCrash::Rerun),
        (6, Span::Long, AfterCrash::Unknown),
        (7, Span::Long, AfterCrash::Unknown),
        (8, Span::Long, AfterCrash::Unknown),
        (9, Span::Short, AfterCrash::Rerun),
    ] {
        take(runner, Action::Claim(Ask { lease, after_crash, ..ask(key) })).await;
    }
    for (key, write) in [
        (3, Write::Complete { reply: 2, retention: Span::Long }),
        (4, Write::Complete { reply: 2, retention: Span::Short }),
        (5, Write::Release { retention: Span::Long }),
        (6, Write::Release { retention: Span::Short }),
        (7, Write::MarkUnknown),
        (8, Write::MarkUnknown),
        (
            8,
            Write::Settle {
                whose: Whose::Own,
                look: Look::Now,
                happened: Some(2),
                order: 0,
                retention: Span::Long,
            },
        ),
    ] {
        take(runner, Action::Write(Guarded { key, by: By::Current, write })).await;
    }
    take(runner, Action::Advance(Span::Short)).await;
    take(runner, Action::Claim(Ask { id: 50, ..ask(9) })).await;
}

async fn take<B: Backend>(runner: &mut Runner<B>, action: Action) {
    let side = if runner.steps_taken().is_multiple_of(2) { Side::One } else { Side::Two };
    if let Err(divergence) = runner.step(&Step { side, action }).await {
        panic!("{divergence}");
    }
}

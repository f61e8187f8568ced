//! Contenders run in turn, many times, so that what disturbs one disturbs the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::contender::Contender;

#[derive(Clone, Copy)]
pub(crate) enum What {
    Pair,
    Replay,
}

/// How long each contender runs in each turn.
pub(crate) const TURN: Duration = Duration::from_millis(700);

/// The rate of every contender in every turn: `rates[contender][turn]`, per second.
pub(crate) async fn race(
    contenders: &[Arc<dyn Contender>],
    what: What,
    callers: usize,
    turns: usize,
) -> Vec<Vec<f64>> {
    let mut rates = vec![Vec::with_capacity(turns); contenders.len()];
    // One turn more than counted: the first opens connections and fills caches.
    for turn in 0..=turns {
        for at in 0..contenders.len() {
            // Each begins a turn as often as it ends one.
            let at = (at + turn) % contenders.len();
            let rate = rate(&contenders[at], what, callers).await;
            if turn > 0 {
                rates[at].push(rate);
            }
        }
    }
    rates
}

async fn rate(contender: &Arc<dyn Contender>, what: What, callers: usize) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    let at_once = if let What::Pair = what { contender.pairs_at_once() } else { 1 };
    for _ in 0..contender.callers(callers) {
        let (contender, done) = (Arc::clone(contender), Arc::clone(&done));
        tasks.spawn(async move {
            while begun.elapsed() < TURN {
                match what {
                    What::Pair => contender.pair().await,
                    What::Replay => contender.replay().await,
                }
                done.fetch_add(at_once, Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    #[allow(clippy::cast_precision_loss)]
    let done = done.load(Ordering::Relaxed) as f64;
    done / begun.elapsed().as_secs_f64()
}

//! Cuts a history that diverges down to the steps that matter.

use super::super::Backend;
use super::runner::Divergence;
use super::{Step, runner};

/// How many shorter histories are tried. Enough for forty steps; a store that takes long is not asked more often.
const TRIES: usize = 300;

/// Runs `steps` on new records.
pub(super) async fn replay<B: Backend>(
    fresh: &impl AsyncFn() -> B,
    steps: &[Step],
) -> Result<(), Divergence> {
    let mut runner = runner(fresh).await;
    for step in steps {
        runner.step(step).await?;
    }
    Ok(())
}

/// Leaves out ever smaller runs of steps as long as what remains still diverges, and tells the last divergence.
pub(super) async fn shrink<B: Backend>(fresh: &impl AsyncFn() -> B, mut steps: Vec<Step>) -> String {
    let mut found = None;
    let mut tries = 0;
    let mut size = steps.len().div_ceil(2);
    while size > 0 && tries < TRIES {
        let mut from = 0;
        while from < steps.len() && tries < TRIES {
            tries += 1;
            let mut fewer = steps.clone();
            fewer.drain(from..steps.len().min(from + size));
            match replay(fresh, &fewer).await {
                Ok(()) => from += size,
                Err(divergence) => {
                    steps = fewer;
                    found = Some(divergence);
                }
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    match found {
        Some(divergence) => divergence.to_string(),
        None => match replay(fresh, &steps).await {
            Err(divergence) => divergence.to_string(),
            Ok(()) => {
                "a history diverged once and never again: the store depends on something beside its steps"
                    .to_owned()
            }
        },
    }
}

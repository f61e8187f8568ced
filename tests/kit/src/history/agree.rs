//! When the answer to a claim is the one that the protocol gives.

use super::model::Precision;
use idem_core::protocol::{ClaimOutcome, Fence, Owner};

/// Compares answers. `repeat` is the record's owner before the claim, `floor` what a new fence must be above.
pub(super) fn claims(
    precision: Precision,
    expected: &ClaimOutcome,
    got: &ClaimOutcome,
    repeat: Option<Owner>,
    floor: Option<Fence>,
) -> Result<(), String> {
    let differ = || Err(format!("the claim must get {expected:?} and got {got:?}"));
    if let ClaimOutcome::Won(won) = got
        && repeat != Some(won.owner)
        && floor.is_some_and(|floor| won.owner.fence <= floor)
    {
        return Err(format!("the fence must rise (I3) above {floor:?}: {got:?}"));
    }
    if precision == Precision::Exact {
        return if expected == got { Ok(()) } else { differ() };
    }
    let agree = match (expected, got) {
        (ClaimOutcome::Won(expected), ClaimOutcome::Won(got)) => {
            let recognised = repeat == Some(expected.owner);
            (expected.owner.nonce, expected.attempts) == (got.owner.nonce, got.attempts)
                && (!recognised || expected.owner == got.owner)
        }
        (ClaimOutcome::Replay(expected), ClaimOutcome::Replay(got)) => expected.reply == got.reply,
        (ClaimOutcome::InFlight { .. }, ClaimOutcome::InFlight { .. }) => true,
        _ => expected == got,
    };
    if agree { Ok(()) } else { differ() }
}

//! A tally as a row says it.

use super::row::Fields;
use crate::clock::Timestamp;
use crate::protocol::Tally;

const CLOCK: usize = 0;
/// The numbers, in the order of [`Tally::STATES`].
const NUMBERS: usize = 1;
const OLDEST: usize = NUMBERS + Tally::STATES.len();

/// Of a row with the clock, a number for each state and the oldest fence of what is unknown.
pub(in crate::store) fn tally(row: &impl Fields) -> Tally {
    let time = |at| row.int(at).and_then(|micros| u64::try_from(micros).ok()).map(Timestamp::from_micros);
    let mut tally = Tally { clock: time(CLOCK), ..Tally::default() };
    for (at, state) in (NUMBERS..).zip(Tally::STATES) {
        tally.add(state, row.int(at).and_then(|number| u64::try_from(number).ok()).unwrap_or(0));
    }
    if let Some(oldest) = time(OLDEST) {
        tally.meet_unknown(oldest);
    }
    tally
}

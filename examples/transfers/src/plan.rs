//! What a demonstration consists of.

use fastrand::Rng;

use crate::api::NewTransfer;
use crate::place::Place;
use crate::progress::Progress;

/// How many accounts there are, from 0, and what each has in the beginning, in cents: so little that funds run short.
pub(crate) const ACCOUNTS: i64 = 50;
pub(crate) const BALANCE: i64 = 100_000;
/// The most that is moved at once.
const LARGEST: i64 = 60_000;

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) place: Place,
    /// At least 1.
    pub(crate) transfers: u64,
    /// How many callers work at the same time; at least 1.
    pub(crate) callers: usize,
    pub(crate) seed: u64,
    /// After how many answers a server is killed, on average; at least 1.
    pub(crate) kills_every: u64,
    /// The share that is sent twice at once.
    pub(crate) duplicates: f64,
    pub(crate) mode: Mode,
    pub(crate) progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    WithIdem,
    WithoutIdem,
}

/// A transfer that a caller wants made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) payer: i64,
    pub(crate) new: NewTransfer,
    pub(crate) sent: Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Once,
    /// By two connections at the same time, as a network, a proxy or an impatient thumb does it.
    Twice,
}

impl Plan {
    /// The transfer of that number, always the same one.
    pub(crate) fn wanted(&self, order: u64) -> Wanted {
        let mut rng = self.chance(order);
        let payer = rng.i64(0..ACCOUNTS);
        let to = (payer + rng.i64(1..ACCOUNTS)) % ACCOUNTS;
        let amount = rng.i64(1..=LARGEST);
        let sent = if rng.f64() < self.duplicates { Sent::Twice } else { Sent::Once };
        Wanted { payer, new: NewTransfer { order: order.cast_signed(), to, amount }, sent }
    }

    /// The draws for something, always the same ones. Transfers count from 0; the killer takes the last number.
    pub(crate) fn chance(&self, place: u64) -> Rng {
        // The odd constant of SplitMix64 spreads neighbouring numbers.
        Rng::with_seed(self.seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

//! Chance that can be repeated: one seed, and a draw of its own for each thing that may go wrong.

use fastrand::Rng;

/// Keeps the draws of two unrelated things apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Topic {
    Network = 1,
    Bank = 2,
    Caller = 3,
}

/// The draws for the item `place` of `topic`: always the same; earlier draws have no influence.
pub(crate) fn draws<const N: usize>(seed: u64, topic: Topic, place: [u64; N]) -> Rng {
    let start = scatter(scatter(seed) ^ topic as u64);
    Rng::with_seed(place.into_iter().fold(start, |state, part| scatter(state ^ part)))
}

/// The step of `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): neighbouring
/// numbers come out unrelated.
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_draws_the_same() {
        let first = |seed, topic, place| draws(seed, topic, [place]).u64(..);
        assert_eq!(first(7, Topic::Network, 3), first(7, Topic::Network, 3));
        assert_ne!(first(7, Topic::Network, 3), first(7, Topic::Network, 4));
        assert_ne!(first(7, Topic::Network, 3), first(7, Topic::Bank, 3));
        assert_ne!(first(7, Topic::Network, 3), first(8, Topic::Network, 3));
    }
}

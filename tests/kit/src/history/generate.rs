//! Random histories, made from a seed.

use fastrand::Rng;

use super::step::{Action, Ask, By, Guarded, Look, NAMESPACES, Side, Span, Step, Whose, Write};
use idem_core::protocol::AfterCrash;

/// Few, so that steps meet.
const KEYS: u8 = 3;

/// `length` steps and a last look at everything.
pub(super) fn history(seed: u64, length: usize) -> Vec<Step> {
    let mut generator = Generator { rng: Rng::with_seed(seed), asked: Vec::new() };
    let mut steps: Vec<_> = (0..length).map(|_| generator.step()).collect();
    steps.push(Step { side: Side::One, action: Action::Audit });
    steps
}

struct Generator {
    rng: Rng,
    asked: Vec<Ask>,
}

impl Generator {
    fn step(&mut self) -> Step {
        let side = if self.rng.bool() { Side::One } else { Side::Two };
        let action = match self.rng.u8(0..100) {
            0..28 => {
                let key = self.rng.u8(0..KEYS);
                Action::Claim(self.ask(key))
            }
            28..36 => self.repeat(),
            36..42 => {
                let keys = self.some_keys();
                Action::Claims(keys.into_iter().map(|key| self.ask(key)).collect())
            }
            42..72 => {
                let (key, by, write) = (self.rng.u8(0..KEYS), self.by(), self.write());
                Action::Write(Guarded { key, by, write })
            }
            72..78 => {
                let keys = self.some_keys();
                let write = self.write();
                Action::Writes(write, keys.into_iter().map(|key| (key, self.by())).collect())
            }
            78..83 => {
                let grace = self.pick(&[Span::Zero, Span::Short, Span::Long]);
                Action::Sweep {
                    of: self.rng.u8(0..NAMESPACES),
                    grace,
                    retention: self.span(),
                    limit: self.limit(),
                }
            }
            83..88 => Action::Reap { limit: self.limit() },
            88..97 => Action::Advance(self.pick(&[Span::Short, Span::Short, Span::Long])),
            _ => Action::Audit,
        };
        Step { side, action }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *self.rng.choice(from).expect("there is something to pick from")
    }

    fn ask(&mut self, key: u8) -> Ask {
        let ask = Ask {
            id: u32::try_from(self.asked.len()).expect("a history is short"),
            key,
            // Mostly one: a claim that is always a mismatch leads nowhere.
            print: self.pick(&[1, 1, 1, 1, 2]),
            lease: self.span(),
            after_crash: self.pick(&[AfterCrash::Rerun, AfterCrash::Rerun, AfterCrash::Unknown]),
        };
        self.asked.push(ask.clone());
        ask
    }

    fn repeat(&mut self) -> Action {
        // The newest claims are the ones whose replies are still awaited.
        let back = self.rng.usize(1..=8).min(self.asked.len());
        match self.asked.len().checked_sub(back).and_then(|at| self.asked.get(at)) {
            Some(ask) => Action::Claim(ask.clone()),
            None => Action::Advance(Span::Short),
        }
    }

    fn some_keys(&mut self) -> Vec<u8> {
        (0..KEYS).filter(|_| self.rng.u8(0..3) > 0).collect()
    }

    fn span(&mut self) -> Span {
        self.pick(&[Span::Short, Span::Long, Span::Long])
    }

    fn limit(&mut self) -> usize {
        self.pick(&[1, 2, usize::MAX])
    }

    fn look(&mut self) -> Look {
        self.pick(&[Look::Now, Look::Now, Look::Now, Look::OtherState, Look::OtherTime])
    }

    fn whose(&mut self) -> Whose {
        self.pick(&[Whose::Own, Whose::Own, Whose::Own, Whose::Own, Whose::Anothers])
    }

    /// Few, so that some are given again.
    fn order(&mut self) -> u8 {
        self.pick(&[0, 0, 1, 2, 3])
    }

    fn by(&mut self) -> By {
        match self.rng.u8(0..100) {
            0..64 => By::Current,
            64..76 => By::Stale,
            76..84 => By::Neighbour,
            84..92 => By::WrongNonce,
            92..96 => By::FenceBelow,
            _ => By::FenceAbove,
        }
    }

    fn write(&mut self) -> Write {
        match self.rng.u8(0..100) {
            0..30 => Write::Complete { reply: self.rng.u8(0..4), retention: self.span() },
            30..55 => Write::Release { retention: self.span() },
            55..68 => Write::MarkUnknown,
            68..80 => Write::Renew { lease: self.span() },
            80..88 => {
                let happened = self.rng.bool().then(|| self.rng.u8(0..4));
                Write::Settle {
                    whose: self.whose(),
                    look: self.look(),
                    happened,
                    order: self.order(),
                    retention: self.span(),
                }
            }
            88..94 => Write::Free {
                whose: self.whose(),
                look: self.look(),
                order: self.order(),
                retention: self.span(),
            },
            _ => Write::Forget { whose: self.whose(), look: self.look() },
        }
    }
}

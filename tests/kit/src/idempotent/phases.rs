//! The three phases of a check.

use std::fmt::Debug;

use tokio::task::unconstrained;

use super::Idempotence;
use super::copies::Copies;
use super::found::{NotIdempotent, Place, Run, text};
use super::parallel::Driver;

/// How closely an operation that passed was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// At how many places it was stopped and overtaken. 0: its copies met only where threads happened to.
    pub overtaken: usize,
    /// At how many places it crashed. 0: only at its end.
    pub crashed: usize,
}

/// How often a wait is looked for: it is none in a run in which what is asked for is there at once.
const TRIES: usize = 3;

/// What exactly one run leaves and answers.
struct Once<S, T> {
    state: S,
    answer: T,
}

impl<Env, T, E, S, Setup, Operation, Observe> Idempotence<Setup, Operation, Observe, T>
where
    Setup: AsyncFn() -> Env + Sync,
    Operation: AsyncFn(&Env) -> Result<T, E> + Sync,
    Observe: AsyncFn(&Env) -> S + Sync,
    Env: Sync,
    T: Debug + Send,
    E: Debug + Send,
    S: PartialEq + Debug,
{
    /// All three phases.
    ///
    /// # Errors
    /// With the first difference found.
    ///
    /// # Panics
    /// If setup, operation or observation does, or hangs for minutes.
    pub fn check(&self) -> Result<Coverage, NotIdempotent> {
        self.repeated()?;
        Ok(Coverage { overtaken: self.concurrent()?, crashed: self.after_crash()? })
    }

    /// Phase 1: twice, one run after the other.
    ///
    /// # Errors
    /// With the difference found.
    ///
    /// # Panics
    /// As [`check`](Self::check).
    pub fn repeated(&self) -> Result<(), NotIdempotent> {
        Driver::with(|driver| {
            driver.run(async {
                let once = self.once().await?;
                let env = (self.setup)().await;
                let answers = vec![(self.operation)(&env).await, (self.operation)(&env).await];
                self.compare(&once, &env, Run::Twice, answers).await
            })
        })
    }

    /// Phase 2: concurrently. In lockstep, overtaken at every place, and on threads. Gives the number of places.
    ///
    /// # Errors
    /// With the first difference found.
    ///
    /// # Panics
    /// As [`check`](Self::check).
    pub fn concurrent(&self) -> Result<usize, NotIdempotent> {
        Driver::with(|driver| {
            let once = driver.run(self.once())?;
            driver.run(self.in_lockstep(&once))?;
            let places = self.places(|at| driver.run(self.overtaken(&once, at)))?;
            for _ in 0..self.rounds {
                self.in_parallel(&once, driver)?;
            }
            Ok(places)
        })
    }

    /// Phase 3: ended, its answer lost, and run again; and then dropped in the middle, at every place, and run to its
    /// end. Gives the number of places, without the end.
    ///
    /// # Errors
    /// With the first difference found.
    ///
    /// # Panics
    /// As [`check`](Self::check).
    pub fn after_crash(&self) -> Result<usize, NotIdempotent> {
        Driver::with(|driver| {
            let once = driver.run(self.once())?;
            driver.run(self.answer_lost(&once))?;
            self.places(|at| driver.run(self.crashed(&once, at)))
        })
    }

    /// Tries every yield, and then every wait, until the operation ends before it.
    fn places(
        &self,
        attempt: impl Fn(Place) -> Result<Reached, NotIdempotent>,
    ) -> Result<usize, NotIdempotent> {
        let mut reached = 0;
        for (kind, tries) in [(Place::Yield as fn(usize) -> Place, 1), (Place::Wait, TRIES)] {
            for number in 1.. {
                let mut outcomes = (0..tries).map(|_| attempt(kind(number)));
                // The first try that gets there, or finds something.
                match outcomes.find(|outcome| *outcome != Ok(Reached::Not)) {
                    None => break,
                    Some(outcome) => outcome?,
                };
                reached += 1;
                if reached > self.max_places {
                    return Err(NotIdempotent::TooManyPlaces { places: self.max_places });
                }
            }
        }
        Ok(reached)
    }

    async fn once(&self) -> Result<Once<S, T>, NotIdempotent> {
        let env = (self.setup)().await;
        let before = (self.observe)(&env).await;
        let first = (self.operation)(&env).await;
        let answer = first.map_err(|error| NotIdempotent::FirstRunFailed { error: text(&error) })?;
        let state = (self.observe)(&env).await;
        if state == before {
            return Err(NotIdempotent::NothingObserved { state: text(&state) });
        }
        Ok(Once { state, answer })
    }

    async fn in_lockstep(&self, once: &Once<S, T>) -> Result<(), NotIdempotent> {
        let env = (self.setup)().await;
        let answers = self.start(&env, self.copies).in_lockstep().await;
        self.compare(once, &env, Run::InLockstep { copies: self.copies }, answers).await
    }

    async fn overtaken(&self, once: &Once<S, T>, at: Place) -> Result<Reached, NotIdempotent> {
        let env = (self.setup)().await;
        let mut copies = self.start(&env, 2);
        if !copies.stop_at(0, at).await {
            return Ok(Reached::Not);
        }
        copies.overtake(1).await;
        let answers = copies.in_lockstep().await;
        self.compare(once, &env, Run::Overtaken { at }, answers).await?;
        Ok(Reached::Yes)
    }

    fn in_parallel(&self, once: &Once<S, T>, driver: &Driver) -> Result<(), NotIdempotent> {
        let env = driver.run((self.setup)());
        let answers = driver.run_at_once(self.copies, async || (self.operation)(&env).await);
        let run = Run::InParallel { copies: self.copies };
        driver.run(async {
            let env = env;
            self.compare(once, &env, run, answers).await
        })
    }

    async fn crashed(&self, once: &Once<S, T>, at: Place) -> Result<Reached, NotIdempotent> {
        let env = (self.setup)().await;
        let mut copies = self.start(&env, 1);
        if !copies.stop_at(0, at).await {
            return Ok(Reached::Not);
        }
        drop(copies);
        let answers = vec![(self.operation)(&env).await];
        self.compare(once, &env, Run::AfterCrash { at }, answers).await?;
        Ok(Reached::Yes)
    }

    async fn answer_lost(&self, once: &Once<S, T>) -> Result<(), NotIdempotent> {
        let env = (self.setup)().await;
        // The answer is lost, success or error.
        drop((self.operation)(&env).await);
        let answers = vec![(self.operation)(&env).await];
        self.compare(once, &env, Run::AfterCrash { at: Place::End }, answers).await
    }

    fn start<'a>(&'a self, env: &'a Env, count: usize) -> Copies<impl Future<Output = Result<T, E>> + 'a> {
        // Unconstrained: a budget of the runtime would make yields that are not the operation's.
        Copies::new((0..count).map(|_| unconstrained((self.operation)(env))), self.patience)
    }

    /// Repeats what failed, as its caller would, and compares.
    async fn compare(
        &self,
        once: &Once<S, T>,
        env: &Env,
        run: Run,
        mut answers: Vec<Result<T, E>>,
    ) -> Result<(), NotIdempotent> {
        let mut said: Vec<_> = answers.iter().map(text).collect();
        for failed in answers.iter_mut().filter(|answer| answer.is_err()) {
            *failed = (self.operation)(env).await;
            said.push(text(failed));
        }
        let state = (self.observe)(env).await;
        if state != once.state {
            let (expected, actual) = (text(&once.state), text(&state));
            return Err(NotIdempotent::StateDiffers { run, expected, actual, answers: said });
        }
        let Some(same) = self.same_answer else { return Ok(()) };
        let differs = |answer: &Result<T, E>| !answer.as_ref().is_ok_and(|answer| same(&once.answer, answer));
        match answers.into_iter().find(differs) {
            None => Ok(()),
            Some(answer) => {
                let expected = text(&Ok::<_, E>(&once.answer));
                Err(NotIdempotent::AnswerDiffers { run, expected, actual: text(&answer) })
            }
        }
    }
}

/// Whether the operation came to a place before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    Not,
}

//! The driver of a call in a transaction of the store's database.

use std::future::Future;
use std::sync::Arc;

use sqlx::{Database, Transaction};

use super::{Fate, Form};
use crate::engine::{ASK_AGAIN, Bare, Engine, Operation, Turn, TxBody, TxCall, TxEnding, TxOptions};
use crate::observe::{Outcome, Watch};
use crate::policy::OnError;
use crate::refused::Refused;

/// What a function returned from its transaction, and what its attribute says about that.
pub(crate) struct Returned<T> {
    pub(crate) output: T,
    /// The database undid something in favour of another transaction.
    pub(crate) conflict: bool,
    /// Whether `store_if` wants it stored.
    pub(crate) wanted: bool,
    /// Whether its effects are to be committed, where it is stored.
    pub(crate) commits: bool,
}

/// A call whose function may run in a transaction.
pub(crate) struct TxRun<F, Db: Database> {
    form: F,
    kind: Kind<Db>,
    on_error: OnError,
    /// Counts the call; `None` without a key.
    watch: Option<Watch>,
}

crate::debug::structure!([F, Db: Database] TxRun<F, Db>: on_error);

enum Kind<Db: Database> {
    Keyed(Box<TxCall<Db>>),
    /// There is no key, and none is needed.
    Bare(Bare<Db>),
}

impl<F: Form, Db: Database> TxRun<F, Db> {
    /// Looks for an answer that this process knows, or makes ready to run. `Err` is the answer.
    ///
    /// Cancel safe: nothing has begun.
    pub(crate) async fn enter(
        mut form: F,
        engine: &Arc<Engine>,
        operation: Operation,
        rules: TxOptions,
    ) -> Result<Self, F::Output> {
        let watch = Some(operation.watch.clone());
        match engine.enter_tx(operation, rules).await {
            Turn::Run(call) => {
                let on_error = call.on_error();
                Ok(Self { form, kind: Kind::Keyed(call), on_error, watch })
            }
            turn => Err(answer(&mut form, turn, false, watch).await),
        }
    }

    /// A call without a key; `Err` is its answer.
    pub(crate) fn bare(
        form: F,
        engine: &Arc<Engine>,
        on_error: OnError,
        rules: TxOptions,
    ) -> Result<Self, F::Output> {
        match engine.bare(rules) {
            Ok(bare) => Ok(Self { form, kind: Kind::Bare(bare), on_error, watch: None }),
            Err(refused) => Err(form.not_run(refused)),
        }
    }

    /// Runs `function` in a transaction, as often as the rules allow, and ends it as its output means.
    ///
    /// # Panics
    /// Where the function panics and the form says that the panic goes on; everything is then rolled back.
    ///
    /// # Cancel safety
    /// Dropped before the commit was sent, the database rolls everything back.
    pub(crate) async fn run(self, function: impl TxFunction<Db, F::Output>) -> F::Output {
        let Self { form, kind, on_error, watch } = self;
        let mut judged = Judged { form, on_error, function, ran: false };
        let mut call = match kind {
            Kind::Bare(bare) => {
                let answered = bare.run(&mut judged).await;
                return answered.unwrap_or_else(|refused| judged.form.refused(refused));
            }
            Kind::Keyed(call) => call,
        };
        let turn = loop {
            match call.run(&mut judged).await {
                Turn::Run(again) => call = again,
                turn => break turn,
            }
        };
        answer(&mut judged.form, turn, judged.ran, watch).await
    }
}

/// A function that is run in a transaction.
pub(crate) trait TxFunction<Db: Database, T> {
    /// Runs it; `None` if it may not run again.
    fn run(&mut self, tx: &mut Transaction<'_, Db>) -> impl Future<Output = Option<Returned<T>>>;
}

/// A function whose outputs are judged by its form.
struct Judged<F, B> {
    form: F,
    on_error: OnError,
    function: B,
    /// The function has begun: it may have panicked, or taken too long.
    ran: bool,
}

impl<Db: Database, F: Form, B: TxFunction<Db, F::Output>> TxBody<Db> for Judged<F, B> {
    type Answer = F::Output;

    async fn run(&mut self, tx: &mut Transaction<'_, Db>) -> (F::Output, TxEnding) {
        self.ran = true;
        match self.function.run(tx).await {
            Some(returned) => judge(&self.form, self.on_error, returned).await,
            None => (self.form.refused(conflict()), TxEnding::Release),
        }
    }
}

/// What the caller gets. `ran`: the body has begun.
async fn answer<F: Form, Db: Database>(
    form: &mut F,
    turn: Turn<F::Output, Db>,
    ran: bool,
    watch: Option<Watch>,
) -> F::Output {
    let refused = match turn {
        Turn::Answer(output) => return output,
        Turn::Replay(reply) => return form.replay(&reply),
        Turn::Panicked(payload) => {
            let panicked = form.panicked(Refused::HandlerPanicked, payload);
            return panicked.unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        }
        Turn::Refused(Refused::KeyReused) => match form.answer_of_former_version().await {
            Ok(reply) => return form.replay(&reply),
            Err(refused) => {
                if let Some(watch) = watch {
                    watch.ends(Outcome::Refused(refused.code()));
                }
                refused
            }
        },
        Turn::Refused(refused) => refused,
        Turn::Run(_) => conflict(),
    };
    if ran { form.refused(refused) } else { form.not_run(refused) }
}

/// What an output means. What is stored commits with its effects where that is wanted, and is kept alone otherwise.
async fn judge<F: Form>(form: &F, on_error: OnError, returned: Returned<F::Output>) -> (F::Output, TxEnding) {
    let Returned { output, conflict, wanted, commits } = returned;
    match form.fate(&output, on_error, wanted) {
        // What may have happened elsewhere must not happen again.
        Fate::Unknown => (output, TxEnding::Unknown),
        Fate::Store | Fate::Release if conflict => (output, TxEnding::Conflict),
        Fate::Release => (output, TxEnding::Release),
        Fate::Store => {
            let (output, reply) = form.write_down(output).await;
            (output, if commits { TxEnding::Commit(reply) } else { TxEnding::Keep(reply) })
        }
    }
}

const fn conflict() -> Refused {
    Refused::TransactionConflict { retry_after: ASK_AGAIN }
}

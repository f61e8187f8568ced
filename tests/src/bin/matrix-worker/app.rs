//! What the handlers of one process share.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use idem_core::Idem;
use idem_tests::matrix::{Call, Event, Mode};
use tokio::sync::watch;

use crate::args::Args;
use crate::history::History;
use crate::store::{self, Coupled};

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) idem: Idem,
    pub(crate) coupled: Coupled,
    history: History,
    begun: Arc<AtomicU64>,
    go: watch::Sender<bool>,
}

/// What a handler says in the end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Paid,
    Rejected,
    TryAgain,
    Doubt,
}

/// The header that names the caller.
pub(crate) const ACCOUNT: &str = "x-account";

impl App {
    pub(crate) async fn open(args: &Args) -> Result<Self, Box<dyn Error>> {
        let history = History::open(&args.history)?;
        let (idem, coupled) = store::open(args, &history).await?;
        Ok(Self { idem, coupled, history, begun: Arc::default(), go: watch::Sender::new(false) })
    }

    /// The body of a handler whose effect is outside. `effect` is what it does to the world.
    pub(crate) async fn act(&self, call: &Call, effect: impl FnOnce()) -> Outcome {
        self.begin(call);
        if matches!(call.mode, Mode::Pay | Mode::Held | Mode::Ambiguous | Mode::Panic) {
            effect();
        }
        self.end(call).await
    }

    /// The body of every handler begins with this.
    pub(crate) fn begin(&self, call: &Call) {
        self.history.record(&Event::Begun { call: call.call.clone() });
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// The body of every handler ends with this.
    pub(crate) async fn end(&self, call: &Call) -> Outcome {
        match call.mode {
            Mode::Pay => Outcome::Paid,
            Mode::Held => {
                // The sender lives as long as this app.
                drop(self.go.subscribe().wait_for(|go| *go).await);
                Outcome::Paid
            }
            Mode::Reject => Outcome::Rejected,
            Mode::Refuse => Outcome::TryAgain,
            Mode::Ambiguous | Mode::Doubtful => Outcome::Doubt,
            Mode::Panic => panic!("call {} panics, as it was asked to", call.call),
        }
    }

    /// An effect in a world that idem knows nothing of.
    pub(crate) fn foreign_effect(&self, call: &Call) {
        self.history.record(&Event::Effect { call: call.call.clone(), under: None });
    }

    /// A service that remembers keys is asked for its part.
    pub(crate) fn asks_a_service(&self, call: &Call) {
        let derived =
            idem_core::current().expect("a handler runs").derive("charge").expect("the first of its name");
        let under = Some(derived.as_str().to_owned());
        self.history.record(&Event::Effect { call: call.call.clone(), under });
    }

    pub(crate) fn record(&self, event: &Event) {
        self.history.record(event);
    }

    /// How many handlers have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    pub(crate) fn go(&self) {
        self.go.send_replace(true);
    }
}

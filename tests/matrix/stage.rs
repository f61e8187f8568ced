//! What the scenes of one history share: its store, its kind, its file, and names that no other history has.

use std::time::Duration;

use idem_testing::proxy::Proxy;
use idem_tests::matrix::{Call, Caller, Event, Mode, Order};

use crate::checker::Effects;
use crate::history::History;
use crate::kinds::Kind;
use crate::site::Site;
use crate::worker::{Gone, Start, Worker};

/// Long enough for a healthy process to renew it on a busy machine; nothing depends on that but how much is tried.
pub(crate) const LEASE: Duration = Duration::from_secs(1);
/// So long that it does not happen within a history.
const SELDOM: Duration = Duration::from_hours(1);
/// For a record that only the keeper moves on.
const OFTEN: Duration = Duration::from_millis(200);
/// Prints every point that is passed.
const TRACE: &str = "*=count";

/// The request that the histories are about, and another one under the same key.
pub(crate) const SAY: &str = "pay 7";
pub(crate) const SAY_ELSE: &str = "pay 9";

/// Whether a caller was gone before its answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Before,
    After,
}

const fn usual(store: &str) -> Start<'_> {
    Start { store, lease: LEASE, sweep: SELDOM, cache: false, verify: false, faults: "" }
}

#[derive(Debug)]
pub(crate) struct Stage<'s> {
    pub(crate) site: &'s Site,
    pub(crate) kind: &'static Kind,
    pub(crate) history: History,
    /// Between the victim and its database, in scenarios that break it.
    pub(crate) proxy: Option<Proxy>,
    number: usize,
    workers: usize,
    calls: usize,
}

impl<'s> Stage<'s> {
    pub(crate) fn new(site: &'s Site, kind: &'static Kind, number: usize) -> Self {
        let history = History::new(site.directory.path().join(format!("{number}.history")));
        Self { site, kind, history, proxy: None, number, workers: 0, calls: 0 }
    }

    /// The key that it is about.
    pub(crate) fn key(&self) -> String {
        format!("ada/k{}", self.number)
    }

    /// Another key of the same caller.
    pub(crate) fn other_key(&self) -> String {
        format!("ada/other{}", self.number)
    }

    /// The same key in another caller's hands.
    pub(crate) fn key_of_another(&self) -> String {
        format!("bob/k{}", self.number)
    }

    /// A worker to which nothing happens by itself. It asks the store each time.
    pub(crate) fn healthy(&mut self) -> Worker {
        let site = self.site;
        // A claim inside a transaction does not write down what became of an abandoned record: the sweep does.
        let sweep = if self.kind.effects == Effects::Coupled { OFTEN } else { SELDOM };
        self.start(Start { sweep, ..usual(&site.url) })
    }

    /// A worker that dies at this point.
    pub(crate) fn doomed(&mut self, point: &str) -> Worker {
        let site = self.site;
        self.start(Start { faults: &format!("{point}=kill"), ..usual(&site.url) })
    }

    /// The worker that the fault is for.
    pub(crate) fn victim(&mut self, faults: &str, sweep: Option<Duration>, verify: bool) -> Worker {
        let faults = if faults.is_empty() { TRACE.to_owned() } else { format!("{faults};{TRACE}") };
        let url =
            self.proxy.as_ref().map_or_else(|| self.site.url.clone(), |proxy| proxy.url(&self.site.url));
        let sweep = sweep.unwrap_or(SELDOM);
        self.start(Start { sweep, cache: true, verify, faults: &faults, ..usual(&url) })
    }

    fn start(&mut self, start: Start<'_>) -> Worker {
        self.workers += 1;
        Worker::start(format!("w{}", self.workers), &start, &self.history)
    }

    pub(crate) fn call(&mut self, key: &str, say: &str, mode: Mode, caller: Caller) -> Call {
        self.calls += 1;
        Call {
            call: format!("c{}", self.calls),
            kind: self.kind.name.to_owned(),
            key: key.to_owned(),
            say: say.to_owned(),
            mode,
            caller,
        }
    }

    /// Makes the request, and does not wait for the answer.
    pub(crate) fn ask(&mut self, worker: &mut Worker, mode: Mode) -> String {
        let call = self.call(&self.key(), SAY, mode, Caller::Waits);
        let name = call.call.clone();
        worker.tell(&Order::Call(call));
        name
    }

    /// Makes the request, and waits for the answer.
    pub(crate) fn asks(&mut self, worker: &mut Worker, mode: Mode) -> Result<(), Gone> {
        let call = self.ask(worker, mode);
        worker.answer(&call).map(drop)
    }

    /// Makes the request for a caller that does not wait, and waits until the worker passes `point`; or until there
    /// is an answer, for now and then that is faster than the caller.
    pub(crate) fn leaves(
        &mut self,
        worker: &mut Worker,
        mode: Mode,
        caller: Caller,
        point: &str,
    ) -> Result<Left, Gone> {
        let call = self.call(&self.key(), SAY, mode, caller);
        let name = call.call.clone();
        worker.tell(&Order::Call(call));
        worker.passes_unless_answered(point, &name)
    }

    pub(crate) fn gives_verdict(&self, worker: &mut Worker, key: &str, happened: bool) -> Result<(), Gone> {
        self.history.append(&Event::Verdict { key: key.to_owned(), happened });
        let (kind, key, say) = (self.kind.name.to_owned(), key.to_owned(), SAY.to_owned());
        worker.does(&Order::Settle { kind, key: key.clone(), say, happened })?;
        self.history.append(&Event::Given { key });
        Ok(())
    }

    /// The same as the verdict that nothing happened.
    pub(crate) fn retries(&self, worker: &mut Worker) -> Result<(), Gone> {
        let (kind, key) = (self.kind.name.to_owned(), self.key());
        self.history.append(&Event::Verdict { key: key.clone(), happened: false });
        worker.does(&Order::Retry { kind, key: key.clone() })?;
        self.history.append(&Event::Given { key });
        Ok(())
    }

    pub(crate) fn forgets(&self, worker: &mut Worker) -> Result<(), Gone> {
        let (kind, key) = (self.kind.name.to_owned(), self.key());
        self.history.append(&Event::Forgotten { key: key.clone() });
        worker.does(&Order::Forget { kind, key: key.clone() })?;
        self.history.append(&Event::Given { key });
        Ok(())
    }

    pub(crate) fn looks(&self, worker: &mut Worker, key: &str) -> Result<String, Gone> {
        self.history.append(&Event::Looking { key: key.to_owned() });
        let seen = worker.looks(self.kind.name, key)?;
        Ok(seen.map_or_else(|| "absent".to_owned(), |seen| seen.state))
    }
}

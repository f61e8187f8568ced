//! A worker process, from outside.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use idem_testing::faults::{Act, Mark, Process};
use idem_tests::matrix::{Caller, Event, Order, Said, Seen};

use crate::history::History;
use crate::stage::Left;

/// Far beyond what any machine needs: reaching it is a failure, not slowness.
const TOO_LONG: Duration = Duration::from_mins(1);

/// How to start a worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) store: &'a str,
    pub(crate) lease: Duration,
    pub(crate) sweep: Duration,
    pub(crate) cache: bool,
    pub(crate) verify: bool,
    /// Its `IDEM_FAULT`.
    pub(crate) faults: &'a str,
}

/// Why a worker does not answer any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    Dead,
    Stalled,
}

#[derive(Debug)]
enum Heard {
    Event(Event),
    /// The worker says that it reached a point, and what it does there.
    Point(Mark),
    Noise(String),
    /// One of its outputs is closed.
    Closed,
}

/// Killed when dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) name: String,
    process: Process,
    orders: ChildStdin,
    heard: Receiver<Heard>,
    history: History,
    gone: Option<Gone>,
    /// How many of its two outputs are closed.
    closed: usize,
    passed: BTreeSet<String>,
    begun: BTreeSet<String>,
    answers: BTreeMap<String, Said>,
    pending: BTreeSet<String>,
    looked: BTreeMap<String, Option<Seen>>,
    did: usize,
    noise: VecDeque<String>,
}

impl Worker {
    /// Comes back once it takes orders. At most a fault can keep it from that.
    pub(crate) fn start(name: String, start: &Start<'_>, history: &History) -> Self {
        history.append(&Event::Started { worker: name.clone(), faults: start.faults.to_owned() });
        let mut process = Process::spawn(&mut command(start, history.path())).expect("it starts");
        let orders = process.stdin().expect("piped");
        let (out, err) = (process.stdout().expect("piped"), process.stderr().expect("piped"));
        let (tell, heard) = channel();
        let (tell_too, written) = (tell.clone(), history.clone());
        std::thread::spawn(move || listen(BufReader::new(out), &tell, &written));
        std::thread::spawn(move || overhear(BufReader::new(err), &tell_too));
        let mut worker = Self {
            name,
            process,
            orders,
            heard,
            history: history.clone(),
            gone: None,
            closed: 0,
            passed: BTreeSet::new(),
            begun: BTreeSet::new(),
            answers: BTreeMap::new(),
            pending: BTreeSet::new(),
            looked: BTreeMap::new(),
            did: 0,
            noise: VecDeque::new(),
        };
        worker
            .wait("it is ready", |worker| (worker.did > 0).then_some(()))
            .expect("a store that can be opened");
        worker
    }

    /// Gives an order. A worker that cannot take it any more is found to be gone by who waits.
    pub(crate) fn tell(&mut self, order: &Order) {
        let line = serde_json::to_string(order).expect("an order is JSON") + "\n";
        if let Order::Call(call) = order {
            self.history.append(&Event::Invoked { worker: self.name.clone(), call: call.clone() });
            if call.caller == Caller::Waits {
                self.pending.insert(call.call.clone());
            }
        }
        drop(self.orders.write_all(line.as_bytes()));
    }

    /// Gives an order that is not a call, and waits until it is carried out.
    pub(crate) fn does(&mut self, order: &Order) -> Result<(), Gone> {
        let before = self.did;
        self.tell(order);
        self.wait("it obeys", |worker| (worker.did > before).then_some(()))
    }

    pub(crate) fn answer(&mut self, call: &str) -> Result<Said, Gone> {
        self.wait("the answer", |worker| worker.answers.get(call).cloned())
    }

    /// The answer, or what it is that keeps it back: the handler has begun, or the deadline has come.
    pub(crate) fn answer_or_begun(&mut self, call: &str, deadline: Instant) -> Result<Progress, Gone> {
        self.wait_until(deadline, |worker| {
            let begun = || worker.begun.contains(call).then_some(Progress::Begun);
            worker.answers.get(call).cloned().map(Progress::Answered).or_else(begun)
        })
        .map(|progress| progress.unwrap_or(Progress::Nothing))
    }

    /// Waits for the answers of all callers that wait; false if one does not come.
    pub(crate) fn answers_all(&mut self) -> Result<bool, Gone> {
        let all =
            |worker: &Self| worker.pending.iter().all(|call| worker.answers.contains_key(call)).then_some(());
        Ok(self.wait_until(Instant::now() + TOO_LONG, all)?.is_some())
    }

    pub(crate) fn begins(&mut self, call: &str) -> Result<(), Gone> {
        self.wait("the handler begins", |worker| worker.begun.contains(call).then_some(()))
    }

    pub(crate) fn passes(&mut self, point: &str) -> Result<(), Gone> {
        self.wait(point, |worker| worker.passed.contains(point).then_some(()))
    }

    pub(crate) fn passes_unless_answered(&mut self, point: &str, call: &str) -> Result<Left, Gone> {
        self.wait(point, |worker| {
            let answered = || worker.answers.contains_key(call).then_some(Left::After);
            worker.passed.contains(point).then_some(Left::Before).or_else(answered)
        })
    }

    /// Whether something befalls it soon.
    pub(crate) fn goes_within(&mut self, patience: Duration) -> Result<(), Gone> {
        self.wait_until::<()>(Instant::now() + patience, |_| None).map(drop)
    }

    pub(crate) fn looks(&mut self, kind: &str, key: &str) -> Result<Option<Seen>, Gone> {
        self.looked.remove(key);
        self.tell(&Order::Look { kind: kind.to_owned(), key: key.to_owned() });
        self.wait("it looks", |worker| worker.looked.get(key).cloned())
    }

    pub(crate) fn passed(&self) -> &BTreeSet<String> {
        &self.passed
    }

    /// Waits until everything that it passed so far is known here.
    pub(crate) fn marks(&mut self) -> Result<(), Gone> {
        self.tell(&Order::Mark);
        self.passes("worker.mark")
    }

    /// The end of what it wrote to standard error.
    pub(crate) fn noise(&self) -> String {
        self.noise.iter().flat_map(|line| ["\n    ", &*self.name, ": ", line]).collect()
    }

    pub(crate) fn freeze(&mut self) {
        self.process.stop().expect("the process is there");
        self.is_still();
    }

    pub(crate) fn wake(&mut self) {
        self.history.append(&Event::Woken { worker: self.name.clone() });
        self.gone = None;
        self.process.wake().expect("the process is there");
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("the process is there");
        while self.gone != Some(Gone::Dead) {
            self.hear(Instant::now() + TOO_LONG);
        }
    }

    fn is_still(&mut self) {
        self.history.append(&Event::Stalled { worker: self.name.clone() });
        self.gone = Some(Gone::Stalled);
    }

    fn wait<T>(&mut self, what: &str, want: impl Fn(&Self) -> Option<T>) -> Result<T, Gone> {
        match self.wait_until(Instant::now() + TOO_LONG, want)? {
            Some(found) => Ok(found),
            None => panic!("{} never did: {what}{}", self.name, self.noise()),
        }
    }

    fn wait_until<T>(&mut self, at: Instant, want: impl Fn(&Self) -> Option<T>) -> Result<Option<T>, Gone> {
        loop {
            if let Some(found) = want(self) {
                return Ok(Some(found));
            }
            if let Some(gone) = self.gone {
                return Err(gone);
            }
            if Instant::now() >= at {
                return Ok(None);
            }
            self.hear(at);
        }
    }

    fn hear(&mut self, deadline: Instant) {
        let patience = deadline.saturating_duration_since(Instant::now());
        match self.heard.recv_timeout(patience) {
            Ok(Heard::Event(Event::Begun { call })) => drop(self.begun.insert(call)),
            Ok(Heard::Event(Event::Answered { call, said })) => drop(self.answers.insert(call, said)),
            Ok(Heard::Event(Event::Record { key, seen })) => drop(self.looked.insert(key, seen)),
            Ok(Heard::Event(Event::Did)) => self.did += 1,
            Ok(Heard::Event(_)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Heard::Point(mark)) => {
                self.passed.insert(mark.point);
                if mark.act == Act::Freeze {
                    // A worker that was killed meanwhile is found dead by its outputs.
                    self.process.until_still().expect("a child");
                    self.is_still();
                }
            }
            Ok(Heard::Noise(line)) => {
                self.noise.push_back(line);
                self.noise.drain(..self.noise.len().saturating_sub(20));
            }
            Ok(Heard::Closed) => {
                self.closed += 1;
                // Only when both outputs are closed: what the worker said before it died is read first.
                if self.closed == 2 {
                    drop(self.process.wait());
                    self.history.append(&Event::Died { worker: self.name.clone() });
                    self.gone = Some(Gone::Dead);
                }
            }
            Err(RecvTimeoutError::Disconnected) => self.gone = Some(Gone::Dead),
        }
    }
}

/// How far a call is.
#[derive(Debug)]
pub(crate) enum Progress {
    Answered(Said),
    Begun,
    Nothing,
}

fn command(start: &Start<'_>, history: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_matrix-worker"));
    command
        .args(["--store", start.store])
        .args(["--lease", &start.lease.as_millis().to_string()])
        .args(["--sweep", &start.sweep.as_millis().to_string()])
        .args(["--cache", if start.cache { "1000000" } else { "0" }])
        .args(start.verify.then_some("--verify"))
        .arg("--history")
        .arg(history)
        .env("IDEM_FAULT", start.faults)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Writes down what the worker does not write down itself, in the order in which it is told.
fn listen(from: impl BufRead, tell: &Sender<Heard>, history: &History) {
    for line in from.lines().map_while(Result::ok) {
        let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
        if matches!(event, Event::Answered { .. } | Event::Record { .. }) {
            history.append(&event);
        }
        // Once the worker is dropped, the channel is closed.
        drop(tell.send(Heard::Event(event)));
    }
    drop(tell.send(Heard::Closed));
}

fn overhear(from: impl BufRead, tell: &Sender<Heard>) {
    for line in from.lines().map_while(Result::ok) {
        let heard = Mark::read(&line).map_or(Heard::Noise(line), Heard::Point);
        drop(tell.send(heard));
    }
    drop(tell.send(Heard::Closed));
}

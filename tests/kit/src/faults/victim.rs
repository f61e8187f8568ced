//! A process under a fault.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::{Act, Mark, NotStruck, Outcome, Process, Strike};

/// Far beyond what any machine needs: reaching it is a failure, not slowness.
const TOO_LONG: Duration = Duration::from_mins(1);

/// How many lines of standard error are kept, and how many characters of each.
const KEPT: usize = 20;
const KEPT_OF_A_LINE: usize = 1000;

/// Between two looks at the process, which has no event for its end.
const LOOK: Duration = Duration::from_millis(20);

/// How long a process that has ended may still be heard: what it wrote is on its way through the pipe.
const ECHO: Duration = Duration::from_secs(1);

/// A process that a fault is for. Killed when dropped.
pub struct Victim {
    process: Process,
    strike: Strike,
    heard: Receiver<Heard>,
    limit: Duration,
    said: VecDeque<String>,
    /// Its standard error is closed, or was heard long enough after its end.
    silent: bool,
    known: Option<Outcome>,
}

/// Without what the process has said, which may be anything.
impl fmt::Debug for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Victim")
            .field("process", &self.process)
            .field("strike", &self.strike)
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

enum Heard {
    Mark(Mark),
    Line(String),
}

impl Victim {
    /// Starts `command` with `strike` in its `IDEM_FAULT`, in place of what is there. Its standard error is read here;
    /// its standard input and output are as `command` says.
    ///
    /// Afterwards `command` starts further processes without the fault, and with an inherited standard error.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &mut Command, strike: &Strike) -> io::Result<Self> {
        let before = fault_of(command);
        command.env(VARIABLE, strike.to_string()).stderr(Stdio::piped());
        let process = Process::spawn(command);
        match before {
            Some(before) => command.env(VARIABLE, before),
            None => command.env_remove(VARIABLE),
        };
        command.stderr(Stdio::inherit());
        let mut process = process?;
        let (tell, heard) = channel();
        if let Some(stderr) = process.stderr() {
            std::thread::Builder::new()
                .name("standard error of a victim".into())
                .spawn(move || listen(stderr, &tell))?;
        }
        let said = VecDeque::new();
        Ok(Self { process, strike: strike.clone(), heard, limit: TOO_LONG, said, silent: false, known: None })
    }

    /// Waits no longer than `limit` for the fault to strike. Default: one minute.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The process, to be woken or killed, or for its standard input and output.
    pub const fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Waits until the fault has struck and its effect is there: the process is gone, stands still, or has a thread that
    /// panics. Or until the process has ended without it. Asked again, it says the same.
    ///
    /// # Errors
    /// [`NotStruck`]: the process runs on and the fault does not strike, or it cannot be watched.
    pub fn outcome(&mut self) -> Result<Outcome, NotStruck> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let begun = Instant::now();
        let mark = self.mark(begun)?;
        let outcome = loop {
            if let Some(outcome) = self.effect(mark.as_ref())? {
                break outcome;
            }
            if begun.elapsed() >= self.limit {
                return Err(self.too_long());
            }
            std::thread::sleep(LOOK);
        };
        self.known = Some(outcome.clone());
        Ok(outcome)
    }

    /// The mark of the fault; `None` once the process will say no more.
    fn mark(&mut self, begun: Instant) -> Result<Option<Mark>, NotStruck> {
        let mut ended: Option<Instant> = None;
        while !self.silent {
            match self.heard.recv_timeout(LOOK) {
                Ok(Heard::Mark(mark))
                    if mark.act == self.strike.act() && mark.point == self.strike.point() =>
                {
                    return Ok(Some(mark));
                }
                Ok(Heard::Mark(_)) => {}
                Ok(Heard::Line(line)) => self.keep(&line),
                Err(RecvTimeoutError::Disconnected) => self.silent = true,
                Err(RecvTimeoutError::Timeout) => {
                    if ended.is_none() && self.process.ended()?.is_some() {
                        ended = Some(Instant::now());
                    }
                    // A process that it has started may keep the standard error open.
                    self.silent = ended.is_some_and(|ended| ended.elapsed() >= ECHO);
                }
            }
            if ended.is_none() && begun.elapsed() >= self.limit {
                return Err(self.too_long());
            }
        }
        Ok(None)
    }

    /// What is to be seen after `mark`, if it is there already.
    fn effect(&mut self, mark: Option<&Mark>) -> Result<Option<Outcome>, NotStruck> {
        if let Some(mark) = mark {
            match mark.act {
                Act::Freeze if self.process.is_still()? => return Ok(Some(Outcome::Frozen(mark.clone()))),
                Act::Kill | Act::Freeze => {}
                _ => return Ok(Some(Outcome::Panicked(mark.clone()))),
            }
        }
        Ok(self.process.ended()?.map(|status| match mark {
            // A line that only looks like a mark kills no process.
            Some(mark) if mark.act == Act::Kill && status.signal() == Some(KILL) => {
                Outcome::Killed(mark.clone())
            }
            _ => Outcome::Ended(status),
        }))
    }

    fn too_long(&self) -> NotStruck {
        NotStruck::TooLong { strike: self.strike.to_string(), limit: self.limit, said: self.said() }
    }

    /// The last lines of its standard error that were read so far, without marks: at most 20, and 1,000 characters of each.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.iter().flat_map(|line| [&**line, "\n"]).collect()
    }

    fn keep(&mut self, line: &str) {
        self.said.push_back(line.chars().take(KEPT_OF_A_LINE).collect());
        self.said.drain(..self.said.len().saturating_sub(KEPT));
    }
}

const VARIABLE: &str = "IDEM_FAULT";

const KILL: i32 = rustix::process::Signal::KILL.as_raw();

/// What `command` itself says of the variable.
fn fault_of(command: &Command) -> Option<std::ffi::OsString> {
    let (_, value) = command.get_envs().find(|(name, _)| *name == VARIABLE)?;
    value.map(ToOwned::to_owned)
}

/// Until the process closes its standard error: the channel closes with it.
fn listen(stderr: ChildStderr, tell: &Sender<Heard>) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    // By bytes: a line that is not UTF-8 does not end the reading.
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        let heard = Mark::read(&text).map_or(Heard::Line(text), Heard::Mark);
        // Without the victim there is no reader; the pipe is emptied all the same, so that the process does not stop.
        drop(tell.send(heard));
    }
}

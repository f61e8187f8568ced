//! A process under a fault.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::{Act, Mark, NotStruck, Outcome, Process, Strike};

/// Far beyond what any machine needs: reaching it is a failure, not slowness.
const TOO_LONG: Duration = Duration::from_mins(1);

/// How many lines of standard error are kept.
const KEPT: usize = 20;

/// A process that a fault is for. Killed when dropped.
#[derive(Debug)]
pub struct Victim {
    process: Process,
    strike: Strike,
    heard: Receiver<Heard>,
    limit: Duration,
    said: VecDeque<String>,
    closed: bool,
}

#[derive(Debug)]
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
        Ok(Self { process, strike: strike.clone(), heard, limit: TOO_LONG, said, closed: false })
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
    /// panics. Or until the process has ended without it.
    ///
    /// # Errors
    /// [`NotStruck`]: the process runs on and the fault does not strike, or it cannot be watched.
    pub fn outcome(&mut self) -> Result<Outcome, NotStruck> {
        let deadline = Instant::now() + self.limit;
        while !self.closed {
            match self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Heard::Mark(mark))
                    if mark.act == self.strike.act() && mark.point == self.strike.point() =>
                {
                    return self.struck(mark);
                }
                Ok(Heard::Mark(_)) => {}
                Ok(Heard::Line(line)) => self.keep(line),
                Err(RecvTimeoutError::Timeout) => {
                    let (strike, limit) = (self.strike.to_string(), self.limit);
                    return Err(NotStruck::TooLong { strike, limit, said: self.said() });
                }
                Err(RecvTimeoutError::Disconnected) => self.closed = true,
            }
        }
        // Its standard error is closed, so it is about to be gone.
        Ok(Outcome::Ended(self.process.wait()?))
    }

    fn struck(&mut self, mark: Mark) -> Result<Outcome, NotStruck> {
        Ok(match mark.act {
            Act::Kill => {
                self.process.wait()?;
                Outcome::Killed(mark)
            }
            Act::Freeze if self.process.until_still()? => Outcome::Frozen(mark),
            Act::Freeze => Outcome::Ended(self.process.wait()?),
            _ => Outcome::Panicked(mark),
        })
    }

    /// The last lines of its standard error that were read so far, at most 20, without marks.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.iter().flat_map(|line| [&**line, "\n"]).collect()
    }

    fn keep(&mut self, line: String) {
        self.said.push_back(line);
        self.said.drain(..self.said.len().saturating_sub(KEPT));
    }
}

const VARIABLE: &str = "IDEM_FAULT";

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

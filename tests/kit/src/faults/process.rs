//! A child process that a test kills, stops and wakes.

use std::io;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// A child process. Dropped, it is killed, and waited for until it is gone.
///
/// ```
/// use std::process::Command;
///
/// use idem_testing::faults::Process;
///
/// let mut process = Process::spawn(Command::new("sleep").arg("60")).unwrap();
/// process.stop().unwrap();
/// process.wake().unwrap();
/// assert!(!process.kill().unwrap().success());
/// ```
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its standard input, once, if the command has `stdin(Stdio::piped())`.
    pub const fn stdin(&mut self) -> Option<ChildStdin> {
        self.0.stdin.take()
    }

    /// Its standard output, once, if the command has `stdout(Stdio::piped())`.
    pub const fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// Its standard error, once, if the command has `stderr(Stdio::piped())`. A [`Victim`](super::Victim) reads it itself.
    pub const fn stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    /// Kills it with SIGKILL, also while it stands still, and waits until it is gone.
    ///
    /// # Errors
    /// The system does not let it be killed or waited for. A process that has ended already is no error.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.0.kill()?;
        self.wait()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// The system does not let it be waited for.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }

    /// How it ended; `None` while it runs, or stands still.
    ///
    /// # Errors
    /// The system says nothing about it.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Stops it with SIGSTOP, and waits until all its threads stand still.
    ///
    /// # Errors
    /// It has ended.
    pub fn stop(&mut self) -> io::Result<()> {
        self.signal(Signal::STOP)?;
        if self.until_still()? { Ok(()) } else { Err(has_ended()) }
    }

    /// Lets it go on with SIGCONT.
    ///
    /// # Errors
    /// It has ended.
    pub fn wake(&mut self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Waits until it stands still, by a signal of its own or of another process. False if it has ended instead.
    ///
    /// # Errors
    /// The system does not let it be waited for.
    pub fn until_still(&mut self) -> io::Result<bool> {
        if self.0.try_wait()?.is_some() {
            return Ok(false);
        }
        self.seen_still(WaitIdOptions::EXITED)
    }

    /// Whether it stands still now.
    ///
    /// # Errors
    /// The system says nothing about it.
    pub fn is_still(&mut self) -> io::Result<bool> {
        if self.0.try_wait()?.is_some() {
            return Ok(false);
        }
        self.seen_still(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
    }

    fn seen_still(&self, options: WaitIdOptions) -> io::Result<bool> {
        // NOWAIT: what is seen here is left for `wait`.
        let options = options | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        let seen = waitid(WaitId::Pid(self.pid()?), options)?;
        Ok(seen.is_some_and(|status| status.stopped()))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // A process that was waited for has lost its id, and another one may have got it.
        if self.0.try_wait()?.is_some() {
            return Err(has_ended());
        }
        Ok(kill_process(self.pid()?, signal)?)
    }

    fn pid(&self) -> io::Result<Pid> {
        i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).ok_or_else(has_ended)
    }
}

fn has_ended() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the process has ended")
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.kill());
    }
}

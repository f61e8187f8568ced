//! The supervisor, from the side of the test: tell it what to run, hear what became of it.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{Account, tree};
use crate::servers::{Cause, Failure};

const SCRIPT: &str = include_str!("supervisor.sh");

/// How long a server may take to end, to stand still, to prepare its data.
const LIMIT: Duration = Duration::from_mins(1);

/// Lines of the log in a failure.
const TAIL: usize = 40;

/// What the supervisor has to know of a server.
#[derive(Debug)]
pub(crate) struct Spec {
    /// For people.
    pub(crate) name: &'static str,
    /// For the directory.
    pub(crate) short: &'static str,
    pub(crate) account: Account,
    /// What ends the server and its children at once.
    pub(crate) end: &'static str,
    /// A shell command for after the end, in the server's directory.
    pub(crate) epilogue: &'static str,
}

/// A supervisor and what it runs. Dropped, it ends the server and removes the directory; killed with the whole
/// process, it does so too.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    directory: PathBuf,
    supervisor: Child,
    commands: Mutex<Option<ChildStdin>>,
    events: Arc<Events>,
}

#[derive(Debug, Default)]
struct Events {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Starting,
    Running(i32),
    Ended(i32),
    /// The supervisor itself is gone.
    Lost,
}

impl Process {
    pub(crate) fn supervise(spec: &Spec) -> Result<Self, Failure> {
        Self::spawn(spec).map_err(|error| Failure {
            server: spec.name,
            cause: error.into(),
            log: String::new(),
        })
    }

    fn spawn(spec: &Spec) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "idem-testing"]);
        command.arg(env::temp_dir()).args([spec.short, spec.end, spec.epilogue]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, so that what ends the test at a terminal does not end the one who cleans up after it.
        command.process_group(0).current_dir("/").env("LC_ALL", "C");
        if let Account::Other { user, group } = spec.account {
            command.uid(user).gid(group);
        }
        let mut supervisor = command.spawn()?;
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let commands = supervisor.stdin.take();
        let mut answers = BufReader::new(supervisor.stdout.take().ok_or_else(gone)?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let directory = line.trim_end().strip_prefix("dir ").map(PathBuf::from);
        let directory = directory.ok_or_else(|| io::Error::other("it could not make a directory"))?;
        let events = Arc::new(Events::default());
        let heard = Arc::clone(&events);
        thread::Builder::new().name(format!("{} events", spec.short)).spawn(move || heard.listen(answers))?;
        Ok(Self { name: spec.name, directory, supervisor, commands: Mutex::new(commands), events })
    }

    /// What the server and its data lie in, and every command runs in.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the server and its preparations said.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// The process id of the server, while it runs.
    pub(crate) fn pid(&self) -> Option<i32> {
        match *self.events.state() {
            State::Running(pid) => Some(pid),
            _ => None,
        }
    }

    /// The exit code of the server, once it has ended.
    pub(crate) fn code(&self) -> Option<i32> {
        match *self.events.state() {
            State::Ended(code) => Some(code),
            State::Lost => Some(-1),
            _ => None,
        }
    }

    /// Runs `command` to its end, which must be a good one.
    pub(crate) fn prepare(&self, command: &[String]) -> Result<(), Failure> {
        self.launch(command)?;
        match self.ended() {
            Some(0) => Ok(()),
            Some(code) => Err(self.failure(self.end_of(command, code))),
            None => Err(self.failure(Cause::Unmoved("end"))),
        }
    }

    /// Starts `command`.
    pub(crate) fn launch(&self, command: &[String]) -> Result<(), Failure> {
        {
            let mut state = self.events.state();
            if matches!(*state, State::Starting | State::Running(_)) {
                drop(state);
                return Err(self.failure(Cause::RunsAlready));
            }
            *state = State::Starting;
        }
        let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
        self.tell(&format!("exec {}\n", words.join(" "))).map_err(|error| self.failure(error))?;
        self.events.until(LIMIT, |state| state != State::Starting);
        Ok(())
    }

    fn tell(&self, line: &str) -> io::Result<()> {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(line.as_bytes())
    }

    /// Tells the server, and not its children, to end; waits until it has.
    pub(crate) fn end(&self, signal: Signal) -> Result<(), Failure> {
        let pid = self.running()?;
        tree::thaw(pid);
        if let Some(pid) = Pid::from_raw(pid) {
            kill_process(pid, signal).map_err(|error| self.failure(io::Error::from(error)))?;
        }
        self.ended().map(drop).ok_or_else(|| self.failure(Cause::Unmoved("end")))
    }

    /// Kills the server and its children; waits until they are gone.
    pub(crate) fn kill(&self) -> Result<(), Failure> {
        let gone = tree::kill(self.running()?, LIMIT) && self.ended().is_some();
        if gone { Ok(()) } else { Err(self.failure(Cause::Unmoved("die"))) }
    }

    /// Stops the server and its children where they are; waits until they stand still.
    pub(crate) fn freeze(&self) -> Result<(), Failure> {
        let still = tree::freeze(self.running()?, LIMIT);
        if still { Ok(()) } else { Err(self.failure(Cause::Unmoved("stand still"))) }
    }

    /// Lets them run on.
    pub(crate) fn thaw(&self) -> Result<(), Failure> {
        tree::thaw(self.running()?);
        Ok(())
    }

    fn running(&self) -> Result<i32, Failure> {
        self.pid().ok_or_else(|| self.failure(Cause::NotRunning))
    }

    fn ended(&self) -> Option<i32> {
        self.events.until(LIMIT, |state| matches!(state, State::Ended(_) | State::Lost));
        self.code()
    }

    /// That `command` ended.
    #[allow(clippy::unused_self, reason = "reads as what it is where it is used")]
    pub(crate) fn end_of(&self, command: &[String], code: i32) -> Cause {
        Cause::Ended { command: command.first().cloned().unwrap_or_default(), code }
    }

    /// A failure of this server, with the end of its log.
    pub(crate) fn failure(&self, cause: impl Into<Cause>) -> Failure {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n");
        Failure { server: self.name, cause: cause.into(), log: tail }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            tree::thaw(pid);
        }
        // The end of its commands is the supervisor's sign to clean up.
        drop(self.commands.lock().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.supervisor.wait());
    }
}

impl Events {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, answers: BufReader<ChildStdout>) {
        for line in answers.lines().map_while(Result::ok) {
            let state = match line.split_once(' ').map(|(word, number)| (word, number.parse())) {
                Some(("started", Ok(pid))) => State::Running(pid),
                Some(("ended", Ok(code))) => State::Ended(code),
                _ => continue,
            };
            self.set(state);
        }
        self.set(State::Lost);
    }

    fn set(&self, state: State) {
        *self.state() = state;
        self.changed.notify_all();
    }

    fn until(&self, limit: Duration, holds: impl Fn(State) -> bool) {
        drop(self.changed.wait_timeout_while(self.state(), limit, |state| !holds(*state)));
    }
}

/// One word of a shell's command line.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

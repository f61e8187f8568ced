//! A conformance target in a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Pending, Reply, Request, request, until};

/// Killed when dropped.
#[derive(Debug)]
pub(crate) struct Target {
    process: Child,
    address: SocketAddr,
}

/// Of this version.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_conformance-target"))
}

fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Variables of a target's environment.
type Environment<'a> = [(&'a str, &'a Path)];

/// What a target leaves behind that cannot start: its exit code and what it says.
pub(crate) fn refuses_to_start(arguments: &[&str]) -> (i32, String) {
    refuses_to_start_with(arguments, &[])
}

pub(crate) fn refuses_to_start_with(arguments: &[&str], environment: &Environment<'_>) -> (i32, String) {
    let mut command = command(program(), arguments);
    command.envs(environment.iter().copied());
    let Output { status, stdout, stderr } = command.output().expect("the target can be run");
    assert!(stdout.is_empty(), "it says that it listens");
    let said = String::from_utf8(stderr).expect("text");
    assert!(!said.contains("panicked"), "{said}");
    (status.code().expect("it exits by itself"), said)
}

impl Target {
    /// Comes back once it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    pub(crate) fn start_with(arguments: &[&str], environment: &Environment<'_>) -> Self {
        Self::start_program(program(), arguments, environment)
    }

    /// Of another version.
    pub(crate) fn start_program(program: &Path, arguments: &[&str], environment: &Environment<'_>) -> Self {
        let mut command = command(program, arguments);
        command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("it starts");
        let mut said = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut said).expect("a line");
        let address = said.strip_prefix("listening on http://").and_then(|rest| rest.trim_end().parse().ok());
        Self { process, address: address.unwrap_or_else(|| panic!("it said {said:?} to {arguments:?}")) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn send(&self, request: &Request) -> Reply {
        request.send(self.address)
    }

    /// Sends a request that runs, and comes back once its handler has begun.
    pub(crate) fn begin(&self, request: &Request) -> Pending {
        let before = self.total();
        let pending = request.begin(self.address);
        until("a handler begins", || (self.total() > before).then_some(()));
        pending
    }

    pub(crate) fn effects(&self) -> Value {
        self.send(&request("GET", "/effects")).json()
    }

    /// How many handlers have run.
    pub(crate) fn total(&self) -> u64 {
        self.effects()["total"].as_u64().expect("a count")
    }

    /// How often ada's key has run.
    pub(crate) fn runs(&self, key: &str) -> u64 {
        self.effects()["by_key"][format!("ada {key}")].as_u64().unwrap_or(0)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("the process is there");
    }

    /// Kills it, and leaves its address standing.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Ends it as a crash would.
    pub(crate) fn crash(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }

    /// Waits for it to end by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.process.wait().expect("it ends")
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

//! However the test process ends, nothing of its servers stays.

use std::{
    env,
    io::{self, BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, test_kill_process};

use crate::support::{all, eventually};

/// Set for the process that starts servers and ends without clearing up: how.
const HOW: &str = "IDEM_SERVERS_TEST_END";

#[test]
fn nothing_stays_of_a_killed_process() {
    let (mut child, servers) = start("wait");
    child.kill().unwrap();
    child.wait().unwrap();
    gone(servers);
}

#[test]
fn nothing_stays_of_a_process_that_leaves_without_drops() {
    let (mut child, servers) = start("exit");
    child.wait().unwrap();
    gone(servers);
}

#[test]
fn nothing_stays_of_frozen_servers() {
    let (mut child, servers) = start("freeze");
    child.kill().unwrap();
    child.wait().unwrap();
    gone(servers);
}

/// Not a test of its own, but what the others run in another process.
#[test]
fn child() {
    let Ok(how) = env::var(HOW) else { return };
    let servers = all();
    for server in &servers {
        let server = (**server).as_ref();
        if how == "freeze" {
            server.freeze().unwrap();
        }
        println!("\nSERVER {} {}", server.pid().unwrap(), server.directory().display());
    }
    println!("\nALL");
    match &*how {
        "exit" => std::process::exit(0),
        // For ever: the other end is held by the parent, which kills this process.
        _ => drop(io::stdin().read_line(&mut String::new())),
    }
}

fn start(how: &str) -> (Child, Vec<(i32, PathBuf)>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "servers::leftovers::child", "--nocapture"]).env(HOW, how);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let server = |line: String| {
        let (pid, directory) = line.strip_prefix("SERVER ")?.split_once(' ')?;
        Some((pid.parse().unwrap(), PathBuf::from(directory)))
    };
    let mut begun = Vec::new();
    loop {
        match lines.next().expect("the child says what it starts") {
            line if line == "ALL" => return (child, begun),
            line => begun.extend(server(line)),
        }
    }
}

fn gone(servers: Vec<(i32, PathBuf)>) {
    for (pid, directory) in servers {
        eventually("the directory is removed", || !directory.exists());
        eventually("the server is gone", || test_kill_process(Pid::from_raw(pid).unwrap()).is_err());
    }
}

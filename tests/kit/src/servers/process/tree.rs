//! A process and everything it forked: to signal them all, and to see that they obeyed.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// What the system shows of a process.
#[derive(Debug, Clone, Copy)]
struct Entry {
    pid: i32,
    parent: i32,
    state: char,
}

impl Entry {
    /// The process runs no more, whether or not its parent has asked for its exit code.
    fn is_dead(self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    fn stands_still(self) -> bool {
        self.is_dead() || matches!(self.state, 'T' | 't')
    }

    fn signal(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            // It may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Stops `root` and its descendants. False if one still moves after `limit`.
pub(super) fn freeze(root: i32, limit: Duration) -> bool {
    // Until all stand still at once: one that has not yet stopped may fork.
    until(limit, || {
        let moving = of(root).into_iter().filter(|entry| !entry.stands_still());
        moving.map(|entry| entry.signal(Signal::STOP)).count() == 0
    })
}

/// Lets `root` and its descendants run on.
pub(super) fn thaw(root: i32) {
    for entry in of(root) {
        entry.signal(Signal::CONT);
    }
}

/// Kills `root` and its descendants. False if one still lives after `limit`.
pub(super) fn kill(root: i32, limit: Duration) -> bool {
    // The descendants of a dead process lose their parent, so they are found before.
    if !freeze(root, limit) {
        return false;
    }
    let all = of(root);
    for entry in &all {
        entry.signal(Signal::KILL);
    }
    until(limit, || {
        let alive = table().into_iter().filter(|entry| !entry.is_dead());
        !alive.into_iter().any(|entry| all.iter().any(|killed| killed.pid == entry.pid))
    })
}

/// `root` and its descendants, as far as they live.
fn of(root: i32) -> Vec<Entry> {
    let table = table();
    let mut tree: Vec<Entry> = table.iter().copied().filter(|entry| entry.pid == root).collect();
    let mut next = 0;
    while let Some(parent) = tree.get(next).map(|entry| entry.pid) {
        tree.extend(table.iter().filter(|entry| entry.parent == parent));
        next += 1;
    }
    tree
}

/// Every process of the system.
fn table() -> Vec<Entry> {
    match fs::read_dir("/proc/self").and_then(|_| fs::read_dir("/proc")) {
        Ok(entries) => {
            let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
            entries.flatten().filter_map(stat).filter_map(|stat| from_stat(&stat)).collect()
        }
        Err(_) => from_ps().unwrap_or_default(),
    }
}

/// `pid (name) state parent …`, where the name may hold anything.
fn from_stat(stat: &str) -> Option<Entry> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    Some(Entry { pid: pid.parse().ok()?, parent: fields.next()?.parse().ok()?, state })
}

/// Where there is no `/proc`.
fn from_ps() -> Option<Vec<Entry>> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,state="]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let entry = |line: &str| {
        let mut fields = line.split_whitespace();
        Some(Entry {
            pid: fields.next()?.parse().ok()?,
            parent: fields.next()?.parse().ok()?,
            state: fields.next()?.chars().next()?,
        })
    };
    Some(text.lines().filter_map(entry).collect())
}

fn until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

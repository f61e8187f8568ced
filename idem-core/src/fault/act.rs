//! What a point does.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

/// What an armed point does.
#[derive(Clone)]
#[non_exhaustive]
pub enum Fault {
    /// The process dies at once, by SIGKILL: no destructor runs, nothing is flushed. Where there are no signals it
    /// aborts.
    Kill,
    /// The process stands still, all its threads, by SIGSTOP to itself; it goes on with SIGCONT. Where there are no
    /// signals it aborts.
    Freeze,
    /// The thread panics here.
    Panic,
    /// The function is called at the point. It may arm and reach points itself.
    Call(Arc<dyn Fn() + Send + Sync>),
    /// Nothing but counting: see [`Guard::reached`](super::Guard::reached).
    Count,
}

impl Fault {
    /// A [`Fault::Call`].
    pub fn call(act: impl Fn() + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(act))
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Panic => "panic",
            Self::Call(_) => "call",
            Self::Count => "count",
        }
    }

    /// Says so, and does it.
    pub(super) fn act(&self, point: &str, reached: u64) {
        // One write, so that lines of several threads do not mix; without standard error it acts all the same.
        let line = format!("idem fault: {point}: {} at reaching {reached}\n", self.name());
        drop(std::io::stderr().write_all(line.as_bytes()));
        match self {
            Self::Kill => die(),
            Self::Freeze => stand_still(),
            #[expect(clippy::panic, reason = "it was asked for")]
            Self::Panic => panic!("the fault point {point} was armed to panic"),
            Self::Call(call) => call(),
            Self::Count => {}
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(unix)]
fn die() -> ! {
    use rustix::process::{Signal, getpid, kill_process};

    // Should the signal not come, this ends it as well.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}

#[cfg(not(unix))]
fn die() -> ! {
    std::process::abort()
}

#[cfg(unix)]
fn stand_still() {
    use rustix::process::{Signal, getpid, kill_process};

    if kill_process(getpid(), Signal::STOP).is_err() {
        std::process::abort();
    }
    // Another thread may be the one that takes the signal. This one must not get on until all stand still.
    std::thread::sleep(std::time::Duration::from_millis(50));
}

#[cfg(not(unix))]
fn stand_still() {
    std::process::abort()
}

//! What a call did, as words in their order. A test and all that it spawns are on one thread, whose trace this is: a
//! value that is dropped on another is missing in it.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use idem_core::Refused;
use tokio::sync::Notify;

thread_local! {
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static MADE: Cell<u8> = const { Cell::new(0) };
    static ALIVE: Cell<usize> = const { Cell::new(0) };
    static SIGNALS: RefCell<Signals> = RefCell::default();
}

/// What a test and the body that it watches wait for.
#[derive(Clone, Default)]
struct Signals {
    /// The body stands at its gate.
    waits: Arc<Notify>,
    /// It may go on.
    open: Arc<Notify>,
    /// A value was dropped.
    dropped: Arc<Notify>,
}

fn signals() -> Signals {
    SIGNALS.with_borrow(Clone::clone)
}

/// Begins a trace.
pub fn begin() {
    EVENTS.take();
    MADE.set(0);
    assert_eq!(ALIVE.get(), 0, "a value of the call before is alive");
    SIGNALS.take();
}

/// The trace so far.
pub fn events() -> String {
    EVENTS.with_borrow(|events| events.join(" "))
}

pub fn note(event: impl Into<String>) {
    EVENTS.with_borrow_mut(|events| events.push(event.into()));
}

/// Waits within a body for [`open`].
pub async fn gate() {
    note("waits");
    let Signals { waits, open, .. } = signals();
    waits.notify_one();
    open.notified().await;
    note("on");
}

/// Waits for a body that stands at its [`gate`].
pub async fn at_gate() {
    signals().waits.notified().await;
}

pub fn open() {
    signals().open.notify_one();
}

/// Waits until no value is alive.
pub async fn all_dropped() {
    let dropped = signals().dropped;
    while ALIVE.get() > 0 {
        dropped.notified().await;
    }
}

/// A value that says when it is dropped. Arguments are called `a`, `b`, `c` in the order of their making.
#[derive(Debug)]
pub struct Seen(String);

impl Seen {
    /// A local or a temporary.
    pub fn named(name: &str) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self(name.to_owned())
    }

    /// An argument.
    pub fn next() -> Self {
        let made = MADE.get();
        MADE.set(made + 1);
        Self::named(&char::from(b'a' + made).to_string())
    }

    pub fn name(&self) -> String {
        self.0.clone()
    }

    pub fn some(&self) -> Option<&Self> {
        Some(self)
    }

    pub fn none(&self) -> Option<&Self> {
        None
    }

    pub fn rename(&mut self, name: &str) {
        self.0 = name.to_owned();
    }

    pub fn fails(&self) -> Result<String, Refused> {
        Err(Refused::KeyExpired)
    }
}

/// A copy is told by a mark.
impl Clone for Seen {
    fn clone(&self) -> Self {
        Self::named(&format!("{}'", self.0))
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        note(self.0.as_str());
        ALIVE.set(ALIVE.get() - 1);
        signals().dropped.notify_one();
    }
}

/// What most rows return.
pub fn done() -> Result<String, Refused> {
    note("done");
    Ok("done".to_owned())
}

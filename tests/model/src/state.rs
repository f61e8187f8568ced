//! The world: a database, its clock, and the calls that use it.

use std::sync::LazyLock;

use idem_core::Reply;
use idem_core::clock::Timestamp;
use idem_core::protocol::{AfterCrash, Fence, Nonce, Owner, Record, StateKind, StepLog, Verdict};

use crate::config::TICK;
use crate::rule::Rules;

/// Everything there is, at one moment. What is only watched, and steers nothing, says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// The store's clock, in ticks.
    pub(crate) clock: u8,
    /// What plain claims say about a vanished owner.
    pub(crate) after_crash: AfterCrash,
    pub(crate) keys: Vec<Key>,
    pub(crate) calls: Vec<Call>,
    /// Watched: the rules that were broken on the way here.
    pub(crate) broken: Rules,
}

/// What the database holds of one key, as committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Key {
    pub(crate) record: Option<Record>,
    /// The steps that were stored.
    pub(crate) steps: StepLog,
    /// What a hook or an operator found out and has not written down yet.
    pub(crate) verdict: Option<Finding>,
    /// Watched: the first answer that this retention was completed with.
    pub(crate) first: Option<Answer>,
    /// Watched: who won last, and has not been disowned since.
    pub(crate) holder: Option<u8>,
    /// Watched: the highest fence.
    pub(crate) top: Option<Fence>,
}

/// A verdict on its way to the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Finding {
    pub(crate) seen: Owner,
    pub(crate) verdict: Verdict,
}

/// One call: a caller, its request, and the worker that serves it. It makes one claim and has one nonce.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) phase: Phase,
    pub(crate) key: u8,
    /// The call sends another request than the other calls.
    pub(crate) other: bool,
    /// Requests to the store that are under way, unheard of: each may be applied now or much later, once, several times
    /// or never.
    pub(crate) late: Vec<Request>,
    /// The call's transaction; outlives the call while a COMMIT is under way.
    pub(crate) tx: Option<Box<Tx>>,
    /// Only without its guard: it asks with another nonce than at first.
    pub(crate) renamed: bool,
    /// Watched.
    pub(crate) marks: Marks,
}

/// What a call has left in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are watched one by one, and none excludes another")]
pub(crate) struct Marks {
    /// The call's foreign effect happened, in this retention.
    pub(crate) foreign: bool,
    /// The halves of its coupled effect that were committed in this retention.
    pub(crate) landed: Halves,
    /// The database committed its transaction before its time.
    pub(crate) torn: bool,
    /// A verdict or an operator ended its claim, knowing that its effect may still come.
    pub(crate) disowned: bool,
    /// The call's handler began, or its process died: the outcome may be unknown.
    pub(crate) begun: bool,
}

impl Marks {
    /// The call has an effect.
    pub(crate) fn any(self) -> bool {
        self.foreign || self.landed.any()
    }
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    Idle,
    /// The call asks for its claim, until it knows the answer.
    Claiming,
    /// Plain: the handler runs, and has done nothing yet.
    Won(Fence),
    /// Plain: the handler has done what cannot be undone.
    Ran(Fence),
    /// With steps: its output is stored.
    Stored(Fence),
    /// The call writes the end of its claim down, until it knows the answer.
    Ending(End, Fence),
    /// The handler runs inside the transaction, and has written as many halves of its effect.
    Writing(Fence, u8),
    /// The effect is rolled back; the answer alone is to be stored.
    Refusing,
    /// Inside the transaction the record is done: COMMIT is next.
    Ready(Outcome),
    /// COMMIT was sent, and its reply is lost.
    Settling,
    /// The call has its answer, or is dead.
    Gone {
        /// The caller was told that nothing happened.
        told_nothing: bool,
    },
}

/// How an owner ends its claim, by a statement of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum End {
    Complete,
    Release,
    MarkUnknown,
}

/// What a coupled operation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The call's effect and its answer are kept.
    Success,
    /// Only its answer is.
    Refusal,
}

/// A guarded write or a claim, as a statement of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Request {
    /// A claim's first statement: writes its record where there is none.
    Insert,
    /// A claim's second statement, once it has read a record that it may change: a compare-and-swap that names the
    /// record as it was read. One is under way only as long as that is how the record stands.
    Change {
        /// The state that was read.
        from: StateKind,
        /// The end of the lease or life that was read.
        until: Option<Timestamp>,
        /// The record was read before the clock moved last.
        stale: bool,
    },
    /// A whole claim whose answer is not heard: it reads, decides and writes.
    Ask,
    Renew(Fence),
    Step(Fence),
    End(End, Fence),
}

impl Request {
    pub(crate) fn is_claim(self) -> bool {
        matches!(self, Self::Insert | Self::Change { .. } | Self::Ask)
    }
}

/// An open transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Tx {
    /// The record as this transaction wrote it: its row is locked. None if the database ended the transaction that
    /// had it, and this is the one that the next statement began.
    pub(crate) row: Option<Record>,
    pub(crate) writes: Halves,
    /// COMMIT was sent and its connection is gone: the database commits it or rolls it back, some time.
    pub(crate) doubtful: bool,
}

/// Which halves of a coupled effect there are, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct Halves(pub(crate) u8);

impl Halves {
    pub(crate) const WHOLE: Self = Self(0b11);

    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }
}

/// The answers there are: two for each call, and one that a verdict gives. Stored as a reply of one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Of(u8, Outcome),
    Verdict,
}

impl Answer {
    const VERDICT: u8 = 62;

    fn number(self) -> u8 {
        match self {
            Self::Of(call, Outcome::Success) => call * 2,
            Self::Of(call, Outcome::Refusal) => call * 2 + 1,
            Self::Verdict => Self::VERDICT,
        }
    }

    pub(crate) fn reply(self) -> Reply {
        static REPLIES: LazyLock<Vec<Reply>> =
            LazyLock::new(|| (0..=Answer::VERDICT).map(|number| Reply::from(vec![number])).collect());
        REPLIES[usize::from(self.number())].clone()
    }

    pub(crate) fn read(reply: &Reply) -> Self {
        match reply.as_bytes()[0] {
            Self::VERDICT => Self::Verdict,
            number if number % 2 == 0 => Self::Of(number / 2, Outcome::Success),
            number => Self::Of(number / 2, Outcome::Refusal),
        }
    }
}

/// The nonce of a call: its number, and whether it forgot the first one.
pub(crate) fn nonce(call: u8, renamed: bool) -> Nonce {
    let mut bytes = [0; 16];
    (bytes[0], bytes[1]) = (call, u8::from(renamed));
    Nonce::from_bytes(bytes)
}

/// Whose nonce it is.
pub(crate) fn call_of(owner: Owner) -> u8 {
    owner.nonce.as_bytes()[0]
}

impl World {
    pub(crate) fn new(keys: usize, calls: usize, after_crash: AfterCrash) -> Self {
        let idle = Call {
            phase: Phase::Idle,
            key: 0,
            other: false,
            late: Vec::new(),
            tx: None,
            renamed: false,
            marks: Marks::default(),
        };
        Self {
            clock: 0,
            after_crash,
            keys: vec![Key::default(); keys],
            calls: vec![idle; calls],
            broken: Rules::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Self::time(self.clock)
    }

    pub(crate) fn time(clock: u8) -> Timestamp {
        // Not from zero, so that nothing starts out expired.
        Timestamp::from_micros(0) + TICK * u32::from(clock + 1)
    }

    pub(crate) fn tick(&mut self) {
        self.clock += 1;
        for late in self.calls.iter_mut().flat_map(|call| &mut call.late) {
            if let Request::Change { stale, .. } = late {
                *stale = true;
            }
        }
    }

    pub(crate) fn call(&self, call: u8) -> &Call {
        &self.calls[usize::from(call)]
    }

    pub(crate) fn call_mut(&mut self, call: u8) -> &mut Call {
        &mut self.calls[usize::from(call)]
    }

    pub(crate) fn key(&self, key: u8) -> &Key {
        &self.keys[usize::from(key)]
    }

    pub(crate) fn key_mut(&mut self, key: u8) -> &mut Key {
        &mut self.keys[usize::from(key)]
    }

    /// Drops the requests under way for `key` that `keeps` does not keep: those can have no effect any more.
    pub(crate) fn drop_late(&mut self, key: u8, keeps: impl Fn(Request) -> bool) {
        for call in self.calls.iter_mut().filter(|call| call.key == key) {
            call.late.retain(|late| keeps(*late));
        }
    }

    /// A transaction holds the key's row: all others wait, skip it, or are told so.
    pub(crate) fn locked(&self, key: u8) -> bool {
        self.calls.iter().any(|call| call.key == key && call.tx.as_ref().is_some_and(|tx| tx.row.is_some()))
    }

    pub(crate) fn owner(&self, call: u8, fence: Fence) -> Owner {
        Owner { fence, nonce: nonce(call, self.call(call).renamed) }
    }
}

impl Phase {
    pub(crate) fn is_live(self) -> bool {
        !matches!(self, Self::Idle | Self::Gone { .. })
    }
}

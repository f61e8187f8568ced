//! What a process says before a point acts.

use std::fmt;

/// What a point does to its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Act {
    /// SIGKILL: the process dies at once.
    Kill,
    /// SIGSTOP: all threads stand still.
    Freeze,
    /// The thread panics.
    Panic,
    /// Nothing but the mark.
    Count,
    /// A function of the process, armed by [`idem_core::fault::arm`].
    Call,
}

impl Act {
    const ALL: [(Self, &str); 5] = [
        (Self::Kill, "kill"),
        (Self::Freeze, "freeze"),
        (Self::Panic, "panic"),
        (Self::Count, "count"),
        (Self::Call, "call"),
    ];
}

/// As `IDEM_FAULT` and marks have it: `kill`.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(act, _)| act == self).map_or("", |(_, name)| name))
    }
}

/// The line that a process writes to its standard error before a point acts.
///
/// ```
/// use idem_testing::faults::{Act, Mark};
///
/// let mark = Mark::read("idem fault: engine.complete.after: kill at reaching 2").unwrap();
/// assert_eq!((&*mark.point, mark.act, mark.reached), ("engine.complete.after", Act::Kill, 2));
/// assert_eq!(Mark::read("loading … idem fault: engine.complete.after: kill at reaching 2"), Some(mark));
/// assert_eq!(Mark::read("listening on 127.0.0.1:3000"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mark {
    /// The point, without `own:`.
    pub point: String,
    /// What it does.
    pub act: Act,
    /// How often the point was reached since it was armed, from 1.
    pub reached: u64,
}

impl Mark {
    /// The mark that `line` ends with; `None` for any other line. Before it may stand what the process has written without
    /// a line break.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let (_, mark) = line.rsplit_once("idem fault: ")?;
        let (point, rest) = mark.split_once(": ")?;
        let (name, reached) = rest.split_once(" at reaching ")?;
        let (act, _) = Act::ALL.into_iter().find(|(_, of)| *of == name)?;
        Some(Self { point: point.to_owned(), act, reached: reached.trim_end().parse().ok()? })
    }
}

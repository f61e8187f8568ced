//! What counts as time.

use std::sync::LazyLock;
use std::time::Instant;

use crate::Failure;

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The time one waits.
    Wall,
    /// Processor time of all processes that were started here and have ended. What else the machine does hardly changes
    /// it. Linux only.
    Cpu,
}

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Linux counts processor time in hundredths of a second, as far as programs see it.
const TICKS_PER_SECOND: f64 = 100.0;

/// Where the ticks of the children, in user mode and in the kernel, stand in `/proc/self/stat`, counted from the
/// parenthesis that closes the program's name.
const CHILDREN: [usize; 2] = [13, 14];

impl Clock {
    /// As the table's title says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall time",
            Self::Cpu => "processor time",
        }
    }

    /// Seconds since some moment.
    ///
    /// # Errors
    /// If processor time cannot be read here.
    pub(crate) fn now(self) -> Result<f64, Failure> {
        match self {
            Self::Wall => Ok(BEGIN.elapsed().as_secs_f64()),
            Self::Cpu => {
                let stat = std::fs::read_to_string("/proc/self/stat")?;
                let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat is not as expected")?;
                let fields: Vec<&str> = fields.split_whitespace().collect();
                let mut ticks = 0.0;
                for at in CHILDREN {
                    ticks += fields.get(at).ok_or("/proc/self/stat is too short")?.parse::<f64>()?;
                }
                Ok(ticks / TICKS_PER_SECOND)
            }
        }
    }
}

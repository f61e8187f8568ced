//! A migration never stops traffic: how it waits for a table that is in use.
//!
//! A statement that changes a table must have it alone. While it waits for that, everything that comes later waits behind
//! it. So it waits only for a moment, gives up, lets the others pass and tries again after a pause.

use std::fmt::{self, Write as _};
use std::time::{Duration, Instant};

use super::TableName;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// When to try again.
#[derive(Debug)]
pub(in crate::store) struct Pauses {
    /// `None` where that is beyond the end of time.
    until: Option<Instant>,
    next: Duration,
}

impl Pauses {
    pub(in crate::store) fn within(patience: Duration) -> Self {
        Self { until: Instant::now().checked_add(patience), next: FIRST_PAUSE }
    }

    /// Pauses, or says that there is no time left for it.
    pub(in crate::store) async fn pause(
        &mut self,
        name: &TableName,
        sessions: &[Session],
    ) -> Result<(), DriverFault> {
        if self.until.is_some_and(|until| Instant::now() + self.next >= until) {
            return Err(blocked(name, sessions));
        }
        if self.next == FIRST_PAUSE {
            tracing::warn!(table = %name, sessions = %Sessions(sessions), "a migration waits for a table that is in use");
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LAST_PAUSE);
        Ok(())
    }
}

/// Why a try to migrate stopped.
pub(in crate::store) enum Stopped {
    /// The table or the lock of those that migrate was not to be had at once.
    Locked,
    Failed(DriverFault),
}

impl From<DriverFault> for Stopped {
    fn from(fault: DriverFault) -> Self {
        Self::Failed(fault)
    }
}

/// A session of the database that uses the table. Nothing of what it says to the database is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Session {
    /// As the database numbers it.
    pub(in crate::store) id: i64,
    pub(in crate::store) user: String,
    /// Which application, or from which host.
    pub(in crate::store) of: String,
    /// For how long, in seconds, where that can be seen.
    pub(in crate::store) seconds: Option<i64>,
}

struct Sessions<'s>(&'s [Session]);

impl fmt::Display for Sessions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("sessions that have just ended or that this user cannot see");
        }
        for (at, Session { id, user, of, seconds }) in self.0.iter().enumerate() {
            let between = if at > 0 { ", " } else { "" };
            write!(f, "{between}session {id} (user {user:?}, {of:?}")?;
            if let Some(seconds) = seconds {
                write!(f, ", for {seconds} s")?;
            }
            f.write_char(')')?;
        }
        Ok(())
    }
}

fn blocked(name: &TableName, sessions: &[Session]) -> DriverFault {
    let message = format!(
        "the table {name} must be migrated and is in use by {}: wait until they end, or end them, and start again. \
         Nothing was changed, and nothing waits",
        Sessions(sessions)
    );
    DriverFault::Shut(Failure::new(StoreErrorKind::Unavailable, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_named() {
        let session = |id, seconds| Session { id, user: "ada".into(), of: "pg_dump".into(), seconds };
        let text = Sessions(&[session(7, Some(61)), session(8, None)]).to_string();
        assert_eq!(
            text,
            "session 7 (user \"ada\", \"pg_dump\", for 61 s), session 8 (user \"ada\", \"pg_dump\")"
        );
        assert!(Sessions(&[]).to_string().contains("cannot see"));
    }
}

//! The thread of the connection that reads. It never waits for a writer's disk.

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::error::Failure;
use super::link::Link;
use super::load::load;
use super::rules::{ROUND, RoundSettings};
use super::worker::Desk;
use super::{row, sql};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Namespace, Record, StateKind, Tally};
use crate::store::{Count, Entry, Page, StoreError, StoreErrorKind};

type Caller<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the reader can be asked for.
pub(super) enum Job {
    LookUp(Address, Caller<Option<Record>>),
    List(Page, Caller<Vec<Entry>>),
    Count(Count, Caller<u64>),
    Tally(Namespace, Caller<Tally>),
}

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) link: Link,
    pub(super) rules: RoundSettings,
}

impl Desk for Reader {
    type Job = Job;

    fn serve(&mut self, jobs: Vec<Job>) {
        let mut look_ups = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::LookUp(address, caller) => look_ups.push((address, caller)),
                Job::List(page, caller) => tell(caller, self.list(&page)),
                Job::Count(count, caller) => {
                    let count = self.count(&count).map_err(|failure| failure.to_error());
                    tell(caller, count);
                }
                Job::Tally(namespace, caller) => {
                    let tally = self.tally(&namespace).map_err(|failure| failure.to_error());
                    tell(caller, tally);
                }
            }
        }
        while !look_ups.is_empty() {
            let later = look_ups.split_off(look_ups.len().min(ROUND));
            self.look_up(std::mem::replace(&mut look_ups, later));
        }
    }

    fn close(mut self) {
        self.link.discard();
    }
}

impl Reader {
    fn look_up(&mut self, look_ups: Vec<(Address, Caller<Option<Record>>)>) {
        let addresses: Vec<_> = look_ups.iter().map(|(address, _)| *address).collect();
        let loaded = self.read(|connection| load(connection, &addresses));
        for (address, caller) in look_ups {
            let found = match &loaded {
                // Two callers may ask for the same one, so it is copied; the reply itself is shared.
                Ok(records) => {
                    records.get(&address).cloned().transpose().map_err(|error| error.to_error(address))
                }
                Err(failure) => Err(failure.to_error()),
            };
            tell(caller, found);
        }
    }

    fn list(&mut self, page: &Page) -> Result<Vec<Entry>, StoreError> {
        let statement = match page.state {
            StateKind::Done => sql::LIST_DONE,
            _ => sql::LIST_OPEN,
        };
        let after: &[u8] = page.after.as_ref().map_or(&[], |after| after.as_bytes());
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
        let entries = self.read(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            let mut rows =
                statement.query(params![row::number(page.state), after, limit, page.namespace.as_str()])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(entry(row));
            }
            Ok(entries)
        });
        entries.map_err(|failure| failure.to_error())?.into_iter().collect()
    }

    fn count(&mut self, count: &Count) -> Result<u64, Failure> {
        let statement = match count.state {
            StateKind::Done => sql::COUNT_DONE,
            _ => sql::COUNT_OPEN,
        };
        let number = self.read(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            statement.query_row(params![row::number(count.state), count.namespace.as_str()], |row| {
                row.get::<_, i64>(0)
            })
        })?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    fn tally(&mut self, namespace: &Namespace) -> Result<Tally, Failure> {
        let row = self.read(|connection| {
            let mut statement = connection.prepare_cached(sql::TALLY)?;
            statement.query_row(params![namespace.as_str()], |row| {
                Ok(([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?], row.get(4)?))
            })
        });
        let (numbers, oldest): ([i64; 4], Option<i64>) = row?;
        let mut tally = Tally { clock: Some(self.rules.now()), ..Tally::default() };
        for (state, number) in Tally::STATES.into_iter().zip(numbers) {
            tally.add(state, u64::try_from(number).unwrap_or(0));
        }
        if let Some(oldest) = oldest {
            tally.meet_unknown(Timestamp::from_micros(u64::try_from(oldest).unwrap_or(0)));
        }
        Ok(tally)
    }

    /// Reads on the connection, which is replaced after any failure.
    fn read<T>(&mut self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let path = self.link.path();
        let read = query(self.link.connection()?).map_err(|error| Failure::of(error, &path));
        if read.is_err() {
            self.link.discard();
        }
        read
    }
}

fn entry(row: &rusqlite::Row<'_>) -> Result<Entry, StoreError> {
    let address = row::address(row)
        .map_err(|_| StoreError::new(StoreErrorKind::Corrupt, "a record's address is damaged"))?;
    let record = row::record(row).map_err(|unreadable| unreadable.to_error(address))?;
    Ok(Entry { address, record })
}

fn tell<T>(caller: Caller<T>, answer: Result<T, StoreError>) {
    // An error means that the caller was dropped, which is its right.
    let _ignored = caller.send(answer);
}

//! The desk of the connection that reads. It never waits for a writer's disk.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokio::sync::oneshot;

use super::error::Failure;
use super::link::Link;
use super::load::load;
use super::worker::Desk;
use super::writer::ROUND;
use super::{row, sql};
use crate::address::Address;
use crate::protocol::{Record, StateKind};
use crate::store::{Entry, Page, StoreError, StoreErrorKind};

type Caller<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the reader can be asked for.
pub(super) enum Job {
    LookUp(Address, Caller<Option<Record>>),
    List(Page, Caller<Vec<Entry>>),
    Count(StateKind, Caller<u64>),
}

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) link: Link,
}

impl Desk for Reader {
    type Job = Job;

    async fn serve(&mut self, jobs: Vec<Job>) {
        let mut look_ups = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job {
                Job::LookUp(address, caller) => look_ups.push((address, caller)),
                Job::List(page, caller) => tell(caller, self.list(&page).await),
                Job::Count(state, caller) => {
                    let count = self.count(state).await.map_err(|failure| failure.to_error());
                    tell(caller, count);
                }
            }
        }
        while !look_ups.is_empty() {
            let later = look_ups.split_off(look_ups.len().min(ROUND));
            self.look_up(std::mem::replace(&mut look_ups, later)).await;
        }
    }

    async fn close(mut self) {
        self.link.discard().await;
    }
}

impl Reader {
    async fn look_up(&mut self, look_ups: Vec<(Address, Caller<Option<Record>>)>) {
        let path = self.link.path();
        let addresses = look_ups.iter().map(|(address, _)| *address);
        let loaded = self.read(async |connection| load(connection, &path, addresses).await).await;
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

    async fn list(&mut self, page: &Page) -> Result<Vec<Entry>, StoreError> {
        let statement = match page.state {
            StateKind::Done => sql::LIST_DONE,
            _ => sql::LIST_OPEN,
        };
        let after: &[u8] = page.after.as_ref().map_or(&[], |after| after.as_bytes());
        let query = sqlx::query(statement)
            .bind(row::number(page.state))
            .bind(after)
            .bind(i64::try_from(page.limit).unwrap_or(i64::MAX));
        let path = self.link.path();
        let rows = self.read(async |connection| {
            query.fetch_all(connection).await.map_err(|error| Failure::of(error, &path))
        });
        rows.await.map_err(|failure| failure.to_error())?.iter().map(entry).collect()
    }

    async fn count(&mut self, state: StateKind) -> Result<u64, Failure> {
        let statement = match state {
            StateKind::Done => sql::COUNT_DONE,
            _ => sql::COUNT_OPEN,
        };
        let query = sqlx::query_scalar::<_, i64>(statement).bind(row::number(state));
        let path = self.link.path();
        let count = self
            .read(async |connection| {
                query.fetch_one(connection).await.map_err(|error| Failure::of(error, &path))
            })
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Reads on the connection, which is replaced after any failure.
    async fn read<T>(
        &mut self,
        query: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let read = query(self.link.connection().await?).await;
        if read.is_err() {
            self.link.discard().await;
        }
        read
    }
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let address = row::address(row)
        .map_err(|_| StoreError::new(StoreErrorKind::Corrupt, "a record's address is damaged"))?;
    let record = row::record(row).map_err(|unreadable| unreadable.to_error(address))?;
    Ok(Entry { address, record })
}

fn tell<T>(caller: Caller<T>, answer: Result<T, StoreError>) {
    // Nobody listens: the caller was dropped, which is its right.
    let _ignored = caller.send(answer);
}

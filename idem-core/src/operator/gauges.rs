//! Counting what waits, for a dashboard.

use super::Operator;
use crate::clock::{Clock, SystemClock};
use crate::observe;
use crate::protocol::{StateKind, Tally};
use crate::store::StoreError;

impl Operator {
    /// Counts the records of the namespace that run or wait for a verdict, looks for the oldest unknown one, and sets the
    /// gauges `idem_records` and `idem_oldest_unknown_seconds` of [`observe`](crate::observe). Without the feature
    /// `metrics` it only tells the numbers.
    ///
    /// Nothing else calls this: the application decides how often it pays for it, in one task once a minute, say, or at each
    /// scrape. One process of a service is enough.
    ///
    /// The age is counted from the newest claim of the record, because a record does not say when it became unknown: that was
    /// later by the run of its handler, or by the lease of an owner that died. It is told by the store's clock; by this
    /// process's, where a [store](crate::store::Store::tally) of your own does not tell its clock.
    ///
    /// | store | what one call costs |
    /// |---|---|
    /// | memory | a look at every record |
    /// | SQLite | one read by the index of what is not done, of every row that runs or waits. It waits for no writer, and no writer for it |
    /// | PostgreSQL | one round trip, by the index of what is not done, of every row in it: also of the released ones, until they are reaped |
    /// | MySQL, MariaDB | one round trip, by the index of states, of every row that runs or waits |
    /// | Redis | 9 round trips, for the 1,024 indexes of what is not done, and 1 for each 256 records in them, of which up to 2 KiB are read |
    ///
    /// Done and released records are not among them: they expire, and their number can take a scan. See
    /// [`record_gauge_of`](Self::record_gauge_of).
    ///
    /// ```
    /// use idem_core::{Idem, Scope, store::memory::MemoryStore};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
    /// let tally = idem.operator().record_gauges().await?;
    /// assert_eq!((tally.running, tally.unknown, tally.oldest_unknown), (0, 0, None));
    /// # Ok::<_, idem_core::store::StoreError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The store's. The gauges keep what they showed.
    ///
    /// # Cancel safety
    /// Nothing is written. Dropped, it leaves the gauges as they are.
    pub async fn record_gauges(&self) -> Result<Tally, StoreError> {
        let namespace = self.engine.namespace();
        let asked = namespace.clone();
        let tally = self.look(|store| store.tally(asked)).await?;
        for state in Tally::STATES {
            observe::records(&namespace, state, tally.of(state).unwrap_or(0));
        }
        let now = tally.clock.unwrap_or_else(|| SystemClock.now());
        observe::oldest_unknown(&namespace, tally.oldest_unknown_age(now));
        Ok(tally)
    }

    /// [`count`](Self::count), which also sets the gauge `idem_records` of that state. For states that
    /// [`record_gauges`](Self::record_gauges) leaves out:
    ///
    /// | store | done | released |
    /// |---|---|---|
    /// | memory | a look at every record | the same |
    /// | SQLite | a scan of an index; of the rows too, where the file holds records of several namespaces | every released row, by an index |
    /// | PostgreSQL | a scan of the table | every row that is not done, by an index, or a scan of the table, as the planner decides |
    /// | MySQL, MariaDB | a scan of the table, replies included | every released row, by an index |
    /// | Redis | a scan of the whole key space, that of other applications too | the same |
    ///
    /// A scan of a large store may outlast the time limit of the store, and then fails.
    ///
    /// # Errors
    /// The store's. The gauge keeps what it showed.
    ///
    /// # Cancel safety
    /// Nothing is written. Dropped, it leaves the gauge as it is.
    pub async fn record_gauge_of(&self, state: StateKind) -> Result<u64, StoreError> {
        let records = self.count(state).await?;
        observe::records(&self.engine.namespace(), state, records);
        Ok(records)
    }
}

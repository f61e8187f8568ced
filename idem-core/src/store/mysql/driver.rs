//! The [`statements`](super::statements), sent.

use sqlx::mysql::{MySql as Db, MySqlArguments, MySqlConnectOptions, MySqlQueryResult, MySqlRow};
use sqlx::query::Query;

use super::dialect::Dialect;
use super::fault::fault;
use super::link::{Link, Session};
use super::many::MOST;
use super::rows::{entry, place};
use super::statements::Statements;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Claim, Fence, Namespace, Nonce, Owner, State, StateKind, Tally};
use crate::store::remote::driver::{Change, ClaimEnd, Driver, Finish, Found, micros, signed};
use crate::store::remote::failure::DriverFault;
use crate::store::remote::limits::Limits;
use crate::store::sql::{Fields, Row, TableName, columns, known_number, number, tally};
use crate::store::{Count, Entry, Page, Renewal, Sweep, SweepCount};

#[derive(Debug)]
pub(super) struct MySql {
    options: MySqlConnectOptions,
    dialect: Option<Dialect>,
    limits: Limits,
    /// The table's name without its database's.
    table: String,
    statements: Statements,
}

pub(super) type Sql<'q> = Query<'q, Db, MySqlArguments>;

impl MySql {
    pub(super) fn new(
        options: MySqlConnectOptions,
        dialect: Option<Dialect>,
        limits: Limits,
        name: &TableName,
    ) -> Self {
        let table = name.parts().1.to_owned();
        Self { options, dialect, limits, table, statements: Statements::new(name) }
    }

    /// On MySQL, where a row cannot come back from an insertion.
    async fn claim_one(&self, link: &mut Link, claim: &Claim) -> Result<Vec<Found>, DriverFault> {
        let query = with_claim(sqlx::query(self.statements.claim_one.clone()), claim);
        match execute(link, query).await?.last_insert_id() {
            0 => self.load(link, &[claim.address]).await,
            fence => Ok(vec![Found::Fresh(Timestamp::from_micros(fence))]),
        }
    }
}

impl Driver for MySql {
    type Link = Link;
    type Session = Session;

    const ROUND: usize = MOST;

    async fn connect(&self) -> Result<Link, DriverFault> {
        Link::open(&self.options, self.dialect, self.limits).await
    }

    /// On MySQL, a claim that is not new, and several at once, take two round trips.
    async fn claim(&self, link: &mut Link, claims: &[&Claim]) -> Result<Vec<Found>, DriverFault> {
        let addresses = claims.iter().map(|claim| claim.address);
        if let (Dialect::MySql, [claim]) = (link.dialect, claims) {
            return self.claim_one(link, claim).await;
        }
        let statement = match link.dialect {
            Dialect::MySql => &self.statements.claim,
            Dialect::MariaDb => &self.statements.claim_returning,
        };
        let (text, size) = statement.text(claims.len());
        let query = filled(claims, size).fold(sqlx::query(text), |query, claim| with_claim(query, claim));
        match link.dialect {
            Dialect::MariaDb => place(&rows(link, query).await?, addresses),
            Dialect::MySql => {
                execute(link, query).await?;
                self.load(link, &addresses.collect::<Vec<_>>()).await.map_err(unfinished)
            }
        }
    }

    /// If fewer were applied than asked, says so of all: the records tell which, because repeating what an owner did is
    /// recognised.
    async fn finish(&self, link: &mut Link, finishes: &[&Finish]) -> Result<Vec<bool>, DriverFault> {
        let bytes =
            finishes.iter().map(|finish| finish.end.reply().map_or(0, |reply| reply.as_bytes().len()));
        link.admit(bytes.sum(), finishes.len())?;
        let (text, size) = match finishes {
            [_] => (self.statements.finish_one.clone(), 1),
            several => self.statements.finish.text(several.len()),
        };
        let query = finishes.iter().fold(sqlx::query(text), |query, finish| with_finish(query, finish));
        let nobodys = nobodys();
        let query = (finishes.len()..size).fold(query, |query, _| with_finish(query, &nobodys));
        // Each changes the state, so that rows found and rows changed are the same.
        let applied = execute(link, query).await?.rows_affected();
        Ok(vec![applied == as_u64(finishes.len()); finishes.len()])
    }

    async fn load(&self, link: &mut Link, addresses: &[Address]) -> Result<Vec<Found>, DriverFault> {
        let (text, size) = self.statements.load.text(addresses.len());
        let query = filled(addresses, size)
            .fold(sqlx::query(text), |query, address| query.bind(address.as_bytes().as_slice()));
        place(&rows(link, query).await?, addresses.iter().copied())
    }

    async fn change(&self, link: &mut Link, change: &Change) -> Result<bool, DriverFault> {
        let old = Row::of(&change.before);
        let query = match change.after.as_deref().map(Row::of) {
            Some(new) => {
                link.admit(new.reply.len(), 1)?;
                with_row(sqlx::query(self.statements.rewrite.clone()), &new)
            }
            None => sqlx::query(self.statements.delete.clone()),
        };
        let query = query
            .bind(change.address.as_bytes().as_slice())
            .bind(old.state)
            .bind(old.fence)
            .bind(old.nonce)
            .bind(old.until);
        Ok(execute(link, query).await?.rows_affected() > 0)
    }

    /// One round trip if all are renewed, two if not.
    async fn renew(&self, link: &mut Link, renewals: &[&Renewal]) -> Result<Vec<bool>, DriverFault> {
        let (text, size) = self.statements.renew.text(renewals.len());
        let query = renewals.iter().fold(sqlx::query(text), |query, renewal| with_renewal(query, renewal));
        let nobodys = Renewal {
            address: Address::from_bytes([0; 32]),
            owner: NOBODY,
            lease: std::time::Duration::ZERO,
        };
        let query = (renewals.len()..size).fold(query, |query, _| with_renewal(query, &nobodys));
        let done = execute(link, query).await?;
        if done.rows_affected() == as_u64(renewals.len()) {
            return Ok(vec![true; renewals.len()]);
        }
        let clock = match done.last_insert_id() {
            0 => return Ok(vec![false; renewals.len()]),
            clock => Timestamp::from_micros(clock),
        };
        // Which they were shows in how far their leases reach.
        let addresses: Vec<Address> = renewals.iter().map(|renewal| renewal.address).collect();
        let found = self.load(link, &addresses).await.map_err(unfinished)?;
        Ok(renewals.iter().zip(found).map(|(renewal, found)| reaches(renewal, &found, clock)).collect())
    }

    /// Two steps: those of the one crash policy, and those of the other.
    async fn sweep(&self, link: &mut Link, sweep: &Sweep) -> Result<SweepCount, DriverFault> {
        let (grace, namespace) = (micros(sweep.grace), sweep.namespace.as_str().as_bytes());
        let query = sqlx::query(self.statements.sweep_to_unknown.clone())
            .bind(grace)
            .bind(namespace)
            .bind(most(sweep.limit));
        let unknown = as_usize(execute(link, query).await?.rows_affected());
        let left = sweep.limit.saturating_sub(unknown);
        if left == 0 {
            return Ok(SweepCount { unknown, released: 0 });
        }
        let query = sqlx::query(self.statements.sweep_to_released.clone())
            .bind(grace)
            .bind(namespace)
            .bind(most(left))
            .bind(micros(sweep.retention));
        match execute(link, query).await {
            Ok(done) => Ok(SweepCount { unknown, released: as_usize(done.rows_affected()) }),
            // What was moved is moved, and shall be counted.
            Err(_) if unknown > 0 => Ok(SweepCount { unknown, released: 0 }),
            Err(fault) => Err(fault),
        }
    }

    async fn reap(&self, link: &mut Link, limit: usize) -> Result<usize, DriverFault> {
        let query = sqlx::query(self.statements.reap.clone()).bind(most(limit));
        Ok(as_usize(execute(link, query).await?.rows_affected()))
    }

    async fn list(&self, link: &mut Link, page: &Page) -> Result<Vec<Entry>, DriverFault> {
        let text = match page.state {
            StateKind::Done => &self.statements.list_done,
            _ => &self.statements.list,
        };
        let after = page.after.map(|address| *address.as_bytes());
        let query = sqlx::query(text.clone())
            .bind(number(page.state))
            .bind(after.as_ref().map_or(&[][..], |after| after))
            .bind(page.namespace.as_str().as_bytes())
            .bind(most(page.limit));
        rows(link, query).await?.iter().map(entry).collect()
    }

    async fn count(&self, link: &mut Link, count: &Count) -> Result<u64, DriverFault> {
        let text = match count.state {
            StateKind::Done => &self.statements.count_done,
            _ => &self.statements.count,
        };
        let query =
            sqlx::query(text.clone()).bind(number(count.state)).bind(count.namespace.as_str().as_bytes());
        let found = rows(link, query).await?.first().and_then(|row| row.int(0));
        Ok(found.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    async fn tally(&self, link: &mut Link, namespace: &Namespace) -> Result<Tally, DriverFault> {
        let query = sqlx::query(self.statements.tally.clone()).bind(namespace.as_str().as_bytes());
        Ok(rows(link, query).await?.first().map(tally).unwrap_or_default())
    }

    fn session_of(transaction: u64) -> Option<Session> {
        Some(Session::Application(transaction))
    }

    fn session(&self, link: &Link) -> Option<Session> {
        Some(Session::Own(link.session))
    }

    async fn end(&self, link: &mut Link, session: &Session) -> Result<(), DriverFault> {
        link.end(*session, &self.table).await
    }

    async fn close(&self, link: Link) {
        link.close().await;
    }
}

/// After a first statement has written: also when the second one is refused, it is not true that nothing was applied.
fn unfinished(fault: DriverFault) -> DriverFault {
    DriverFault::Broken(fault.into_failure())
}

async fn rows(link: &mut Link, query: Sql<'_>) -> Result<Vec<MySqlRow>, DriverFault> {
    query.fetch_all(&mut link.connection).await.map_err(fault)
}

async fn execute(link: &mut Link, query: Sql<'_>) -> Result<MySqlQueryResult, DriverFault> {
    query.execute(&mut link.connection).await.map_err(fault)
}

pub(super) fn with_claim<'q>(query: Sql<'q>, claim: &Claim) -> Sql<'q> {
    let (retention, lease, namespace) = columns(Some(&claim.terms));
    query
        .bind(claim.address.as_bytes().as_slice())
        .bind(micros(claim.lease))
        .bind(known_number(claim.after_crash))
        .bind(i16::from(claim.fingerprint.recipe()))
        .bind(claim.nonce.as_bytes().as_slice())
        .bind(claim.fingerprint.digest().as_slice())
        .bind(claim.label.as_str())
        .bind(claim.key_hint.as_str())
        .bind(retention)
        .bind(lease)
        .bind(namespace)
}

fn with_finish<'q>(query: Sql<'q>, finish: &Finish) -> Sql<'q> {
    query
        .bind(number(finish.end.state()))
        .bind(finish.end.retention().map(micros))
        .bind(finish.end.reply().map_or(&[][..], |reply| reply.as_bytes()))
        .bind(finish.address.as_bytes().as_slice())
        .bind(signed(finish.owner.fence.as_u64()))
        .bind(finish.owner.nonce.as_bytes().as_slice())
        .bind(number(finish.end.also_from()))
}

fn with_renewal<'q>(query: Sql<'q>, renewal: &Renewal) -> Sql<'q> {
    query
        .bind(renewal.address.as_bytes().as_slice())
        .bind(signed(renewal.owner.fence.as_u64()))
        .bind(renewal.owner.nonce.as_bytes().as_slice())
        .bind(micros(renewal.lease))
}

pub(super) fn with_row<'q>(query: Sql<'q>, row: &Row<'_>) -> Sql<'q> {
    let (retention, lease, namespace) = columns(row.terms);
    query
        .bind(row.state)
        .bind(row.fence)
        .bind(row.nonce)
        .bind(row.until)
        .bind(row.attempts)
        .bind(row.after_crash)
        .bind(row.recipe)
        .bind(row.digest)
        .bind(row.created)
        .bind(row.label)
        .bind(row.key_hint)
        .bind(row.reply)
        .bind(row.audit)
        .bind(retention)
        .bind(lease)
        .bind(namespace)
}

/// Owns no record: fences are times, and rise.
const NOBODY: Owner = Owner { fence: Fence::from_u64(0), nonce: Nonce::from_bytes([0; 16]) };

fn nobodys() -> Finish {
    Finish { address: Address::from_bytes([0; 32]), owner: NOBODY, end: ClaimEnd::Unknown }
}

/// Fills `size` places: the last is repeated.
fn filled<T>(all: &[T], size: usize) -> impl Iterator<Item = &T> {
    all.iter().chain(all.last().into_iter().cycle()).take(if all.is_empty() { 0 } else { size })
}

/// Whether the lease reaches at least as far as a renewal at `clock` pushes it.
fn reaches(renewal: &Renewal, found: &Found, clock: Timestamp) -> bool {
    let Found::Stands(record, _) = found else { return false };
    let State::Running { lease } = record.state else { return false };
    record.owner == renewal.owner
        && lease >= clock + std::time::Duration::from_micros(micros(renewal.lease).unsigned_abs())
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn as_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

//! The functions of [`schema`](super::schema), called.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgValueFormat};
use sqlx::{AssertSqlSafe, Row as _, ValueRef as _};

use super::args::{self, Arg};
use super::escaped;
use super::fault::{self, fault};
use super::link::{self, Link, Session};
use super::statements::{Calls, Statement};
use super::tx_statements::TxStatements;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Claim, Namespace, Tally};
use crate::store::remote::driver::{Change, Driver, Finish, Found, micros, signed};
use crate::store::remote::failure::DriverFault;
use crate::store::remote::limits::Limits;
use crate::store::sql::{Fields, TableName, address, columns, found, known_number, number, record, tally};
use crate::store::{Count, Entry, Page, Renewal, Sweep, SweepCount};

#[derive(Debug)]
pub(super) struct Postgres {
    options: PgConnectOptions,
    /// Arguments are written out instead of bound, see [`args`](super::args).
    written_out: bool,
    limits: Limits,
    calls: Calls,
    tx_statements: TxStatements,
}

/// A record's columns come after the clock and the address.
const CLOCK: usize = 0;
const ADDRESS: usize = 1;
const RECORD: usize = 2;
const STATE: usize = 3;

impl Postgres {
    pub(super) fn new(
        options: PgConnectOptions,
        name: &TableName,
        written_out: bool,
        limits: Limits,
    ) -> Self {
        Self {
            options,
            written_out,
            limits,
            calls: Calls::new(name),
            tx_statements: TxStatements::new(name, !written_out),
        }
    }

    pub(super) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    pub(super) const fn tx_statements(&self) -> &TxStatements {
        &self.tx_statements
    }

    /// On a connection of the store's own, with its limits. Behind a pooler the server's connection is others' as well,
    /// so there they are set for this one message, which is one transaction.
    async fn ask(
        &self,
        link: &mut Link,
        statement: &Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<PgRow>, DriverFault> {
        if self.written_out {
            return self.ask_at_once(link, statement, args).await;
        }
        self.rows(&mut link.connection, statement, args).await
    }

    /// With the arguments written out, in one message that is one transaction and leaves nothing prepared.
    async fn ask_at_once(
        &self,
        link: &mut Link,
        statement: &Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<PgRow>, DriverFault> {
        let mut text = statement.written(args);
        if self.written_out {
            text = format!("{} {text}", link::local(self.limits));
        }
        // Every argument is a number or hexadecimal digits.
        sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut link.connection).await.map_err(fault)
    }

    /// On any connection, such as one of the application's, which may log the text of a statement: arguments are bound.
    /// Behind a pooler there must be a transaction, which keeps the server's connection, and no statement stays prepared.
    pub(super) async fn rows(
        &self,
        link: &mut PgConnection,
        statement: &Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<PgRow>, DriverFault> {
        let query = sqlx::query(statement.bound.clone()).persistent(!self.written_out);
        args.iter().fold(query, |query, arg| arg.bind(query)).fetch_all(link).await.map_err(fault)
    }

    /// Of a function that says yes or no.
    pub(super) async fn holds(
        &self,
        link: &mut PgConnection,
        statement: &Statement,
        args: &[Arg<'_>],
    ) -> Result<bool, DriverFault> {
        yes(&self.rows(link, statement, args).await?)
    }

    /// [`Driver::change`], on any connection.
    pub(super) async fn change_on(
        &self,
        link: &mut PgConnection,
        change: &Change,
    ) -> Result<bool, DriverFault> {
        self.holds(link, &self.calls.change, &args::of_change(change)).await
    }
}

fn yes(rows: &[PgRow]) -> Result<bool, DriverFault> {
    let answer = rows.first().map(|row| row.try_get::<bool, _>(0));
    answer.transpose().map_err(fault).map(|answer| answer == Some(true))
}

impl Driver for Postgres {
    type Link = Link;
    type Session = Session;

    async fn connect(&self) -> Result<Link, DriverFault> {
        Link::open(&self.options, self.limits, self.written_out).await
    }

    async fn claim(&self, link: &mut Link, claims: &[&Claim]) -> Result<Vec<Found>, DriverFault> {
        let addresses = || claims.iter().map(|c| &c.address.as_bytes()[..]).collect();
        let rows = if let [c] = claims {
            let args: Vec<_> = args::of_claim(c).into_iter().chain([Arg::AllBytes(addresses())]).collect();
            self.ask(link, &self.calls.claim_one, &args).await?
        } else {
            let args = [
                Arg::AllBig(claims.iter().map(|c| Some(micros(c.lease))).collect()),
                Arg::AllBytes(addresses()),
                Arg::AllBytes(claims.iter().map(|c| &c.nonce.as_bytes()[..]).collect()),
                Arg::AllSmall(claims.iter().map(|c| known_number(c.after_crash)).collect()),
                Arg::AllSmall(claims.iter().map(|c| c.fingerprint.recipe().into()).collect()),
                Arg::AllBytes(claims.iter().map(|c| &c.fingerprint.digest()[..]).collect()),
                Arg::AllTexts(claims.iter().map(|c| c.label.as_str()).collect()),
                Arg::AllTexts(claims.iter().map(|c| c.key_hint.as_str()).collect()),
                Arg::AllBig(claims.iter().map(|c| Some(columns(Some(&c.terms)).0)).collect()),
                Arg::AllBig(claims.iter().map(|c| Some(columns(Some(&c.terms)).1)).collect()),
                Arg::AllTexts(claims.iter().map(|c| c.terms.namespace()).collect()),
                Arg::AllBytes(addresses()),
                Arg::Big(i64::try_from(claims.len()).ok()),
            ];
            self.ask(link, &self.calls.claim, &args).await?
        };
        place(rows, claims.iter().map(|claim| claim.address))
    }

    async fn finish(&self, link: &mut Link, finishes: &[&Finish]) -> Result<Vec<bool>, DriverFault> {
        fault::admit(
            finishes.iter().filter_map(|f| f.end.reply()).map(|reply| reply.as_bytes().len()).sum(),
        )?;
        if let [f] = finishes {
            let args = [
                Arg::Bytes(Some(f.address.as_bytes())),
                Arg::Big(Some(signed(f.owner.fence.as_u64()))),
                Arg::Bytes(Some(f.owner.nonce.as_bytes())),
                Arg::Small(Some(number(f.end.state()))),
                Arg::Small(Some(number(f.end.also_from()))),
                Arg::Big(f.end.retention().map(micros)),
                Arg::Bytes(Some(f.end.reply().map_or(&[], |reply| reply.as_bytes()))),
            ];
            return Ok(vec![yes(&self.ask(link, &self.calls.finish_one, &args).await?)?]);
        }
        let args = [
            Arg::AllBytes(finishes.iter().map(|f| &f.address.as_bytes()[..]).collect()),
            Arg::AllBig(finishes.iter().map(|f| Some(signed(f.owner.fence.as_u64()))).collect()),
            Arg::AllBytes(finishes.iter().map(|f| &f.owner.nonce.as_bytes()[..]).collect()),
            Arg::AllSmall(finishes.iter().map(|f| number(f.end.state())).collect()),
            Arg::AllSmall(finishes.iter().map(|f| number(f.end.also_from())).collect()),
            Arg::AllBig(finishes.iter().map(|f| f.end.retention().map(micros)).collect()),
            Arg::AllBytes(finishes.iter().map(|f| f.end.reply().map_or(&[][..], |r| r.as_bytes())).collect()),
        ];
        let rows = self.ask(link, &self.calls.finish, &args).await?;
        touched(&rows, finishes.iter().map(|finish| finish.address))
    }

    async fn load(&self, link: &mut Link, addresses: &[Address]) -> Result<Vec<Found>, DriverFault> {
        let args = [Arg::AllBytes(addresses.iter().map(|address| &address.as_bytes()[..]).collect())];
        let rows = self.ask(link, &self.calls.load, &args).await?;
        place(rows, addresses.iter().copied())
    }

    async fn change(&self, link: &mut Link, change: &Change) -> Result<bool, DriverFault> {
        yes(&self.ask(link, &self.calls.change, &args::of_change(change)).await?)
    }

    async fn renew(&self, link: &mut Link, renewals: &[&Renewal]) -> Result<Vec<bool>, DriverFault> {
        let args = [
            Arg::AllBytes(renewals.iter().map(|r| &r.address.as_bytes()[..]).collect()),
            Arg::AllBig(renewals.iter().map(|r| Some(signed(r.owner.fence.as_u64()))).collect()),
            Arg::AllBytes(renewals.iter().map(|r| &r.owner.nonce.as_bytes()[..]).collect()),
            Arg::AllBig(renewals.iter().map(|r| Some(micros(r.lease))).collect()),
        ];
        let rows = self.ask(link, &self.calls.renew, &args).await?;
        touched(&rows, renewals.iter().map(|renewal| renewal.address))
    }

    async fn sweep(&self, link: &mut Link, sweep: &Sweep) -> Result<SweepCount, DriverFault> {
        let args = [
            Arg::Text(Some(sweep.namespace.as_str())),
            Arg::Big(Some(micros(sweep.grace))),
            Arg::Big(Some(micros(sweep.retention))),
            Arg::Int(Some(most(sweep.limit))),
        ];
        let rows = self.ask(link, &self.calls.sweep, &args).await?;
        let count = |at: usize| amount(rows.first(), at).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        Ok(SweepCount { unknown: count(0), released: count(1) })
    }

    async fn reap(&self, link: &mut Link, limit: usize) -> Result<usize, DriverFault> {
        let rows = self.ask(link, &self.calls.reap, &[Arg::Int(Some(most(limit)))]).await?;
        Ok(amount(rows.first(), 0).and_then(|reaped| usize::try_from(reaped).ok()).unwrap_or(0))
    }

    async fn list(&self, link: &mut Link, page: &Page) -> Result<Vec<Entry>, DriverFault> {
        let after = page.after.map(|address| *address.as_bytes());
        let args = [
            Arg::Small(Some(number(page.state))),
            Arg::Bytes(Some(after.as_ref().map_or(&[], |address| &address[..]))),
            Arg::Text(Some(page.namespace.as_str())),
            Arg::Int(Some(most(page.limit))),
        ];
        let rows = self.ask(link, &self.calls.list, &args).await?;
        rows.iter().map(entry).collect()
    }

    async fn count(&self, link: &mut Link, count: &Count) -> Result<u64, DriverFault> {
        let args = [Arg::Small(Some(number(count.state))), Arg::Text(Some(count.namespace.as_str()))];
        let rows = self.ask(link, &self.calls.count, &args).await?;
        Ok(amount(rows.first(), 0).and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    async fn tally(&self, link: &mut Link, namespace: &Namespace) -> Result<Tally, DriverFault> {
        let args = [Arg::Text(Some(namespace.as_str()))];
        let rows = self.ask_at_once(link, &self.calls.tally, &args).await?;
        rows.first().map(tally).ok_or_else(fault::silent)
    }

    fn session_of(transaction: u64) -> Option<Session> {
        Some(Session::Holder(transaction))
    }

    fn session(&self, link: &Link) -> Option<Session> {
        link.session
    }

    async fn end(&self, link: &mut Link, session: &Session) -> Result<(), DriverFault> {
        link.end(*session).await
    }

    async fn close(&self, link: Link) {
        link.close().await;
    }
}

fn most(limit: usize) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

fn amount(row: Option<&PgRow>, at: usize) -> Option<i64> {
    row?.try_get(at).ok()
}

fn entry(row: &PgRow) -> Result<Entry, DriverFault> {
    let address = address(row, ADDRESS).map_err(|error| fault::damaged(&error))?;
    record(row, RECORD, address)
        .map(|record| Entry { address, record })
        .map_err(|error| fault::damaged(&error))
}

/// What stands at each of the addresses, in their order.
fn place(rows: Vec<PgRow>, addresses: impl Iterator<Item = Address>) -> Result<Vec<Found>, DriverFault> {
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        let address = address(&row, ADDRESS).map_err(|error| fault::damaged(&error))?;
        let clock = row.int(CLOCK).and_then(|clock| u64::try_from(clock).ok()).ok_or_else(fault::silent)?;
        let clock = Timestamp::from_micros(clock);
        // NULL: a column that cannot be read is not a record that was written.
        let fresh = matches!(row.try_get::<Option<i16>, _>(STATE), Ok(None));
        seen.push((address, if fresh { Found::Fresh(clock) } else { found(&row, RECORD, address, clock) }));
    }
    // A fresh one first: where a record was deleted while the statement ran, its old self was seen as well.
    seen.sort_by_key(|(address, found)| (*address, !matches!(found, Found::Fresh(_))));
    seen.dedup_by_key(|(address, _)| *address);
    Ok(addresses.map(|address| take(&mut seen, address)).collect())
}

fn take(seen: &mut [(Address, Found)], address: Address) -> Found {
    match seen.binary_search_by_key(&address, |(address, _)| *address) {
        Ok(at) => {
            seen.get_mut(at).map_or(Found::Nothing, |(_, found)| std::mem::replace(found, Found::Nothing))
        }
        Err(_) => Found::Nothing,
    }
}

/// Which of the addresses a write touched.
fn touched(rows: &[PgRow], addresses: impl Iterator<Item = Address>) -> Result<Vec<bool>, DriverFault> {
    let mut touched = Vec::with_capacity(rows.len());
    for row in rows {
        touched.push(address(row, 0).map_err(|error| fault::damaged(&error))?);
    }
    touched.sort_unstable();
    Ok(addresses.map(|address| touched.binary_search(&address).is_ok()).collect())
}

impl Fields for PgRow {
    fn int(&self, at: usize) -> Option<i64> {
        self.try_get::<i64, _>(at)
            .or_else(|_| self.try_get::<i32, _>(at).map(i64::from))
            .or_else(|_| self.try_get::<i16, _>(at).map(i64::from))
            .ok()
    }

    /// As text, which is how a pooler's rows come, bytes are written as `bytea_output` of the server or the user says.
    fn bytes(&self, at: usize) -> Option<Vec<u8>> {
        self.try_get(at).ok().or_else(|| {
            let raw = self.try_get_raw(at).ok()?;
            if raw.is_null() || raw.format() != PgValueFormat::Text {
                return None;
            }
            escaped::bytes(raw.as_bytes().ok()?)
        })
    }

    fn text(&self, at: usize) -> Option<String> {
        self.try_get(at).ok()
    }
}

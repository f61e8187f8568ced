//! The scripts, called.

use std::convert::Infallible;

use redis::cluster::ClusterConfig;
use redis::{AsyncConnectionConfig, Value};

use super::codec::{self, micros};
use super::fault;
use super::link::Link;
use super::pipeline::Replies;
use super::script::Script;
use super::server::{Redis, Target};
use super::{cluster, survey, sweep, tally};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Claim, Namespace, StateKind, Tally};
use crate::store::remote::driver::{Change, Driver, Finish, Found};
use crate::store::remote::failure::DriverFault;
use crate::store::{Count, Entry, Page, Renewal, StoreError, StoreErrorKind, Sweep, SweepCount};

impl Driver for Redis {
    type Link = Link;
    type Session = Infallible;

    async fn connect(&self) -> Result<Link, DriverFault> {
        match &self.target {
            Target::Server(client) => {
                // The exchange has a timeout of its own, around all of this.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(self.timeout))
                    .set_response_timeout(None);
                let connection = client.get_multiplexed_async_connection_with_config(&config).await;
                connection.map(Link::Server).map_err(fault::unreached)
            }
            Target::Cluster(client) => {
                let config = ClusterConfig::new()
                    .set_connection_timeout(self.patience())
                    .set_response_timeout(self.patience());
                let connection = client.get_async_connection_with_config(config).await;
                connection
                    .map(|connection| Link::Cluster(cluster::ClusterLink::new(connection)))
                    .map_err(fault::unreached)
            }
        }
    }

    async fn claim(&self, link: &mut Link, claims: &[&Claim]) -> Result<Vec<Found>, DriverFault> {
        let calls = claims.iter().map(|claim| {
            let mut call = self.on(Script::Claim, claim.address);
            call.cmd.arg(micros(claim.lease)).arg(codec::claimed(claim)).arg(self.touch());
            call
        });
        let replies = all_or_some(link.put(calls.collect(), self.wait).await)?;
        Ok(replies.into_iter().zip(claims).map(|(reply, claim)| found(reply, claim.address)).collect())
    }

    async fn finish(&self, link: &mut Link, finishes: &[&Finish]) -> Result<Vec<bool>, DriverFault> {
        let calls = finishes.iter().map(|finish| {
            let mut call = self.on(Script::Finish, finish.address);
            call.cmd
                .arg(&codec::owner(finish.owner)[..])
                .arg(&[finish.end.state().as_u8()][..])
                .arg(&[finish.end.also_from().as_u8()][..])
                .arg(finish.end.retention().map_or(0, micros))
                .arg(finish.end.reply().map_or(&[][..], |reply| reply.as_bytes()));
            call
        });
        applied(link.put(calls.collect(), self.wait).await)
    }

    async fn load(&self, link: &mut Link, addresses: &[Address]) -> Result<Vec<Found>, DriverFault> {
        let calls = addresses.iter().map(|address| {
            let mut call = self.on(Script::Load, *address);
            call.cmd.arg(self.touch());
            call
        });
        let replies = link.put(calls.collect(), self.wait).await;
        // Read, but too few replicas have it: that must not pass for "nothing was applied", as a failed look would.
        let short = replies.iter().all(|reply| reply.as_ref().is_err_and(fault::is_short));
        let replies = if short { replies } else { all_or_some(replies)? };
        Ok(replies.into_iter().zip(addresses).map(|(reply, address)| found(reply, *address)).collect())
    }

    async fn change(&self, link: &mut Link, change: &Change) -> Result<bool, DriverFault> {
        let before = codec::encode(&change.before);
        let mut call = self.on(Script::Change, change.address);
        call.cmd.arg(before.get(..codec::HEADER).unwrap_or_default());
        match change.after.as_deref() {
            None => {
                call.cmd.arg("").arg("").arg("");
            }
            Some(after) => {
                let until = codec::until(&after.state);
                call.cmd.arg(codec::encode(after));
                match after.state.kind() {
                    StateKind::Done | StateKind::Released => {
                        // Redis counts in milliseconds; never earlier than the record says.
                        call.cmd.arg(until.div_ceil(1000)).arg("");
                    }
                    StateKind::Running => {
                        call.cmd.arg("").arg(until);
                    }
                    kind => {
                        call.cmd.arg("").arg(survey::rank(kind));
                    }
                }
            }
        }
        let applied = applied(link.put(vec![call], self.wait).await)?;
        Ok(applied.first() == Some(&true))
    }

    async fn renew(&self, link: &mut Link, renewals: &[&Renewal]) -> Result<Vec<bool>, DriverFault> {
        let calls = renewals.iter().map(|renewal| {
            let mut call = self.on(Script::Renew, renewal.address);
            call.cmd.arg(&codec::owner(renewal.owner)[..]).arg(micros(renewal.lease));
            call
        });
        // A renewal that a fail-over forgets is a lease that ends earlier: no need to wait for replicas.
        applied(link.put(calls.collect(), None).await)
    }

    async fn sweep(&self, link: &mut Link, sweep: &Sweep) -> Result<SweepCount, DriverFault> {
        sweep::sweep(self, link, sweep).await
    }

    /// Redis drops what has expired by itself.
    async fn reap(&self, _: &mut Link, _: usize) -> Result<usize, DriverFault> {
        Ok(0)
    }

    async fn list(&self, link: &mut Link, page: &Page) -> Result<Vec<Entry>, DriverFault> {
        survey::list(self, link, page).await
    }

    async fn count(&self, link: &mut Link, count: &Count) -> Result<u64, DriverFault> {
        survey::count(self, link, count).await
    }

    async fn tally(&self, link: &mut Link, namespace: &Namespace) -> Result<Tally, DriverFault> {
        tally::tally(self, link, namespace).await
    }

    /// Redis runs one command after the other and waits for nothing: there is nothing to end.
    fn session(&self, _: &Link) -> Option<Infallible> {
        None
    }

    async fn end(&self, _: &mut Link, session: &Infallible) -> Result<(), DriverFault> {
        match *session {}
    }

    async fn close(&self, link: Link) {
        drop(link);
    }
}

/// Fails if nothing got through.
fn all_or_some(replies: Replies) -> Result<Replies, DriverFault> {
    if replies.is_empty() || replies.iter().any(Result::is_ok) {
        return Ok(replies);
    }
    // An error after which a write may have been applied counts before the others.
    let mut faults = replies.into_iter().filter_map(Result::err);
    let first = faults.next().unwrap_or_else(fault::gone);
    let may_be_applied =
        |fault: &DriverFault| matches!(fault, DriverFault::Broken(_) | DriverFault::Unread(_));
    Err(if may_be_applied(&first) { first } else { faults.find(may_be_applied).unwrap_or(first) })
}

fn found(reply: Result<Value, DriverFault>, address: Address) -> Found {
    match reply {
        Ok(Value::Int(clock)) => Found::Fresh(time(clock)),
        Ok(Value::Nil) => Found::Nothing,
        Ok(Value::Array(parts)) => match parts.as_slice() {
            [Value::Int(clock), Value::BulkString(record)] => match codec::decode(record, address) {
                Ok(record) => Found::Stands(Box::new(record), time(*clock)),
                Err(unreadable) => Found::Unreadable(unreadable),
            },
            _ => Found::Unreadable(error(fault::odd())),
        },
        Ok(_) => Found::Unreadable(error(fault::odd())),
        Err(fault) => Found::Unreadable(error(fault)),
    }
}

fn error(fault: DriverFault) -> StoreError {
    let lost = matches!(fault, DriverFault::Broken(_) | DriverFault::Unread(_));
    let error = fault.into_failure().to_error();
    if lost {
        StoreError::new(StoreErrorKind::Undecided, error.to_string()).with_source(error)
    } else {
        error
    }
}

fn time(clock: i64) -> Timestamp {
    Timestamp::from_micros(clock.unsigned_abs())
}

/// Which writes were applied. A write without an answer counts as not applied, if other writes got theirs: the caller
/// looks at the record then.
fn applied(replies: Replies) -> Result<Vec<bool>, DriverFault> {
    let replies = all_or_some(replies)?;
    let mut applied = Vec::with_capacity(replies.len());
    for reply in replies {
        applied.push(match reply {
            Ok(Value::Int(applied)) => applied == 1,
            // The record tells.
            Ok(_) | Err(DriverFault::Broken(_) | DriverFault::Unread(_)) => false,
            // Each by itself, so that each is told its own.
            Err(fault) => return Err(DriverFault::Refused(fault.into_failure())),
        });
    }
    Ok(applied)
}

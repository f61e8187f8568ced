//! The claim of a handler's transaction.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::args::{self, Arg};
use super::driver::Postgres;
use super::fault;
use crate::clock::Timestamp;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner, Won};
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::Found;
use crate::store::remote::failure::DriverFault;
use crate::store::sql::{Fields, found};
use crate::store::{Claimed, HeldRow, Rivals};

/// How often a claim is made whose record was reaped, or swept, between two of its statements.
const TRIES: u32 = 3;

const RIVAL: ClaimOutcome = ClaimOutcome::InFlight { lease_left: Duration::ZERO };

/// The columns of [`CLAIM`](super::tx_statements): whether it is our turn, then clock, address and record.
const MINE: usize = 0;
const CLOCK: usize = 1;
const RECORD: usize = 3;
const STATE: usize = 4;

/// Claims, where rivals are told or waited for.
pub(super) async fn claim_in(
    driver: &Postgres,
    connection: &mut PgConnection,
    claim: &Claim,
    rivals: Rivals,
) -> Result<Claimed, DriverFault> {
    let turn = || [Arg::Big(Some(driver.tx_statements().turn(claim)))];
    if rivals == Rivals::Tell {
        let args: Vec<_> = args::of_claim(claim).into_iter().chain(turn()).collect();
        let rows = driver.rows(connection, &driver.tx_statements().claim_new, &args).await?;
        if let Some(fence) = rows.first().and_then(|row| row.int(0)).and_then(|at| u64::try_from(at).ok()) {
            let owner = Owner { fence: Fence::from_u64(fence), nonce: claim.nonce };
            return Ok(Claimed::Won(HeldRow::new(claim.address, Won::new(owner, 1))));
        }
    }
    let address: &[u8] = claim.address.as_bytes();
    let args: Vec<_> =
        turn().into_iter().chain(args::of_claim(claim)).chain([Arg::AllBytes(vec![address])]).collect();
    let statement = match rivals {
        Rivals::Tell => &driver.tx_statements().claim,
        Rivals::Await => &driver.tx_statements().claim_waiting,
    };
    let mut tries = TRIES;
    loop {
        let rows = driver.rows(connection, statement, &args).await?;
        let Some(row) = rows.first() else { return Err(fault::silent()) };
        let mine: bool = row.try_get(MINE).map_err(fault::fault)?;
        let clock = row.int(CLOCK).and_then(|clock| u64::try_from(clock).ok()).map(Timestamp::from_micros);
        let seen = match clock {
            None => Found::Nothing,
            Some(now) if row.int(STATE).is_none() => Found::Fresh(now),
            Some(now) => found(row, RECORD, claim.address, now),
        };
        tries -= 1;
        match judge_on(driver, connection, claim, mine, seen).await? {
            Some(claimed) => return Ok(claimed),
            None if tries == 0 => return Ok(Claimed::Decided(RIVAL)),
            None => {}
        }
    }
}

/// What is there decides, and a record that may be run again is written by the statement that every other such
/// claim uses, under the lock of this transaction. `None` if it has moved meanwhile: only upkeep does that to it.
async fn judge_on(
    driver: &Postgres,
    connection: &mut PgConnection,
    claim: &Claim,
    mine: bool,
    seen: Found,
) -> Result<Option<Claimed>, DriverFault> {
    let fresh = matches!(seen, Found::Fresh(_));
    Ok(Some(match judge(claim, seen) {
        Judged::Decided(Ok(ClaimOutcome::Won(won))) if fresh => {
            Claimed::Won(HeldRow::new(claim.address, won))
        }
        // Running under this very nonce, and committed: an earlier transaction of this call was cut in two.
        Judged::Decided(Ok(ClaimOutcome::Won(_))) => Claimed::Decided(ClaimOutcome::Unknown),
        Judged::Decided(Err(error)) => return Err(fault::damaged(&error)),
        Judged::Gone if mine => return Ok(None),
        Judged::Changed(change, ClaimOutcome::Won(won)) if mine => {
            if !driver.change_on(connection, &change).await? {
                return Ok(None);
            }
            Claimed::Won(HeldRow::new(claim.address, won))
        }
        Judged::Changed(_, ClaimOutcome::Won(_)) | Judged::Gone => Claimed::Decided(RIVAL),
        // What changes all the same, the sweep writes down.
        Judged::Decided(Ok(outcome)) | Judged::Changed(_, outcome) => Claimed::Decided(outcome),
    }))
}

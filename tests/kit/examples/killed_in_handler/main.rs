//! A service is killed in the middle of its handler, started again on the same file, and asked again. The effect is
//! there once, and every answer is what idem guarantees.
//!
//! ```text
//! cargo run -p idem-testing --example killed_in_handler
//! ```
//!
//! The [service] charges a card at a [bank] that idem cannot look into, and keeps its records in an SQLite file.
//!
//! 1. The handler has charged the card and has not returned: there the process dies, by the fault point `pay.charged`.
//!    Its caller gets no answer.
//! 2. The service is started again. It cannot know whether the card was charged: it answers 409 `request-in-progress` until
//!    the lease of the dead process ends, and 409 `outcome-unknown` then. It does not charge again.
//! 3. The service is started with a verify hook, which asks the bank. The same request gets the answer that the first one
//!    would have got, and each further one a replay of it.
//!
//! The exit status is 0 only if all of that was so. `cargo test` runs the same as a test.

mod bank;
mod caller;
mod service;

use std::error::Error;
use std::path::Path;

use idem_testing::faults::{Outcome, Process, Strike, Victim};

use crate::bank::Bank;
use crate::caller::{Answer, post, settled};

fn main() -> Result<(), Box<dyn Error>> {
    // This program is the service as well, when it starts itself.
    if service::run_if_told()? {
        return Ok(());
    }
    show()
}

fn show() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir()?;
    let bank = Bank::at(place.path());

    let mut victim =
        Victim::start(&mut service::command(place.path(), false), &Strike::kill("own:pay.charged"))?;
    let answer = post(service::address(victim.process())?)?;
    let outcome = victim.outcome()?;
    println!("1. {outcome:?}; the caller got {answer:?}; charges: {}", bank.charges()?);
    check(matches!(outcome, Outcome::Killed(_)) && answer.is_none() && bank.charges()? == 1)?;

    let answer = settled_by(place.path(), false)?;
    println!("2. started again: {answer:?}; charges: {}", bank.charges()?);
    check(answer.status == 409 && answer.code() == Some("outcome-unknown") && bank.charges()? == 1)?;

    let answer = settled_by(place.path(), true)?;
    println!("3. the bank is asked: {answer:?}; charges: {}", bank.charges()?);
    check(answer.status == 201 && answer.body == "charged 1200" && bank.charges()? == 1)?;

    let again = settled_by(place.path(), true)?;
    println!("   once more: {again:?}; charges: {}", bank.charges()?);
    check(again == Answer { replayed: true, ..answer } && bank.charges()? == 1)
}

/// What a service that is started now answers, once no other run has the key.
fn settled_by(place: &Path, asks_the_bank: bool) -> Result<Answer, Box<dyn Error>> {
    let mut service = Process::spawn(&mut service::command(place, asks_the_bank))?;
    let address = service::address(&mut service)?;
    Ok(settled(address)?)
}

fn check(holds: bool) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err("that is not what is guaranteed".into()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_effect_before_a_crash_is_not_repeated() {
        super::show().unwrap();
    }

    /// Not a test of its own, but what the other starts in another process.
    #[test]
    fn service() {
        super::service::run_if_told().unwrap();
    }
}

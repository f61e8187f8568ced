//! The service under test: an axum handler that charges a card, with records in an SQLite file.

use std::error::Error;
use std::future::ready;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::verify::{Unsettled, Verification, VerifyError};
use idem_core::{Idem, Scope, current, fault, idempotent};
use idem_testing::faults::Process;
use tokio::net::TcpListener;

use crate::bank::Bank;

/// The folder of the service. Set for the process that is the service.
const PLACE: &str = "KILLED_IN_HANDLER_PLACE";
/// Set if a verify hook asks the bank.
const ASKS: &str = "KILLED_IN_HANDLER_ASKS";
/// What stands before the address, on standard output.
const LISTENING: &str = "listening on ";

/// How long a claim outlives its process.
const LEASE: Duration = Duration::from_secs(1);

#[idempotent]
async fn pay(State(bank): State<Bank>, amount: String) -> Result<(StatusCode, String), StatusCode> {
    let reference = current().ok_or(StatusCode::INTERNAL_SERVER_ERROR)?.address().to_hex();
    bank.charge(&reference, &amount).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    fault::reach("pay.charged");
    Ok((StatusCode::CREATED, format!("charged {amount}")))
}

/// Finds out what became of a payment whose process died.
fn ask(bank: &Bank, unsettled: &Unsettled) -> Result<Verification, VerifyError> {
    Ok(match bank.find(&unsettled.address().to_hex())? {
        Some(amount) => {
            let answer = Response::builder().status(StatusCode::CREATED).body(format!("charged {amount}"))?;
            Verification::Happened(idem_core::response::reply(&answer))
        }
        None => Verification::DidNotHappen,
    })
}

async fn serve(place: &Path, asks: bool) -> Result<(), Box<dyn Error>> {
    let bank = Bank::at(place);
    let store = SqliteStore::open(place.join("idem.db")).await?;
    let mut idem = Idem::builder(store).scope(Scope::header("x-account")).lease(LEASE);
    if asks {
        let bank = bank.clone();
        // At once: the processes of before are dead for certain, and no late word of theirs will come.
        idem = idem.verify_after(Duration::ZERO);
        idem = idem.verify("POST /payments", move |unsettled| ready(ask(&bank, &unsettled)));
    }
    let app = Router::new().route("/payments", post(pay)).layer(idem.build().layer()).with_state(bank);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{LISTENING}{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Runs the service, in a process that [`command`] started. False, and nothing, in any other.
pub(crate) fn run_if_told() -> Result<bool, Box<dyn Error>> {
    let Some(place) = std::env::var_os(PLACE).map(PathBuf::from) else { return Ok(false) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(&place, std::env::var_os(ASKS).is_some()))?;
    Ok(true)
}

/// What starts the service: this program itself.
pub(crate) fn command(place: &Path, asks_the_bank: bool) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program has a path"));
    command.env(PLACE, place).stdout(Stdio::piped());
    if asks_the_bank {
        command.env(ASKS, "1");
    }
    // As a test, this program is a test runner, and one of its tests is the service.
    #[cfg(test)]
    command.args(["--exact", "tests::service", "--nocapture"]);
    command
}

/// Where the service listens, once it does.
pub(crate) fn address(service: &mut Process) -> io::Result<SocketAddr> {
    let stdout = service.stdout().ok_or(io::ErrorKind::BrokenPipe)?;
    for line in BufReader::new(stdout).lines() {
        // A test runner may have begun the line.
        if let Some((_, address)) = line?.split_once(LISTENING) {
            return address.parse().map_err(io::Error::other);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

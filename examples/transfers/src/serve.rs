//! One of the two servers: a process of its own, made to be killed.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::time::Duration;

use idem_core::{Idem, Scope};
use tokio::net::TcpListener;

use crate::Failure;
use crate::api::{self, ACCOUNT};
use crate::args::Serving;
use crate::bank::Bank;
use crate::plan::Mode;

/// How long a duplicate waits for the running one's answer. Shorter than a caller waits.
const WAIT: Duration = Duration::from_secs(1);

/// Serves on a free port, which it says in its first line, until it is killed or the process that started it is gone.
pub(crate) async fn serve<Db: Bank>(serving: &Serving) -> Result<(), Failure> {
    std::thread::spawn(end_with_the_parent);
    let pool = Db::pool(serving.store.source())?;
    let app = match serving.mode() {
        Mode::WithoutIdem => api::bare(pool),
        Mode::WithIdem => {
            let store = Db::store(&pool, serving.store.source()).await?;
            let idem = Idem::builder(store).scope(Scope::header(ACCOUNT)).namespace(&*serving.namespace);
            api::protected::<Db>(&idem.wait(WAIT).build())
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    drop(out);
    axum::serve(listener, app).await?;
    Ok(())
}

/// Standard input is a pipe that the parent never writes to. The pipe closes when the parent is gone.
fn end_with_the_parent() {
    let mut nothing = [0];
    while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
    std::process::exit(0);
}

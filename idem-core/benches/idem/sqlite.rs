//! The SQLite store: operations per second at several callers, durable and not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Terms};
use idem_core::store::sqlite::{Durability, SqliteStore};
use idem_core::store::{Completion, Store};
use idem_core::{Address, Fingerprint, KeyHint, Label, Reply};

use crate::stats::Median;

const ROUND: Duration = Duration::from_millis(400);

pub(crate) fn run() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    println!("SQLite store, claim + complete, replies of 256 bytes, per second");
    for (name, durability) in [("FULL  ", Durability::Full), ("NORMAL", Durability::Normal)] {
        for callers in [1, 16, 64] {
            let rates = (0..5).map(|_| runtime.block_on(round(durability, callers))).collect();
            println!("  synchronous={name} {callers:>3} callers  {}", Median::of(rates));
        }
    }
}

async fn round(durability: Durability, callers: u32) -> f64 {
    let dir = std::env::temp_dir().join(format!("idem-bench-{}-{}", std::process::id(), fastrand::u64(..)));
    std::fs::create_dir_all(&dir).expect("a temporary directory");
    let store =
        SqliteStore::builder(dir.join("idem.db")).durability(durability).open().await.expect("a database");
    let store = Arc::new(store);
    let done = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        tasks.spawn(async move {
            let label = Label::new("POST /payments", b"acme");
            let terms = Terms::new(Duration::from_hours(1), Duration::from_secs(30), "shop");
            while begun.elapsed() < ROUND {
                let nonce = Nonce::fresh();
                let claim = Claim::new(
                    Address::new("", b"acme", "op", nonce.as_bytes()),
                    nonce,
                    Fingerprint::none(),
                    Duration::from_secs(30),
                    terms.clone(),
                )
                .for_operators(label.clone(), KeyHint::default());
                let address = claim.address;
                let Ok(ClaimOutcome::Won(won)) = store.claim(claim).await else { panic!("not won") };
                let reply = Reply::from(vec![7; 256]);
                let retention = Duration::from_hours(1);
                let completion = Completion::new(address, won.owner, reply, retention);
                let _applied = store.complete(completion).await.expect("a completion");
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tasks.join_all().await;
    let rate = f64::from(done.load(Ordering::Relaxed)) / begun.elapsed().as_secs_f64();
    drop(store);
    drop(std::fs::remove_dir_all(&dir));
    rate
}

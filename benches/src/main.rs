//! What idem's stores cost, beside what one writes by hand, what a driver can do at best, and public peers.
//!
//! ```text
//! cargo run --release --ignore-rust-version --manifest-path benches/Cargo.toml [postgres] [tx] [mariadb] [redis] [sqlite] [bytes]
//! ```
//!
//! Starts servers of its own, needs no set-up, prints tables, asserts nothing. Times on shared machines drift, so all
//! contenders run in turn within one process, many times, and the figure to quote is the median of the ratios of
//! neighbouring turns, with its 95 % interval. `IDEM_TURNS` is how many turns are counted (15).

mod bytes;
mod contender;
mod mariadb;
mod postgres;
mod race;
mod redis;
mod sqlite;
mod stats;
mod table;
mod tx;

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|arg| arg == name);
    let turns = std::env::var("IDEM_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(15);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        if wanted("postgres") {
            postgres::run(turns).await;
        }
        if wanted("tx") {
            tx::run(turns).await;
        }
        if wanted("mariadb") {
            mariadb::run(turns).await;
        }
        if wanted("redis") {
            redis::run(turns).await;
        }
        if wanted("sqlite") {
            sqlite::run(turns).await;
        }
        if wanted("bytes") {
            bytes::run().await;
        }
    });
}

//! Redis: idem against the crate `idempotent`, against unfenced commands by hand, and against the same scripts as fast
//! as the driver can put them.

use std::sync::Arc;
use std::time::Duration;

use idem_core::store::redis::RedisStore;
use idem_testing::servers::{Redis, require};
use idempotent::entry::CachedResponse;
use idempotent::fingerprint::Fingerprint;
use idempotent::metadata::Metadata;
use idempotent::valkey::ValkeyStore;
use idempotent::{IdempotencyEntry, IdempotencyKey, IdempotencyStore, InsertResult};
use redis::aio::MultiplexedConnection;

use crate::contender::{BODY, Contender, Idem, KNOWN, Work, known};
use crate::table::Field;

pub(crate) async fn run(turns: usize) {
    let Some(server) = require(Redis::start()) else { return };
    let url = server.url();
    let store = RedisStore::connect(&url).await.expect("a store");
    let client = redis::Client::open(url.clone()).expect("a URL");
    let mut connections = Vec::new();
    for _ in 0..Scripts::CALLERS {
        connections.push(connect(&client).await);
    }
    let peer = ValkeyStore::with_url(url).prefix("peer").try_build().await.expect("a peer");
    let field = Field {
        title: format!("Redis through redis-rs, nothing on disk, bodies of {BODY} bytes"),
        idem: Arc::new(Idem(Arc::new(store))),
        others: vec![
            ("crate idempotent 2.0, fenced", Arc::new(Idempotent(peer))),
            ("by hand: SET NX, then SET; unfenced", Arc::new(ByHand(connect(&client).await))),
            ("the same scripts, 16 in a pipeline, bare driver", Arc::new(Scripts::load(connections).await)),
        ],
    };
    field.run(&[1, 16, 64, 256], turns).await;
    println!("{}", redis_benchmark(&server));
}

async fn connect(client: &redis::Client) -> MultiplexedConnection {
    client.get_multiplexed_async_connection().await.expect("a connection")
}

struct Idempotent(ValkeyStore);

impl Contender for Idempotent {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let key = IdempotencyKey::new(key).expect("a key");
            let entry = IdempotencyEntry::new(Fingerprint::new(7), Duration::from_secs(30));
            match self.0.try_insert(&key, entry.clone()).await.expect("a claim") {
                InsertResult::Claimed { fencing_token } => {
                    let body = CachedResponse::new(201, Metadata::new(), vec![7; BODY].into());
                    let entry = entry.complete(body, Duration::from_hours(24));
                    self.0.complete(&key, entry, fencing_token).await.expect("a completion");
                }
                InsertResult::Exists(_) => {}
            }
        })
    }
}

struct ByHand(MultiplexedConnection);

impl Contender for ByHand {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let mut connection = self.0.clone();
            let won: bool = redis::cmd("SET")
                .arg(&key)
                .arg(&[7_u8; 32])
                .arg("NX")
                .arg("PX")
                .arg(30_000)
                .query_async(&mut connection)
                .await
                .expect("a claim");
            if won {
                let set =
                    redis::cmd("SET").arg(&key).arg(&[7_u8; BODY + 32]).arg("EX").arg(86_400).to_owned();
                let () = set.query_async(&mut connection).await.expect("a completion");
            }
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let get = redis::cmd("GET").arg(known(fastrand::usize(..KNOWN))).to_owned();
            let reply: Vec<u8> = get.query_async(&mut self.0.clone()).await.expect("an answer");
            assert_eq!(reply.len(), BODY + 32);
        })
    }
}

const CLAIM: &str = include_str!("../../idem-core/src/store/redis/lua/claim.lua");
const FINISH: &str = include_str!("../../idem-core/src/store/redis/lua/finish.lua");

/// idem's scripts and sizes, without idem: what the driver and the server reach.
struct Scripts {
    connections: Vec<MultiplexedConnection>,
    claim: String,
    finish: String,
}

impl Scripts {
    const CALLERS: usize = 4;
    const PIPELINE: usize = 16;

    async fn load(connections: Vec<MultiplexedConnection>) -> Self {
        let mut connection = connections[0].clone();
        let mut load = async |script: &str| -> String {
            let load = redis::cmd("SCRIPT").arg("LOAD").arg(script).to_owned();
            load.query_async(&mut connection).await.expect("a script")
        };
        Self { claim: load(CLAIM).await, finish: load(FINISH).await, connections }
    }
}

impl Contender for Scripts {
    fn run(&self, _: String) -> Work<'_> {
        Box::pin(async {
            let mut connection = self.connections[fastrand::usize(..self.connections.len())].clone();
            let keys: Vec<[Vec<u8>; 2]> = (0..Self::PIPELINE).map(|_| script_keys()).collect();
            let nonce = [9_u8; 16];
            // Nonce, digest, and a label as long as that of the others.
            let tail = [&nonce[..], &[7; 66]].concat();
            let mut claims = redis::pipe();
            for [record, index] in &keys {
                claims.cmd("EVALSHA").arg(&self.claim).arg(2).arg(record).arg(index);
                claims.arg(30_000_000).arg(&tail).arg("0");
            }
            let fences: Vec<u64> = claims.query_async(&mut connection).await.expect("claims");
            let mut finishes = redis::pipe();
            for ([record, index], fence) in keys.iter().zip(fences) {
                let owner = [&fence.to_be_bytes()[..], &nonce].concat();
                finishes.cmd("EVALSHA").arg(&self.finish).arg(2).arg(record).arg(index);
                finishes.arg(owner).arg(&[2_u8]).arg(&[4_u8]).arg(86_400_000_000_u64).arg(&[7_u8; BODY]);
            }
            let applied: Vec<u8> = finishes.query_async(&mut connection).await.expect("completions");
            assert!(applied.iter().all(|applied| *applied == 1), "the scripts' form has changed");
        })
    }

    fn replay(&self) -> Work<'_> {
        Box::pin(async {
            let mut connection = self.connections[fastrand::usize(..self.connections.len())].clone();
            let () = redis::cmd("PING").query_async(&mut connection).await.expect("a pong");
        })
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {})
    }

    fn pairs_at_once(&self) -> u64 {
        Self::PIPELINE as u64
    }

    fn callers(&self, _: usize) -> usize {
        Self::CALLERS
    }
}

/// A record's key and its bucket's index.
fn script_keys() -> [Vec<u8>; 2] {
    let bucket = fastrand::u16(..1024);
    let mut record = format!("{{bare:{bucket:03x}}}").into_bytes();
    let index = record.clone();
    record.extend_from_slice(&fastrand::u128(..).to_be_bytes());
    record.extend_from_slice(&fastrand::u128(..).to_be_bytes());
    [record, index]
}

/// What redis-benchmark reaches with the claim's script, 16 in a pipeline.
fn redis_benchmark(server: &Redis) -> String {
    let load = std::process::Command::new("redis-cli")
        .args(["-p", &server.addr().port().to_string(), "SCRIPT", "LOAD", CLAIM])
        .output();
    let Ok(load) = load else { return "redis-benchmark is not installed".to_owned() };
    let sha = String::from_utf8_lossy(&load.stdout).trim().to_owned();
    let tail = "7".repeat(82);
    let out = std::process::Command::new("redis-benchmark")
        .args([
            "-p",
            &server.addr().port().to_string(),
            "-n",
            "300000",
            "-r",
            "100000000",
            "-P",
            "16",
            "-c",
            "4",
            "-q",
        ])
        .args([
            "EVALSHA",
            &sha,
            "2",
            "{bench:000}aaaaaaaaaaaaaaaaaaaa__rand_int__",
            "{bench:000}",
            "30000000",
            &tail,
            "0",
        ])
        .output();
    out.map_or_else(
        |error| error.to_string(),
        |out| {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            let last = text.rsplit(['\r', '\n']).find(|line| line.contains("requests per second"));
            format!("redis-benchmark -P 16 -c 4, the claim's script alone: {}", last.unwrap_or(&text))
        },
    )
}

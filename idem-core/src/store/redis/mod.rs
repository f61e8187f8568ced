//! Records in Redis 6.2 or newer, in Valkey, or in a cluster of either.
//!
//! ```no_run
//! use idem_core::store::redis::{Durability, RedisStore};
//! use std::time::Duration;
//!
//! # async fn open() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::connect("redis://cache.internal").await?;
//!
//! // A cluster, by some of its nodes; every write on its master and a replica before it counts.
//! let store = RedisStore::builder(["redis://a.internal", "redis://b.internal"])
//!     .prefix("payments")
//!     .durability(Durability::Replicas { count: 1, timeout: Duration::from_millis(500) })
//!     .open()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! **Guarantee:** one key, one effect, one answer, across all processes that use the same Redis, and across their
//! crashes, for as long as Redis forgets nothing. It does forget:
//!
//! - **A fail-over loses writes that were answered.** Redis replicates after it has answered. A replica that takes over
//!   does not know what it had not received: those keys **run again**, and their late owners are refused.
//!   [`Durability::Replicas`] makes this rarer, not impossible.
//! - **A crash loses what is not on disk**: everything without persistence, minutes with snapshots, about a second with
//!   `appendonly yes` and `appendfsync everysec`, nothing of what was answered with `appendfsync always`.
//! - **Eviction loses records.** `maxmemory-policy` must be `noeviction`; anything else is warned of when the store is
//!   opened. A full Redis then refuses new keys as
//!   [`CapacityExceeded`](crate::store::StoreErrorKind::CapacityExceeded), and still takes the ends of what it let in.
//!
//! Where an effect must never happen twice, use an SQL store.
//!
//! **Needs** the master (a replica answers with an error) and up to 5 + 2 × [`concurrency`](RedisStoreBuilder::concurrency)
//! connections, opened when they are first needed. Times are the server's clock; if it falls back by more than the
//! retention, fences may fall. A user with few rights needs `EVALSHA`, `SCRIPT LOAD`, `SCAN`, with durability `WAIT`,
//! in a cluster `CLUSTER SLOTS`, and what the scripts call on keys under the [prefix](RedisStoreBuilder::prefix).
//!
//! **Rights**, found when the store opens, which says all that is missing in one error:
//! `ACL SETUSER app ~{idem:* +get +set +del +getrange +setrange +zadd +zrem +zrangebyscore +time +scan +script|load +evalsha`,
//! and `+wait` for [`Durability::Replicas`]. Keys begin with the prefix in an open brace, as in `{idem:2a7}`: the pattern
//! `~{idem}*` meets none of them.
//!
//! **Costs** one round trip for a new key, for a replay (none where this process has the answer in its cache), for a
//! duplicate, for a completion or a release; two for a take-over, a repeated claim after a release, and a completion
//! that comes too late. What waits travels together, in a cluster in one pipeline for each node. A completed record
//! takes about 210 bytes of Redis's memory besides address, fingerprint and reply.
//!
//! **Upgrades** process by process, and back: this version and the one before read and rewrite each other's records. See
//! `docs/upgrading.md`.
//!
//! # What is different here
//! - Done and released records vanish by themselves, [`reap`](crate::store::Store::reap) finds nothing to do and says 0.
//! - [`list`](crate::store::Store::list) and [`count`](crate::store::Store::count) of done and released records scan the
//!   whole database, within the store's timeout: for operators, not for dashboards. All other states are in an index.
//! - A span without end ends in the year 2255.
//! - While a cluster moves a slot, keys in it that are new get
//!   [`Undecided`](crate::store::StoreErrorKind::Undecided), and are asked again: Redis runs no script on two keys of
//!   which one is there and the other may be elsewhere.

mod builder;
mod check;
mod cluster;
mod codec;
mod driver;
mod fault;
mod keys;
mod link;
mod pipeline;
mod rights;
mod script;
mod server;
mod source;
mod store;
mod survey;
mod sweep;
mod tally;

pub use builder::{Durability, RedisStoreBuilder};
pub use source::RedisSource;
pub use store::RedisStore;

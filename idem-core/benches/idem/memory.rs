//! The memory store: nanoseconds and bytes.

use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Terms};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{BoxFuture, Completion, Store};
use idem_core::{Address, Fingerprint, KeyHint, Label, Reply};

use crate::stats::Median;

const RECORDS: u32 = 500_000;
const REPLY: usize = 128;

pub(crate) fn run() {
    println!("memory store, one thread, {RECORDS} keys, replies of {REPLY} bytes");
    let mut both = Vec::new();
    let mut replay = Vec::new();
    // Only the first round grows a heap that nothing has used yet.
    let (_, _, bytes) = round();
    for _ in 0..7 {
        let (a, b, _) = round();
        both.push(a);
        replay.push(b);
    }
    println!("  claim + complete  {} ns", Median::of(both));
    println!("  replay            {} ns", Median::of(replay));
    println!("  above address, fingerprint and reply  {bytes:.0} bytes per record");
}

fn round() -> (f64, f64, f64) {
    let label = Label::new("POST /payments", b"acme");
    let terms = Terms::new(Duration::from_hours(24), Duration::from_secs(30), "shop");
    let claims: Vec<Claim> = (0..RECORDS)
        .map(|n| {
            Claim::new(
                Address::new("", b"acme", "POST /payments", &n.to_be_bytes()),
                Nonce::fresh(),
                Fingerprint::none(),
                Duration::from_secs(30),
                terms.clone(),
            )
            .for_operators(label.clone(), KeyHint::of(b"01923e7a-aaaa"))
        })
        .collect();
    let again = |claim: &Claim| {
        let mut again = claim.clone();
        again.nonce = Nonce::from_bytes([0; 16]);
        again
    };
    let retries: Vec<Claim> = claims.iter().map(again).collect();
    let store = MemoryStore::new();
    let before = allocated();
    let begun = Instant::now();
    // Its memory stays until it has been measured what the store took.
    let mut claims = claims.into_iter();
    for claim in claims.by_ref() {
        let address = claim.address;
        let Ok(ClaimOutcome::Won(won)) = now(store.claim(claim)) else { panic!("not won") };
        let reply = Reply::from(vec![7; REPLY]);
        let retention = Duration::from_hours(1);
        let completion = Completion::new(address, won.owner, reply, retention);
        drop(black_box(now(store.complete(completion))));
    }
    let both = begun.elapsed();
    let grown = allocated().saturating_sub(before);
    drop(claims);
    let begun = Instant::now();
    for retry in retries {
        drop(black_box(now(store.claim(retry))));
    }
    let replay = begun.elapsed();
    let each = f64::from(RECORDS);
    #[allow(clippy::cast_precision_loss)]
    let above = grown as f64 / each - (32 + 33 + REPLY) as f64;
    (both.as_secs_f64() * 1e9 / each, replay.as_secs_f64() * 1e9 / each, above)
}

/// The memory store never waits.
fn now<T>(mut future: BoxFuture<'_, T>) -> T {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory store waited"),
    }
}

/// Resident memory in bytes; 0 where the system does not say.
fn allocated() -> usize {
    let pages =
        std::fs::read_to_string("/proc/self/statm").ok().and_then(|s| s.split(' ').nth(1)?.parse().ok());
    pages.unwrap_or(0_usize) * 4096
}

//! What is timed: two calls of an idempotency store.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Terms};
use idem_core::store::{Completion, Store};
use idem_core::{Address, Fingerprint, KeyHint, Label, Reply};

/// The size of every stored answer, in bytes.
pub(crate) const BODY: usize = 256;

pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

pub(crate) trait Contender: Send + Sync {
    /// Claims the key and completes it with [`BODY`] bytes, or reads its answer.
    fn run(&self, key: String) -> Work<'_>;

    /// A new key.
    fn pair(&self) -> Work<'_> {
        self.run(key())
    }

    /// The answer of a completed key, of those that [`prepare`](Self::prepare) made.
    fn replay(&self) -> Work<'_> {
        self.run(known(fastrand::usize(..KNOWN)))
    }

    fn prepare(&self) -> Work<'_> {
        Box::pin(async {
            for number in 0..KNOWN {
                self.run(known(number)).await;
            }
        })
    }

    /// How many pairs one call does.
    fn pairs_at_once(&self) -> u64 {
        1
    }

    /// How many callers to have where `asked` are wanted.
    fn callers(&self, asked: usize) -> usize {
        asked
    }
}

/// A new key, as a client would make it.
pub(crate) fn key() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// The keys that are replayed.
pub(crate) fn known(number: usize) -> String {
    format!("known-{number:026}")
}

pub(crate) const KNOWN: usize = 2000;

/// Any of idem's stores.
pub(crate) struct Idem(pub(crate) Arc<dyn Store>);

impl Idem {
    fn claim(key: &str) -> Claim {
        Claim::new(
            Address::new("", b"acme", "POST /payments", key.as_bytes()),
            Nonce::fresh(),
            Fingerprint::of_value(&"EUR 10").expect("a string"),
            Duration::from_secs(30),
            Terms::new(Duration::from_hours(24), Duration::from_secs(30), "shop"),
        )
        .for_operators(Label::new("POST /payments", b"acme"), KeyHint::of(key.as_bytes()))
    }
}

impl Contender for Idem {
    fn run(&self, key: String) -> Work<'_> {
        Box::pin(async move {
            let claim = Self::claim(&key);
            let address = claim.address;
            match self.0.claim(claim).await.expect("a claim") {
                ClaimOutcome::Won(won) => {
                    let reply = Reply::from(vec![7; BODY]);
                    let retention = Duration::from_hours(24);
                    let completion = Completion::new(address, won.owner, reply, retention);
                    let _applied = self.0.complete(completion).await.expect("a completion");
                }
                ClaimOutcome::Replay(replay) => assert_eq!(replay.reply.as_bytes().len(), BODY),
                other => panic!("neither won nor done: {other:?}"),
            }
        })
    }
}

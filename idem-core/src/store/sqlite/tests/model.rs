//! Random histories, held against [`protocol`] on a map: what is stored is what was decided.

use std::collections::BTreeMap;

use super::*;
use crate::protocol::{self, Order, Record, Seen, Swept, Verdict};
use crate::store::{Batch, Forget, Free, MarkUnknown, Release, Renewal, Settlement, Sweep, SweepCount};

const SPAN: Duration = Duration::from_secs(20);

#[tokio::test]
async fn random_histories_agree_with_the_protocol() {
    for seed in 0..6 {
        let dir = Dir::new();
        let clock = Arc::new(HandClock::default());
        let store = dir.store_with(&clock).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut model: BTreeMap<Address, Option<Record>> = BTreeMap::new();
        for step in 0..400 {
            clock.advance(Duration::from_secs(random.u64(0..6)));
            step_both(&store, &mut model, &mut random, clock.now()).await;
            for (address, expected) in &model {
                let found = store.look_up(*address).await.unwrap();
                assert_eq!(found, *expected, "seed {seed}, step {step}");
            }
        }
        for state in StateKind::ALL {
            let expected = model.values().flatten().filter(|record| record.state.kind() == state).count();
            assert_eq!(store.count(counting(state)).await.unwrap(), expected as u64, "seed {seed}");
        }
        let all = number(&dir.shell(), "SELECT value FROM idem_meta WHERE name = 'records'");
        assert_eq!(all, i64::try_from(model.values().flatten().count()).unwrap(), "seed {seed}");
    }
}

async fn step_both(
    store: &SqliteStore,
    model: &mut BTreeMap<Address, Option<Record>>,
    random: &mut fastrand::Rng,
    now: Timestamp,
) {
    let key = ["a", "b", "c"][random.usize(0..3)];
    let address = address(key);
    let slot = model.entry(address).or_default();
    let owner = match slot {
        Some(record) if random.u8(0..8) > 0 => record.owner,
        _ => Owner { fence: protocol::Fence::from_u64(random.u64(..)), nonce: Nonce::fresh() },
    };
    match random.u8(0..13) {
        0..=3 => {
            let nonce = if random.u8(0..6) == 0 { owner.nonce } else { Nonce::fresh() };
            let body = if random.u8(0..8) == 0 { "other" } else { "EUR 10" };
            let after_crash = if random.bool() { AfterCrash::Rerun } else { AfterCrash::Unknown };
            let fingerprint = Fingerprint::of_value(body).unwrap();
            let request = Claim { nonce, fingerprint, after_crash, lease: SPAN, ..claim(key) };
            let expected = protocol::claim(slot, &request, now);
            assert_eq!(store.claim(request).await.unwrap(), expected);
        }
        4 | 5 => {
            let reply = format!("{}", random.u8(0..4)).into_bytes().into();
            let request = Completion { address, owner, reply, retention: SPAN };
            let expected = protocol::complete(slot, owner, &request.reply, SPAN, now);
            assert_eq!(store.complete(request).await.unwrap(), expected);
        }
        6 => {
            let expected = protocol::release(slot, owner, SPAN, now);
            assert_eq!(store.release(Release { address, owner, retention: SPAN }).await.unwrap(), expected);
        }
        7 => {
            let expected = protocol::mark_unknown(slot, owner);
            assert_eq!(store.mark_unknown(MarkUnknown { address, owner }).await.unwrap(), expected);
        }
        8 => {
            let expected = protocol::renew(slot, owner, SPAN, now);
            let (batch, _) = Batch::new(vec![Renewal { address, owner, lease: SPAN }]);
            assert_eq!(store.renew(batch).await.remove(0).unwrap(), expected);
        }
        9 => {
            let happened = Verdict::Happened(b"0".to_vec().into());
            let verdict = if random.bool() { happened } else { Verdict::DidNotHappen };
            let (seen, order) = (seen(slot.as_ref(), owner), Order::by("ada").because("the books say so"));
            let expected = protocol::settle(slot, &namespace(), seen, &verdict, &order, SPAN, now);
            let request =
                Settlement { namespace: namespace(), address, seen, verdict, order, retention: SPAN };
            assert_eq!(store.settle(request).await.unwrap(), expected);
        }
        10 => {
            let seen = seen(slot.as_ref(), owner);
            let expected = protocol::forget(slot, &namespace(), seen);
            assert_eq!(
                store.forget(Forget { namespace: namespace(), address, seen }).await.unwrap(),
                expected
            );
        }
        11 => {
            let (seen, order) = (seen(slot.as_ref(), owner), Order::by("bob"));
            let expected = protocol::free(slot, &namespace(), seen, &order, SPAN, now);
            let request = Free { namespace: namespace(), address, seen, order, retention: SPAN };
            assert_eq!(store.free(request).await.unwrap(), expected);
        }
        _ => {
            let mut expected = SweepCount::default();
            let grace = Duration::from_secs(random.u64(0..10));
            for record in model.values_mut().flatten() {
                match protocol::sweep(record, &namespace(), grace, SPAN, now) {
                    Swept::Kept => {}
                    Swept::Unknown => expected.unknown += 1,
                    Swept::Released => expected.released += 1,
                }
            }
            let sweep = Sweep { namespace: namespace(), grace, retention: SPAN, limit: 10 };
            assert_eq!(store.sweep(sweep).await.unwrap(), expected);
            let reaped =
                model.values_mut().filter_map(|slot| protocol::reap(slot, now).then_some(())).count();
            assert_eq!(store.reap(10).await.unwrap(), reaped);
        }
    }
}

fn seen(slot: Option<&Record>, owner: Owner) -> Seen {
    let nothing = Seen { owner, state: StateKind::Unknown, until: None };
    slot.map_or(nothing, |record| Seen { owner, ..Seen::of(record) })
}

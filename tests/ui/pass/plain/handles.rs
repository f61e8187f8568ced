//! What `with` may be: an `Idem`, typed or erased, by value, reference or pointer, a static, a call.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Refused, Scope, idempotent};

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();
static IDEM: LazyLock<Idem> = LazyLock::new(support::idem);

#[idempotent(with = idem, key = order, name = "owned")]
async fn owned(idem: Idem, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "typed")]
async fn typed(idem: &Idem<MemoryStore>, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "shared", detach)]
async fn shared(idem: Arc<Idem>, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = *IDEM, key = order, name = "static")]
async fn global(order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = IDEM, key = order, name = "lazy")]
async fn lazy(order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "boxed")]
async fn boxed(idem: Box<Idem>, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "counted")]
async fn counted(idem: Rc<Idem>, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = handle(), key = order, name = "call")]
async fn call(order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

fn handle() -> Idem {
    IDEM.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
    let erased = Arc::new(idem.erase());
    for _ in 0..2 {
        assert_eq!(owned(idem.erase(), 1).await, Ok(1));
        assert_eq!(typed(&idem, 1).await, Ok(2));
        assert_eq!(shared(Arc::clone(&erased), 1).await, Ok(3));
        assert_eq!(global(1).await, Ok(4));
        assert_eq!(call(1).await, Ok(5));
        assert_eq!(lazy(1).await, Ok(6));
        assert_eq!(boxed(Box::new(idem.erase()), 1).await, Ok(7));
        assert_eq!(counted(Rc::new(idem.erase()), 1).await, Ok(8));
    }
}

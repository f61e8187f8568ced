//! What a key may be: text, numbers, a UUID, an optional one, a computed one, several.

use idem_core::{Idem, IdempotencyKey, Refused, idempotent};
use uuid::Uuid;

use crate::support::{self, Runs};

static RUNS: Runs = Runs::new();

#[idempotent(with = idem, key = order, name = "uuid")]
async fn by_uuid(idem: &Idem, order: Uuid) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = *key, name = "header-key")]
async fn by_header_key(idem: &Idem, key: &IdempotencyKey) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = order, name = "optional", optional)]
async fn by_option(idem: &Idem, order: Option<char>) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = match &order { Ok(id) => id.clone(), Err(code) => format!("code-{code}") }, name = "block")]
async fn by_match(idem: &Idem, order: Result<String, u8>) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[idempotent(with = idem, key = (tenant, order, -1_i32), name = "several")]
async fn by_several(idem: &Idem, tenant: &str, order: u64) -> Result<u64, Refused> {
    Ok(RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    let header = IdempotencyKey::from_header(b"k-1").unwrap();
    for _ in 0..2 {
        assert_eq!(by_uuid(&idem, Uuid::nil()).await, Ok(1));
        assert_eq!(by_header_key(&idem, &header).await, Ok(2));
        assert_eq!(by_option(&idem, Some('x')).await, Ok(3));
        assert_eq!(by_match(&idem, Err(4)).await, Ok(4));
        assert_eq!(by_several(&idem, "acme", 1).await, Ok(5));
    }
    // Without a key, an optional one protects nothing.
    assert_eq!((by_option(&idem, None).await, by_option(&idem, None).await), (Ok(6), Ok(7)));
}

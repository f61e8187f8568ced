//! Values that can be made without a call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use idem_core::clock::{SystemClock, Timestamp};
use idem_core::fault::{self, Fault};
use idem_core::fingerprint::{BodyHasher, CanonicalJson};
use idem_core::key::{InvalidName, KeyBuf, OperationParts};
use idem_core::protocol::{
    self, AfterCrash, Claim, ClaimOutcome, Fence, Namespace, Nonce, Order, Owner, Record, RecordView,
    RenewOutcome, Replay, Seen, State, StateKind, StepLog, StepOutcome, Swept, Tally, Terms, Unwound,
    Verdict, Won, WriteOutcome,
};
use idem_core::response::{Problem, Profile};
use idem_core::store::memory::MemoryStore;
use idem_core::store::mysql::{Dialect, MySqlSource, MySqlStore};
use idem_core::store::postgres::{PostgresSource, PostgresStore};
use idem_core::store::redis::{self, RedisSource, RedisStore};
use idem_core::store::sqlite::{self, SqliteStore};
use idem_core::store::{
    Batch, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal, Settlement,
    StoreError, StoreErrorKind, Sweep, SweepCount, TxBackends,
};
use idem_core::tx::{Isolation, OperationKey};
use idem_core::verify::Verification;
use idem_core::{
    Address, Ambiguous, ErrorClass, Final, Fingerprint, Idem, IdempotencyKey, KeyHint, Label, NoEffect,
    OnError, Refused, Scope, UnavailableResult, plain,
};

use super::marks::{BODY, KEY, PASSWORD, REPLY, SCOPE};
use super::shown::{debug, display, error, see};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn address(operation: &str) -> Address {
    Address::new("shop", SCOPE.as_bytes(), operation, KEY.as_bytes())
}

pub(crate) fn claim(operation: &str, lease: Duration) -> Claim {
    Claim::new(
        address(operation),
        Nonce::fresh(),
        Fingerprint::of_value(BODY).unwrap(),
        lease,
        Terms::new(SECOND * 60, lease, "shop"),
    )
    .for_operators(Label::new(operation, SCOPE.as_bytes()), KeyHint::of(KEY.as_bytes()))
}

pub(crate) fn format_all() {
    requests();
    records();
    settings();
    sources();
}

/// Keys, bodies and what is made from them.
fn requests() {
    let key = debug(IdempotencyKey::new(KEY).unwrap());
    error(IdempotencyKey::new(format!("{KEY}\n")).unwrap_err());
    error(IdempotencyKey::from_header(format!("\"{KEY}").as_bytes()).unwrap_err());
    let mut buf = KeyBuf::default();
    buf.push(KEY);
    see(buf);
    see(OperationParts::of(&("charge", KEY)).unwrap());
    error(InvalidName::Empty);
    let mut body = BodyHasher::new();
    body.update(&Bytes::from_static(BODY.as_bytes()));
    see(body);
    see(CanonicalJson::new(BODY));
    error(Fingerprint::of_value(&CanonicalJson::new(&format!(r#"{{"a":"{BODY}","a":1}}"#))).unwrap_err());
    error(Fingerprint::of_value(&CanonicalJson::new(BODY)).unwrap_err());
    see(Fingerprint::of_value(BODY).unwrap());
    display(address("charge"));
    see(Label::new("charge", SCOPE.as_bytes()));
    see(KeyHint::of(KEY.as_bytes()));
    see(OperationKey::new("transfer", &key).scope(SCOPE).fingerprint(BODY));
    // What these wrap is the caller's own.
    see((Final(1), NoEffect(1), Ambiguous(1)));
    for refused in [
        Refused::KeyReused,
        Refused::ResultUnavailable(UnavailableResult::TooLarge),
        Refused::FingerprintInvalid(Fingerprint::of_value(&CanonicalJson::new(BODY)).unwrap_err()),
        Refused::StoreUnavailable { retry_after: SECOND },
    ] {
        see(Problem::new(&refused, Profile::Default));
        error(refused);
    }
    error(UnavailableResult::TooLarge);
}

/// Records, and what is asked of a store.
fn records() {
    let reply = debug(plain::reply(REPLY).unwrap());
    let claim = debug(claim("charge", SECOND));
    see(claim.terms.clone());
    let now = display(Timestamp::from_micros(1_780_000_000_000_000));
    let owner = debug(Owner { fence: debug(Fence::from_u64(7)), nonce: debug(claim.nonce) });
    let mut record = None;
    see(protocol::claim(&mut record, &claim, now));
    let mut record: Record = debug(record.unwrap());
    let seen = debug(Seen::of(&record));
    record.state = debug(State::Done { reply: reply.clone(), expires: now });
    let address = claim.address;
    see(Entry::new(address, record));
    see(ClaimOutcome::Replay(debug(Replay::new(reply.clone(), SECOND))));
    see(ClaimOutcome::Won(debug(Won::new(owner, 1))));
    let current = debug(RecordView::Done { reply: reply.clone(), fingerprint: claim.fingerprint });
    see(WriteOutcome::Lost(current));
    see(RenewOutcome::Renewed);
    see(StepOutcome::Existing(reply.clone()));
    see(StepLog::default());
    see(Tally::default());
    see(Swept::Unknown);
    see(Unwound::Done(plain::reply(REPLY).unwrap()));
    see(Verification::Happened(reply.clone()));
    let verdict = debug(Verdict::Happened(reply.clone()));
    let order = display(Order::by("ops").because("the bank says so"));
    display(StateKind::Done);
    let completion = debug(Completion::new(address, owner, reply, SECOND));
    see(Batch::new(vec![completion; 1]).0);
    see(Batch::new((0..1000).map(values_claim).collect()).0);
    see(Release::new(address, owner, SECOND));
    see(MarkUnknown::new(address, owner));
    see(Renewal::new(address, owner, SECOND));
    let namespace = debug(Namespace::new("shop"));
    see(Sweep::new(namespace.clone(), SECOND, SECOND, 1));
    see(SweepCount::default());
    see(Count::new(namespace.clone(), StateKind::Done));
    see(Page::new(namespace.clone(), StateKind::Done, Some(address), 1));
    see(Settlement::new(namespace.clone(), address, seen, verdict, order.clone(), SECOND));
    see(Free::new(namespace.clone(), address, seen, order, SECOND));
    see(Forget::new(namespace, address, seen));
    let cause = std::io::Error::other("connection refused");
    error(StoreError::new(StoreErrorKind::Unavailable, "no connection").with_source(cause));
    see(StoreErrorKind::Unavailable);
}

fn values_claim(at: u32) -> Claim {
    claim(&format!("charge {at}"), SECOND)
}

/// What is only a choice.
fn settings() {
    see(AfterCrash::Rerun);
    see(ErrorClass::Final);
    see(OnError::Store);
    see(Profile::Default);
    see(Isolation::Serializable);
    see(SystemClock);
    see(Dialect::MariaDb);
    see(sqlite::Durability::Normal);
    see(redis::Durability::Replicas { count: 1, timeout: SECOND });
    let definition = idem_core::__private::Definition {
        module_path: module_path!(),
        function: "charge",
        file: file!(),
        line: line!(),
        column: column!(),
    };
    display(definition);
    see(idem_core::__private::Spec::new().name("charge"));
    see(plain::Value::Json(REPLY.as_bytes()));
    see(plain::Value::Exact(REPLY.as_bytes()));
    see(idem_core::__private::tx::TxSpec::new());
    see(idem_core::__private::tx::probe::<Result<String, Refused>>());
    see(idem_core::__private::tx::state::<String>());
    see(Scope::header("x-account"));
    see(Scope::extension(|scope: &String| scope.clone()));
    see(TxBackends::default());
    see(idem_core::current::Underivable::NameTaken);
    see(fault::arm("secrets.own", debug(Fault::Count)));
    let builder = debug(Idem::builder(MemoryStore::new()));
    see(builder
        .scope(Scope::public())
        .namespace("shop")
        .verify("charge", |_| async { Ok(Verification::CannotTell) }));
}

/// Where records are kept, with a password.
fn sources() {
    let urls = [
        format!("postgres://user:{PASSWORD}@127.0.0.1:1/shop?options=-c%20a%3D{PASSWORD}"),
        format!("mysql://user:{PASSWORD}@127.0.0.1:1/shop"),
        format!("redis://user:{PASSWORD}@127.0.0.1:1/0"),
    ];
    see(PostgresSource::from(&*urls[0]));
    see(PostgresStore::builder(&*urls[0]));
    see(PostgresSource::from(&sqlx::PgPool::connect_lazy(&urls[0]).unwrap()));
    see(PostgresSource::from(&*format!("postgres://user:{PASSWORD}@:x/shop")));
    see(MySqlSource::from(&*urls[1]));
    see(MySqlStore::builder(&*urls[1]));
    see(MySqlSource::from(&sqlx::MySqlPool::connect_lazy(&urls[1]).unwrap()));
    see(MySqlSource::from(&*format!("mysql://user:{PASSWORD}@:x/shop")));
    see(RedisSource::from(&*urls[2]));
    see(RedisStore::builder(&*urls[2]));
    see(RedisSource::from(&*format!("redis://user:{PASSWORD}@:x")));
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename("/dev/null").pragma("key", PASSWORD);
    see(SqliteStore::builder("/dev/null").pool(&sqlx::SqlitePool::connect_lazy_with(options)));
    see(MemoryStore::builder().clock(Arc::new(SystemClock)));
}

//! Some 27,000 damaged attributes and signatures: each is expanded or refused, and the function is kept.

mod mutants;
mod outcome;

use proc_macro2::{Delimiter, Group, TokenStream};

use self::mutants::Mutator;
use self::outcome::outcome;
use super::tokens;

/// Arguments and function. Small, for each token makes some thirty mutants. Together they have every argument of the
/// attribute and every kind of parameter.
type Seed = (&'static str, &'static str);

const HANDLERS: [Seed; 9] = [
    (
        "",
        "pub(crate) async fn pay(State(app): State<App>, mut new: Json<New>) -> Result<Json<Paid>, Error> { x }",
    ),
    (
        "key = (&user.id, order[0]), name = \"a\", scope = user.tenant, ttl = \"7d\"",
        "async fn a(user: User) {}",
    ),
    ("lease = \"30s\", wait = \"250ms\", max_run = \"1h\", optional,", "async fn b(_: Guard) {}"),
    ("on_error = store, after_crash = rerun, crate = ::c", "async fn c() -> impl IntoResponse + Send { x }"),
    (
        "fingerprint = (&a.b, c), store_if = |a, _| -> bool { a.b() }",
        "async fn d(a: A) -> (u8, [impl B; 2]) {}",
    ),
    ("fingerprint_headers = [\"x-a\", \"x-b\"]", "/// Doc.\nasync fn r#type(r#fn: B) { #![allow(x)] y }"),
    (
        "key = item.key()",
        "async fn e<'a, T: Keyed + 'a, const N: usize>(item: T) -> [T; N] where T: Send, {}",
    ),
    (
        "",
        "async fn f(#[cfg(unix)] Path((a, ref b)): P, #[x] all @ (Ok(c) | Err(c)): C, App { d, .. }: App) {}",
    ),
    (
        "fingerprint = ()",
        "async fn g(Claims(_): Claims, mut req: axum::extract::Request, [x, .., y]: Body) -> ! {}",
    ),
];

const OTHERS: [Seed; 6] = [
    ("with = idem, key = msg.id, name = \"a\"", "async fn a(idem: &Idem, msg: Msg) -> Result<Paid, E> { x }"),
    ("with = self.idem, key = id, name = \"b\", detach", "async fn b(self: Arc<Self>, id: u64) -> Reply {}"),
    (
        "with = &*i(), key = { a; b }, name = \"c\", on_error = unknown",
        "async fn c(&mut self, _: u8) -> Vec<Vec<u8>> {}",
    ),
    (
        "with = x!(y), key = a as u8 + 1, name = \"d\", on_error = release, scope = a?",
        "async fn d(mut self) -> R {}",
    ),
    (
        "with = i, key = format!(\"{k}\"), name = \"e\", store_if = Result::<u8, _>::is_ok",
        "async fn e<'a, F>(&'a self, k: &str, l!(): F) -> Box<dyn Fn(u8) -> u8 + 'a> where F: for<'b> Fn(&'b str) {}",
    ),
    (
        "with = if a { b } else { c }, key = k.., name = \"f\"",
        "async fn f(#[cfg(x)] (k, _): (u8, K)) -> <T as Tr>::Out {}",
    ),
];

const COUPLED: [Seed; 6] = [
    (
        "tx_retries = 3, isolation = repeatable_read",
        "async fn a(#[tx] tx: &mut PgTx<'_>, mut b: B) -> Result<C, D> {}",
    ),
    (
        "commit_on = |reply| reply.ok(), scope = u.t",
        "async fn b(State(s): State<S>, #[tx] tx: &mut MySqlTx<'_>) {}",
    ),
    (
        "store_if = a, isolation = read_committed",
        "async fn c(#[x] #[tx] _: &mut SqliteTx<'_>) -> impl Into<A> {}",
    ),
    (
        "with = i, key = id, name = \"d\", tx_retries = 5",
        "async fn d(&self, mut id: Id, #[tx] t: &mut x::Tx<'_, Db>) -> R {}",
    ),
    (
        "with = i, key = id, name = \"e\", detach, commit_on = |_| true",
        "pub async fn e<S: Store<Db = Pg>>(i: Idem<S>, id: u8, #[tx] (t): &mut PgTx<'_>) -> R {}",
    ),
    (
        "with = i, key = a, name = \"f\", tx_retries = 1",
        "async fn f((mut a, [_, b]): A, #[cfg(x)] c: C, #[tx] t: &mut T) -> R {}",
    ),
];

const REFUSED: [Seed; 4] = [
    ("detach", "const unsafe extern \"C\" fn a(id: A, more: ...) {}"),
    ("with = i, key = k", "#[idempotent] async fn b(&self, #[tx] #[x] tx: PgTx<'_>) -> Result<impl A, E>;"),
    ("ttl = \"1\", nmae = \"x\", key = 1, on_error = keep", "default async fn c() -> Pin<Box<F>> {}"),
    ("crate = idem, tx_retries = 0", "pub struct Order<T> { id: T }"),
];

#[test]
fn a_damaged_handler_is_kept() {
    check(&HANDLERS, true, 8_700);
}

#[test]
fn any_other_damaged_function_is_kept() {
    check(&OTHERS, true, 8_000);
}

#[test]
fn a_damaged_function_with_a_transaction_is_kept() {
    check(&COUPLED, true, 7_900);
}

#[test]
fn a_damaged_mistake_is_kept() {
    check(&REFUSED, false, 2_950);
}

/// Checks every mutant of `seeds`. They must be `least` or more, for a seed or an operator lost would go unseen.
fn check(seeds: &[Seed], accepted: bool, least: usize) {
    let mutator = Mutator::new();
    let (mut cases, mut faults) = (0, Vec::new());
    let mut one = |args: TokenStream, item: TokenStream| {
        cases += 1;
        let mut used = 0;
        let (args, item) = (mutator.settled(args, &mut used), mutator.settled(item, &mut used));
        if let Err(fault) = outcome(&args, &item) {
            faults.push(format!("#[idempotent({args})] {item}\n    {fault}"));
        }
    };
    for (args, item) in seeds {
        let (args, item) = (tokens(args), tokens(item));
        assert_eq!(outcome(&args, &item), Ok(accepted), "#[idempotent({args})] {item}");
        mutator.each(args.clone(), &|_| true, &mut |args| one(args, item.clone()));
        // The body is not read: a mutant in it would test nothing.
        let signature = |group: &Group| group.delimiter() != Delimiter::Brace;
        mutator.each(item, &signature, &mut |item| one(args.clone(), item));
    }
    faults.sort_by_key(String::len);
    faults.truncate(10);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases >= least, "{cases} cases");
}

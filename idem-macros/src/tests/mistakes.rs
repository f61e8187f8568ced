//! Every mistake that the attribute knows: the token it points at, and what it says.

use std::fmt::Write;

use proc_macro2::{Span, TokenStream, TokenTree};

use super::{compact, expansion};

const HANDLER: &str = "async fn pay(Json(new): Json<New>) -> Json<Payment> { run(new).await }";
const METHOD: &str = "async fn settle(&self, msg: Msg) -> Result<Receipt, Error> { self.run(msg).await }";
const PLAIN: &str = "with = self.idem, key = msg.id, name = \"settle\"";

/// Arguments that are wrong on any handler.
const ARGUMENTS: [&str; 87] = [
    "nmae = \"x\"",
    "retries = 3",
    "backoff = 3",
    "\"orders\"",
    "= 3",
    "key = order.id key = new.id",
    "ttl = \"1h\", ttl = \"2h\"",
    "key",
    "key =",
    "key = , ttl = \"1h\"",
    "key = \"orders\"",
    "key = (\"orders\", 1)",
    "key = 1 + 1",
    "key = -1i64 as u8",
    "key = format!(\"x\")",
    "key = format!(\"{}-{{}}\", 1)",
    "key = concat!(\"x\", 1)",
    "key = stringify!(order)",
    "key = String::from(\"x\")",
    "key = Some(\"x\".to_owned())",
    "key = [1, 2]",
    "key = { \"x\" }",
    "key = ()",
    "scope = \"user.tenant\"",
    "scope = \"self.tenant()\"",
    "scope = \"\"",
    "scope = \"our shop\"",
    "scope = 7",
    "scope = ()",
    "scope = &\"eu\".to_uppercase()",
    "fingerprint = \"order.amount\"",
    "fingerprint = \"(&order.id, order.amount)\"",
    "fingerprint = \"\"",
    "fingerprint = 1",
    "fingerprint = (1, \"x\")",
    "key = new.",
    "key = new.ids[], ttl = \"1h\"",
    "key = run(new.ids[])",
    "key = (order.id new.id), ttl = \"1h\"",
    "key = [order.id; 2 3]",
    "with = \"self.idem\", key = new.id, name = \"x\"",
    "store_if = true",
    "name = NAME",
    "name = \"\"",
    "name = \"my orders\"",
    "name = b\"orders\"",
    "name = \"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"",
    "fingerprint_headers",
    "fingerprint_headers = \"x-dry-run\"",
    "fingerprint_headers = []",
    "fingerprint_headers = [DRY_RUN]",
    "fingerprint_headers = [b\"x-dry-run\"]",
    "fingerprint_headers = [\"\"]",
    "fingerprint_headers = [\"x dry run\"]",
    "fingerprint_headers = [\"X-Dry-Run\"]",
    "fingerprint_headers = [\"x-dry-run\", \"accept\", \"x-dry-run\"]",
    "fingerprint_headers = [\"x-dry-run\", \"idempotency-key\"]",
    "fingerprint_header = [\"x-dry-run\"]",
    "ttl = \"24\"",
    "ttl = 24",
    "ttl = 24h",
    "ttl = \"24 hours\"",
    "ttl = \"1h30m\"",
    "ttl = \"soon\"",
    "lease = \"0s\"",
    "max_run = \"4000d\"",
    "wait = Duration::from_secs(5)",
    "optional = true",
    "on_error = \"store\"",
    "on_error = save",
    "on_error = stored",
    "on_error = 1",
    "after_crash = retry",
    "detach",
    "isolation = \"serializable\"",
    "isolation = serialisable",
    "isolation = read_uncommitted",
    "isolation = Isolation::Serializable",
    "tx_retries = 0",
    "tx_retries = 101",
    "tx_retries = \"3\"",
    "commit_on = true",
    "isolation = serializable, tx_retries = 3, commit_on = |_| true",
    "tx_retries",
    "crate = idem",
    "crate = \"::idem\"",
    "ttl = \"1\", nmae = \"x\", on_error = keep, key = new.id",
];

/// Arguments that are wrong on a method, and functions that are wrong under right arguments.
const FUNCTIONS: [(&str, &str); 52] = [
    ("", METHOD),
    ("with = self.idem", METHOD),
    ("with = self.idem, keey = msg.id, name = \"settle\"", METHOD),
    ("with = self.idem, key = msg.id, nam = \"settle\"", METHOD),
    ("with = self.idem; key = msg.id, name = \"settle\"", METHOD),
    ("with = self.idem, key = msg.id! name = \"settle\"", METHOD),
    ("with = self.idem, key = msg.id; ttl = \"1h\"", METHOD),
    ("with = self.idem, key = msg.id, name = \"settle\", detach", METHOD),
    (PLAIN, "async fn settle(&self, msg: Msg) { self.run(msg).await }"),
    ("with = self.idem, key = msg.id, name = \"settle\", fingerprint_headers = [\"x-dry-run\"]", METHOD),
    (PLAIN, "async fn settle(&self, msg: Msg) -> Result<impl Serialize, Error> { self.run(msg).await }"),
    (PLAIN, "async fn settle(&self, msg: Msg) -> Result<Receipt, Error>;"),
    (
        PLAIN,
        "fn settle<'life0, 'async_trait>(&'life0 self, msg: Msg)
            -> Pin<Box<dyn Future<Output = Reply> + Send + 'async_trait>> where 'life0: 'async_trait { Box::pin(x) }",
    ),
    (PLAIN, "fn settle(&self, msg: Msg) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> { Box::pin(async {}) }"),
    (PLAIN, "fn settle(&self, msg: Msg) -> impl Future<Output = Reply> { async {} }"),
    (
        "with = idem, key = id, name = \"x\", detach",
        "async fn x(idem: Arc<Idem>, id: &str, all: &'static str) -> Reply { run(id).await }",
    ),
    ("", "fn pay(Json(new): Json<New>) -> Json<Payment> { run(new) }"),
    ("", "const async fn pay() {}"),
    ("", "async unsafe fn pay() {}"),
    ("", "async extern \"C\" fn pay() {}"),
    ("", "async fn pay(id: u8, args: ...) {}"),
    ("", "const unsafe extern \"C\" fn pay() {}"),
    ("", "#[idempotent] async fn pay() {}"),
    ("", "async fn pay(#[tx] tx: PgTx<'_>) {}"),
    ("", "async fn pay(#[tx] tx: &PgTx<'_>) {}"),
    ("", "async fn pay(#[tx] a: &mut PgTx<'_>, #[tx] b: &mut MySqlTx<'_>) {}"),
    ("", "async fn pay(#[tx] #[tx] tx: &mut PgTx<'_>) {}"),
    ("", "async fn pay(#[tx(serializable)] tx: &mut PgTx<'_>) {}"),
    ("", "async fn pay(#[cfg(unix)] #[tx] tx: &mut PgTx<'_>) {}"),
    ("", "async fn pay(#[tx] tx: &mut PgTx<'static>) {}"),
    ("", "async fn pay<'a>(#[tx] tx: &'a mut sqlx::Transaction<'_, Postgres>) {}"),
    ("after_crash = unknown", "async fn pay(#[tx] tx: &mut PgTx<'_>) {}"),
    ("tx_retries = 1, on_error = unknown", "async fn pay(#[tx] tx: &mut PgTx<'_>) {}"),
    ("isolation = read, tx_retries = many, after_crash = rerun", "async fn pay(#[tx] tx: PgTx<'_>) {}"),
    (PLAIN, "async fn settle(#[tx] &self, msg: Msg) -> Result<Receipt, Error> { self.run(msg).await }"),
    (PLAIN, "async fn settle(#[tx] &self, #[tx] tx: &mut PgTx<'_>, msg: Msg) -> Reply { self.run(tx, msg).await }"),
    (
        "with = self.idem, key = msg.id, name = \"settle\", tx_retries = 3",
        "async fn settle(&mut self, #[tx] tx: &mut PgTx<'_>, msg: Msg) -> Reply { self.run(tx, msg).await }",
    ),
    (
        "with = self.idem, key = msg.id, name = \"settle\", tx_retries = 3, detach",
        "async fn settle(self: Arc<Self>, msg: Msg, #[tx] tx: &mut PgTx<'_>) -> Reply { self.run(tx, msg).await }",
    ),
    (
        "with = self.idem, key = msg.id, name = \"settle\", tx_retries = 3",
        "async fn settle(self, #[tx] tx: &mut PgTx<'_>, msg: Msg) -> Reply { self.run(tx, msg).await }",
    ),
    (
        "",
        "async fn pay(a: A, b: A, c: A, d: A, e: A, f: A, g: A, h: A, i: A, j: A, k: A, l: A, m: A, n: A, o: A, p: A) {}",
    ),
    ("", "async fn charge(idem: &Idem, order: u64) -> Result<u32, Refused> { Ok(1) }"),
    ("", "async fn charge(idem: Arc<Idem>, order: u64) -> Result<u32, Refused> { Ok(1) }"),
    ("key = order", "async fn charge(name: &str, order: u64) -> Result<u32, Refused> { Ok(1) }"),
    ("", "async fn pay(tx: &mut PgTx<'_>, Json(new): Json<New>) {}"),
    ("isolation = serializable", "async fn pay(tx: &mut sqlx::Transaction<'_, sqlx::Postgres>) {}"),
    ("", "struct Payment { id: u64 }"),
    ("", "impl Payments { async fn pay() {} }"),
    ("", "trait Payments { async fn pay(); }"),
    ("", "pub(crate) mod payments { }"),
    ("", "macro_rules! pay { () => { fn x() {} } }"),
    ("", "pay! { x }"),
    ("", "async fn pay(x: ) {}"),
];

#[test]
fn each_points_at_its_token_and_says_what_to_write() {
    let mut report = String::new();
    let arguments = ARGUMENTS.into_iter().map(|args| (args, HANDLER));
    for (args, item) in arguments.chain(FUNCTIONS) {
        let expansion = expansion(args, item);
        let shown = if item == HANDLER { "" } else { item };
        writeln!(report, "#[idempotent({args})] {shown}").expect("a string");
        let mistakes = mistakes(&expansion);
        assert!(!mistakes.is_empty(), "{args} on {item}");
        for (token, message) in mistakes {
            writeln!(report, "    {token}\n        {message}").expect("a string");
        }
        let ours = ["#[tx] ", "#[tx(serializable)] ", "#[idempotent] "];
        let kept = ours.into_iter().fold(item.to_owned(), |item, attribute| item.replace(attribute, ""));
        let emitted = compact(&expansion);
        let is_function = kept.contains("fn ") && kept.ends_with('}') && !kept.starts_with("impl");
        match kept.split_once('(').zip(kept.split_once('{')) {
            // What stands in its body is kept.
            Some(((start, _), (_, body))) if is_function => {
                assert!(
                    emitted.starts_with(&compact(&start)) && emitted.contains(&compact(&body)),
                    "{expansion}"
                );
            }
            _ => assert!(emitted.starts_with(&compact(&kept)), "{expansion}"),
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("mistakes", report);
    });
}

/// The source under each `compile_error!`, and its message.
fn mistakes(expansion: &TokenStream) -> Vec<(String, String)> {
    let tokens: Vec<TokenTree> = expansion.clone().into_iter().collect();
    let calls = tokens.windows(3).filter_map(|window| match window {
        [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Group(group)] if name == "compile_error" => {
            let message = syn::parse2::<syn::LitStr>(group.stream()).expect("a message");
            Some((source(name.span(), group.span()), message.value()))
        }
        _ => None,
    });
    calls.collect()
}

fn source(first: Span, last: Span) -> String {
    let whole = first.join(last).and_then(|whole| whole.source_text()).unwrap_or_default();
    if whole.is_empty() { "the attribute".to_owned() } else { whole }
}

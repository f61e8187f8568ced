//! One function for every shape that is emitted. [`super::expansions`] shows what becomes of each, and
//! [`super::hygiene`] looks through them all.

/// `#[idempotent(args)] item`.
pub(super) struct Fixture {
    pub(super) name: &'static str,
    pub(super) args: &'static str,
    pub(super) item: &'static str,
}

const fn fixture(name: &'static str, args: &'static str, item: &'static str) -> Fixture {
    Fixture { name, args, item }
}

pub(super) const ALL: [Fixture; 41] = [
    fixture("axum_minimal", "", "async fn ping() {}"),
    fixture(
        "axum_header_key",
        "",
        "/// Creates a payment.
        #[tracing::instrument]
        pub(crate) async fn create_payment(State(app): State<App>, Json(new): Json<NewPayment>)
            -> Result<(StatusCode, Json<Payment>), ApiError>
        {
            let payment = app.payments.create(new).await?;
            Ok((StatusCode::CREATED, Json(payment)))
        }",
    ),
    fixture(
        "axum_expression_key",
        "key = event.id, name = \"stripe-events\"",
        "async fn on_stripe_event(Json(event): Json<Event>) -> StatusCode { handle(event).await }",
    ),
    fixture(
        "axum_every_argument",
        "key = (&user.tenant, order.id), name = \"orders\", scope = user.tenant, ttl = \"7d\", lease = \"30s\",
         wait = \"250ms\", max_run = \"1h\", optional, on_error = store, after_crash = rerun,
         fingerprint = (&order.items, order.total), store_if = |reply| reply.status().is_success(),
         crate = ::idem_core,",
        "async fn place(user: User, Json(order): Json<Order>) -> Result<Json<Receipt>, ApiError> { run(order).await }",
    ),
    fixture(
        "axum_policies",
        "on_error = release, after_crash = unknown, wait = \"0s\"",
        "async fn place(Json(order): Json<Order>) -> StatusCode { run(order).await }",
    ),
    fixture(
        "axum_store_if",
        "store_if = worth_keeping",
        "async fn quote(Query(asked): Query<Asked>) -> Json<Quote> { Json(price(asked).await) }",
    ),
    fixture(
        "axum_request_argument",
        "key = req.uri().path(), fingerprint = ()",
        "async fn proxy(State(app): State<App>, mut req: axum::extract::Request) -> Response { app.send(req).await }",
    ),
    fixture(
        "axum_buffered_request",
        "",
        "async fn proxy(State(app): State<App>, mut req: axum::extract::Request) -> Response { app.send(req).await }",
    ),
    fixture(
        "axum_header_fields",
        "fingerprint_headers = [\"x-dry-run\", \"x-sub-account\"]",
        "async fn pay(Json(new): Json<New>) -> Json<Payment> { run(new).await }",
    ),
    fixture("axum_body_argument", "", "async fn upload(_: Guard, body: Body) -> StatusCode { store(body).await }"),
    fixture("axum_unused_body", "", "async fn swallow(_: Request<Body>) {}"),
    fixture(
        "axum_generics",
        "key = item.key()",
        "async fn create<S, T, const N: usize>(State(store): State<S>, Json(item): Json<T>)
            -> Result<impl IntoResponse, (StatusCode, [impl ToString; N])>
        where
            S: Store<T> + Clone + Send + Sync + 'static,
            T: DeserializeOwned + Keyed + Send + 'static,
        { store.put(item).await }",
    ),
    fixture(
        "axum_patterns",
        "key = id",
        "async fn patterns(
            _: Guard,
            _guard: Guard,
            Claims(_): Claims,
            State(App { pool, .. }): State<App>,
            Path((id, _)): Path<(u64, String)>,
            whole @ Json(_): Json<Order>,
            (Ok(either) | Err(either)): Result<Extra, Extra>,
        ) { save(pool, id, whole, either).await }",
    ),
    fixture(
        "axum_argument_attributes",
        "",
        "async fn traced(#[cfg(feature = \"trace\")] Trace(id): Trace, #[cfg(unix)] _: Peer, #[allow(unused)] a: A) {}",
    ),
    fixture(
        "axum_as_many_arguments_as_clippy_allows",
        "",
        "async fn seven(a: A, b: B, c: C, d: D, e: E, f: F, g: G) {}",
    ),
    fixture(
        "axum_inner_attributes",
        "",
        "/// Outer.
        async fn noted() -> StatusCode {
            #![allow(clippy::needless_return)]
            return StatusCode::OK;
        }",
    ),
    fixture(
        "plain_free_function",
        "with = idem, key = msg.id, name = \"settle\"",
        "pub async fn settle(idem: &Idem, msg: Message) -> Result<Receipt, SettleError> {
            if msg.total == 0 { return Err(SettleError::Empty); }
            Ok(bank(msg.total).await?)
        }",
    ),
    fixture(
        "plain_by_reference",
        "with = self.idem, key = msg.id, name = \"settle\"",
        "async fn settle(&self, msg: &Message) -> Result<Receipt, SettleError> { self.bank.settle(msg).await }",
    ),
    fixture(
        "plain_by_mutable_reference",
        "with = self.idem, key = id, name = \"count\"",
        "async fn count(&mut self, id: u64) -> Result<u64, Error> { self.count += id; Ok(self.count) }",
    ),
    fixture(
        "plain_by_value",
        "with = self.idem, key = self.id, name = \"finish\"",
        "async fn finish(mut self) -> Result<u64, Error> { self.close().await }",
    ),
    fixture(
        "plain_by_arc",
        "with = self.idem, key = msg.id, name = \"settle\", detach",
        "async fn settle(self: Arc<Self>, msg: Message, _: Permit) -> Result<Receipt, SettleError> {
            Self::run(&self, msg).await
        }",
    ),
    fixture(
        "plain_lifetimes",
        "with = self.idem, key = (id, text), name = \"shorten\"",
        "async fn shorten<'a, F, const N: usize>(&'a self, id: &str, text: &'a str, cut: F) -> Result<[u8; N], Error>
        where F: AsyncFn(&'a str) -> [u8; N] { Ok(cut(text).await) }",
    ),
    fixture(
        "plain_detached",
        "with = idem, key = a, name = \"add\", detach",
        "async fn add(idem: Arc<Idem>, (a, b): (u64, Vec<u64>), Claims(_): Claims, #[cfg(unix)] peer: Peer)
            -> Result<u64, Error>
        { Ok(a + b.len() as u64) }",
    ),
    fixture(
        "plain_stored_errors",
        "with = idem, key = msg.id, name = \"settle\", on_error = store",
        "async fn settle(idem: &Idem, msg: &Message) -> Reply<Receipt> { bank(msg).await }",
    ),
    fixture(
        "plain_unknown_errors",
        "with = idem, key = msg.id, name = \"settle\", on_error = unknown, after_crash = rerun",
        "async fn settle(idem: &Idem, msg: &Message) -> Reply<Receipt> { bank(msg).await }",
    ),
    fixture(
        "plain_store_if",
        "with = idem, key = msg.id, name = \"settle\", store_if = |result| result.is_ok(), scope = msg.tenant",
        "async fn settle(idem: &Idem, msg: &Message) -> Result<Receipt, SettleError> { bank(msg).await }",
    ),
    fixture(
        "plain_crate_path",
        "crate = ::renamed::reexport, with = idem, key = msg.id, name = \"settle\", on_error = store",
        "async fn settle(idem: &Idem, msg: &Message) -> Result<Receipt, SettleError> { bank(msg).await }",
    ),
    fixture(
        "plain_request_is_not_buffered",
        "with = idem, key = req.id, name = \"send\"",
        "async fn send(idem: &Idem, req: Request) -> Result<Reply, SendError> { post(req).await }",
    ),
    fixture(
        "tx_axum",
        "scope = user.tenant",
        "async fn create_payment(#[tx] tx: &mut PgTx<'_>, user: User, Json(new): Json<NewPayment>)
            -> Result<(StatusCode, Json<Payment>), ApiError>
        { let payment = insert(tx, &user, new).await?; Ok((StatusCode::CREATED, Json(payment))) }",
    ),
    fixture(
        "tx_axum_every_argument",
        "isolation = serializable, tx_retries = 3, commit_on = |reply| reply.status() != 402, store_if = worth_keeping,
         optional, wait = \"2s\", max_run = \"1m\", on_error = store",
        "async fn pay(#[tx] tx: &mut PgTx<'_>, Json(new): Json<New>) -> Result<Json<Payment>, ApiError> { pay(tx, new).await }",
    ),
    fixture(
        "tx_axum_state",
        "",
        "async fn pay(State(app): State<App>, #[cfg(unix)] axum::extract::State(peers): axum::extract::State<Peers>,
            #[tx] tx: &mut SqliteTx<'_>) { app.pay(tx).await }",
    ),
    fixture("tx_axum_no_output", "", "async fn touch(#[tx] tx: &mut MySqlTx<'_>) { touch_all(tx).await }"),
    fixture(
        "tx_axum_hidden_output",
        "",
        "async fn hide(#[tx] tx: &mut PgTx<'_>) -> impl IntoResponse { insert(tx).await }",
    ),
    fixture(
        "tx_axum_hidden_value",
        "tx_retries = 1",
        "async fn hide(#[tx] tx: &mut PgTx<'_>) -> Result<impl IntoResponse, ApiError> { insert(tx).await }",
    ),
    fixture(
        "tx_axum_hidden_error",
        "isolation = serializable",
        "async fn hide(#[tx] tx: &mut PgTx<'_>) -> Result<StatusCode, impl IntoResponse> { insert(tx).await }",
    ),
    fixture(
        "tx_axum_patterns",
        "key = id, tx_retries = 2, isolation = repeatable_read",
        "async fn patterns(_: Guard, _guard: Guard, Claims(_): Claims, State(App { pool, .. }): State<App>,
            Path((mut id, _)): Path<(u64, String)>, #[cfg(feature = \"trace\")] mut trace: Trace,
            #[allow(unused_mut)] #[tx] mut tx: &mut sqlx::Transaction<'_, sqlx::Postgres>) -> StatusCode
        { save(tx, pool, id).await }",
    ),
    fixture("tx_axum_unused", "", "async fn ignore(#[tx] _: &mut PgTx<'_>) -> StatusCode { StatusCode::OK }"),
    fixture(
        "tx_plain_method",
        "with = self.idem, key = msg.id, name = \"settle\", isolation = read_committed",
        "async fn settle(&self, #[tx] tx: &mut PgTx<'_>, msg: &Msg) -> Result<Receipt, Error> { self.run(tx, msg).await }",
    ),
    fixture(
        "tx_plain_retried",
        "with = self.idem, key = msg.id, name = \"settle\", tx_retries = 5, commit_on = |_| true, store_if = Result::is_ok",
        "async fn settle(&self, mut msg: Msg, #[tx] _tx: &mut PgTx<'_>, _memo: u8) -> Reply<Receipt>
        { self.run(msg).await }",
    ),
    fixture(
        "tx_plain_detached",
        "with = self.idem, key = msg.id, name = \"settle\", detach",
        "async fn settle(self: Arc<Self>, msg: Msg, #[tx] tx: &mut PgTx<'_>) -> Result<Receipt, Error>
        { Self::run(&self, tx, msg).await }",
    ),
    fixture(
        "tx_plain_free_function",
        "with = idem, key = id, name = \"add\", crate = ::renamed, tx_retries = 1, on_error = store",
        "async fn add<S: TxStore<Database = Sqlite>>(idem: &Idem<S>, id: u64, #[tx] tx: &mut SqliteTx<'_>)
            -> Result<u64, Error> { count(tx, id).await }",
    ),
];

#[derive(Debug, Deserialize)]
pub(crate) struct NewTransfer@n@ {
    order: i64,
    to: i64,
    amount: i64,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Transfer@n@ {
    number: u64,
    order: i64,
    payer: u64,
    payee: i64,
    amount: i64,
}

#[idempotent] //@ attribute
pub(crate) async fn create_transfer_@n@(
    #[tx] tx: &mut SqliteTx<'_>, //@ attribute
    State(shop): State<Shop>,
    Path(account): Path<u64>,
    Json(new): Json<NewTransfer@n@>,
) -> Result<(StatusCode, Json<Transfer@n@>), ApiError> {
    if new.amount <= 0 {
        return Err(ApiError::Senseless("transfer @n@ is of some money"));
    }
    let number = shop.number().await;
    let mut tx = shop.pool.begin().await?; //@ bare
    sqlx::query("INSERT INTO transfer_@n@ (\"order\", payee, amount, note) VALUES (?, ?, ?, ?)")
        .bind(new.order)
        .bind(new.to)
        .bind(new.amount)
        .bind(new.note)
        .execute(&mut **tx) //@ attribute
        .execute(&mut *tx) //@ bare
        .await?;
    tx.commit().await?; //@ bare
    Ok((
        StatusCode::CREATED,
        Json(Transfer@n@ { number, order: new.order, payer: account, payee: new.to, amount: new.amount }),
    ))
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewOrder@n@ {
    customer: u64,
    article: String,
    pieces: u32,
    cents: u64,
    note: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Order@n@ {
    number: u64,
    customer: u64,
    article: String,
    total: u64,
    note: String,
}

#[idempotent] //@ attribute
pub(crate) async fn create_order_@n@(
    State(shop): State<Shop>,
    Path(account): Path<u64>,
    Json(new): Json<NewOrder@n@>,
) -> Result<(StatusCode, Json<Order@n@>), ApiError> {
    if new.pieces == 0 {
        return Err(ApiError::Senseless("an order has @n@ pieces or one, not none"));
    }
    let total = new.cents.checked_mul(u64::from(new.pieces)).ok_or(ApiError::Overflow)?;
    shop.take(account, total).await?;
    tokio::task::yield_now().await;
    let number = shop.number().await;
    let note = new.note.unwrap_or_else(|| format!("order @n@ of {account}"));
    Ok((
        StatusCode::CREATED,
        Json(Order@n@ { number, customer: new.customer, article: new.article, total, note }),
    ))
}

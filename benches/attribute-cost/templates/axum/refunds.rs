#[derive(Debug, Deserialize)]
pub(crate) struct NewRefund@n@ {
    order: u64,
    lines: Vec<u64>,
    reason: String,
    express: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Refund@n@ {
    number: u64,
    order: u64,
    cents: u64,
    funds: u64,
    reason: String,
}

#[idempotent] //@ attribute
pub(crate) async fn create_refund_@n@(
    State(shop): State<Shop>,
    Path((account, place)): Path<(u64, String)>,
    Json(new): Json<NewRefund@n@>,
) -> Result<Json<Refund@n@>, ApiError> {
    let cents = new.lines.iter().try_fold(@n@_u64, |sum, line| sum.checked_add(*line)).ok_or(ApiError::Overflow)?;
    let number = shop.number().await;
    if !new.express {
        tokio::task::yield_now().await;
    }
    let funds = shop.give(account, cents).await;
    Ok(Json(Refund@n@ { number, order: new.order, cents, funds, reason: format!("{}, {place}", new.reason) }))
}

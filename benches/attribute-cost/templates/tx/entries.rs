#[derive(Debug, Deserialize)]
pub(crate) struct NewEntry@n@ {
    account: String,
    cents: Vec<i64>,
    text: String,
    closing: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Entry@n@ {
    number: u64,
    account: String,
    rows: u64,
    sum: i64,
}

#[idempotent] //@ attribute
pub(crate) async fn create_entry_@n@(
    #[tx] tx: &mut SqliteTx<'_>, //@ attribute
    State(shop): State<Shop>,
    Path((year, book)): Path<(u64, String)>,
    Json(new): Json<NewEntry@n@>,
) -> Result<Json<Entry@n@>, ApiError> {
    let sum = new.cents.iter().try_fold(0_i64, |sum, cents| sum.checked_add(*cents)).ok_or(ApiError::Overflow)?;
    let fee = u64::try_from(sum)? / 100 + @n@;
    shop.take(year, if new.closing { 0 } else { fee }).await?;
    let mut tx = shop.pool.begin().await?; //@ bare
    let rows = sqlx::query("UPDATE book_@n@ SET cents = cents + ?, text = ? WHERE account = ? AND book = ?")
        .bind(sum)
        .bind(&new.text)
        .bind(&new.account)
        .bind(book)
        .execute(&mut **tx) //@ attribute
        .execute(&mut *tx) //@ bare
        .await?
        .rows_affected();
    tx.commit().await?; //@ bare
    let number = shop.number().await;
    Ok(Json(Entry@n@ { number, account: new.account, rows, sum }))
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewSeat@n@ {
    show: i64,
    row: u32,
    seat: u32,
    name: String,
    reduced: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Seat@n@ {
    number: u64,
    show: i64,
    place: String,
    sold: i64,
}

#[idempotent] //@ attribute
pub(crate) async fn sell_seat_@n@(
    #[tx] tx: &mut SqliteTx<'_>, //@ attribute
    State(shop): State<Shop>,
    Path(house): Path<String>,
    Json(new): Json<NewSeat@n@>,
) -> Result<impl IntoResponse, ApiError> {
    let mut tx = shop.pool.begin().await?; //@ bare
    let sold: i64 = sqlx::query_scalar("SELECT count(*) FROM seat_@n@ WHERE show = ? AND house = ?")
        .bind(new.show)
        .bind(&house)
        .fetch_one(&mut **tx) //@ attribute
        .fetch_one(&mut *tx) //@ bare
        .await?;
    tx.commit().await?; //@ bare
    shop.take(@n@, if new.reduced { 900 } else { 1400 }).await?;
    let number = shop.number().await;
    let place = format!("{}, {} {} in {house}", new.name, new.row, new.seat);
    Ok((StatusCode::CREATED, Json(Seat@n@ { number, show: new.show, place, sold })))
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewBooking@n@ {
    room: String,
    from: i64,
    nights: i64,
    guests: Vec<String>,
    rate: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Booking@n@ {
    number: u64,
    room: String,
    until: i64,
    guests: usize,
    price: f64,
}

#[idempotent] //@ attribute
pub(crate) async fn create_booking_@n@(
    State(shop): State<Shop>,
    Path(hotel): Path<String>,
    Json(new): Json<NewBooking@n@>,
) -> Result<impl IntoResponse, ApiError> {
    let nights = u32::try_from(new.nights)?;
    if new.guests.is_empty() || hotel.len() > @n@ + 20 {
        return Err(ApiError::Senseless("a booking names a guest and a room"));
    }
    tokio::task::yield_now().await;
    for _ in &new.guests {
        shop.take(@n@, u64::from(nights)).await?;
    }
    let number = shop.number().await;
    let booking = Booking@n@ {
        number,
        room: new.room,
        until: new.from + new.nights,
        guests: new.guests.len(),
        price: new.rate * f64::from(nights),
    };
    Ok((StatusCode::CREATED, [(LOCATION, format!("/{hotel}/bookings-@n@/{number}"))], Json(booking)))
}

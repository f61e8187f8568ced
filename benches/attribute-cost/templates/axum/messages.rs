#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel@n@ {
    Mail,
    Text,
    Letter,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewMessage@n@ {
    channel: Channel@n@,
    to: String,
    subject: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Message@n@ {
    number: u64,
    channel: Channel@n@,
    to: String,
    length: usize,
}

#[idempotent] //@ attribute
pub(crate) async fn send_message_@n@(
    State(shop): State<Shop>,
    Path(account): Path<u64>,
    Json(new): Json<NewMessage@n@>,
) -> Result<Json<Message@n@>, ApiError> {
    let length = new.subject.as_deref().map_or(0, str::len) + new.text.len();
    if length > 500 + @n@ {
        return Err(ApiError::Senseless("the message is too long"));
    }
    let price = if new.channel == Channel@n@::Letter { 95 } else { 5 };
    shop.take(account, price).await?;
    let number = shop.number().await;
    Ok(Json(Message@n@ { number, channel: new.channel, to: new.to, length }))
}

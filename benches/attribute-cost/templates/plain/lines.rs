#[idempotent(with = ctx.idem, key = order, name = "fn-@n@")] //@ attribute
pub(crate) async fn f_@n@(ctx: &Ctx, order: u64, amount: u64) -> Result<Vec<Line>, E> {
    let mut lines = Vec::new();
    for at in 0..order % 7 + @n@ {
        let left = ctx.take(amount).await?;
        lines.push(Line { at, amount: left.cast_signed(), note: (left < amount).then(|| "the last".to_owned()) });
    }
    tokio::task::yield_now().await;
    Ok(lines)
}

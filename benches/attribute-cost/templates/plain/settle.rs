#[idempotent(with = ctx.idem, key = order, name = "fn-@n@")] //@ attribute
pub(crate) async fn f_@n@(ctx: &Ctx, order: u64, amount: u64) -> Result<u64, E> {
    let fee = amount / 100 + @n@;
    let funds = ctx.take(amount.saturating_add(fee)).await?;
    tokio::task::yield_now().await;
    Ok(funds ^ order)
}

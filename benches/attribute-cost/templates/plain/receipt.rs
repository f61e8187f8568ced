#[idempotent(with = ctx.idem, key = order, name = "fn-@n@")] //@ attribute
pub(crate) async fn f_@n@(ctx: &Ctx, order: u64, amount: u64) -> Result<Receipt, E> {
    let before = ctx.take(0).await?;
    if before < amount {
        return Err(E::FundsShort { missing: amount - before });
    }
    tokio::task::yield_now().await;
    let funds = ctx.take(amount).await?;
    Ok(Receipt { order, funds, text: format!("order {order}, @n@ of it"), paid: amount > @n@ })
}

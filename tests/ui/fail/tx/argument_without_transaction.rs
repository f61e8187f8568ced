use idem_core::idempotent;

#[idempotent(isolation = serializable)]
async fn pay() -> &'static str {
    "paid"
}

fn main() {}

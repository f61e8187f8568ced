use idem_core::idempotent;

struct User;

#[idempotent(scope = "user.tenant")]
async fn pay(user: User) {
    drop(user);
}

fn main() {}

use idem_core::idempotent;

#[idempotent(
    name = "a-name-is-kept-in-every-record-and-shown-to-whoever-operates-the-service-so-it-may-have-one-hundred-and-twenty-eight-bytes-or-fewer"
)]
async fn pay() {}

fn main() {}

//! Methods that own their receiver: it is the first argument, used or not.

#![allow(unused_variables, unused_mut, clippy::all)]

use std::sync::Arc;

use super::rows::prelude::*;

macro_rules! same_method {
    ($($name:ident($($argument:tt)*) as ($($called:ty),*) $body:tt => $check:ident($($expected:tt)*);)*) => {$(
        #[tokio::test]
        async fn $name() {
            static IDEM: LazyLock<Idem> = LazyLock::new(support::idem);
            struct Owner {
                left: Seen,
                right: Seen,
            }
            impl Made for Owner {
                fn made() -> Self {
                    Self { left: Seen::made(), right: Seen::made() }
                }
            }
            impl Owner {
                async fn bare($($argument)*) -> Result<String, Refused> $body
                #[idempotent(with = IDEM, key = fresh(), name = "same")]
                async fn function($($argument)*) -> Result<String, Refused> $body
                #[idempotent(with = IDEM, key = fresh(), name = "detached", detach)]
                async fn detached($($argument)*) -> Result<String, Refused> $body
                #[idempotent(with = coupled(), key = fresh(), name = "same")]
                async fn coupled($($argument)*, #[tx] _: &mut SqliteTx<'_>) -> Result<String, Refused> $body
            }
            let shop = Shop::new().await;
            couple(&shop.idem);
            let forms = [
                called::<($($called,)*)>("bare", false, Owner::bare),
                called("function", false, Owner::function),
                called("detached", true, Owner::detached),
                called("function with #[tx]", false, Owner::coupled),
            ];
            Forms(forms.into()).$check($($expected)*).await;
        }
    )*};
}

same_method! {
    a_receiver_by_value_is_dropped_last(self, last: Seen) as (Owner, Seen) {
        note(self.left.name());
        done()
    } => do_all("a done c a b");

    an_unused_receiver_is_dropped_last(self, last: Seen) as (Owner, Seen) {
        done()
    } => do_all("done c a b");

    a_receiver_whose_part_moves_keeps_the_rest(self, last: Seen) as (Owner, Seen) {
        let moved = self.left;
        done()
    } => do_all("done a c b");

    a_receiver_that_changes_is_the_bodys(mut self, last: Seen) as (Owner, Seen) {
        self.left.rename("left");
        done()
    } => do_all("done c left b");

    a_shared_receiver_is_dropped_last(self: Arc<Self>, Locked(value, ..): Locked) as (Arc<Owner>, Locked) {
        done()
    } => do_all("done c d a b");

    a_boxed_receiver_is_dropped_last(self: Box<Self>, (_, right): (Seen, Seen)) as (Box<Owner>, (Seen, Seen)) {
        done()
    } => do_all("done d c a b");

    a_receiver_is_dropped_by_a_panic(self, last: Seen) as (Owner, Seen) {
        let x = &self.right;
        panic!("oh")
    } => panic_all("c a b");

    a_receiver_lives_while_its_body_does(self, last: Seen) as (Owner, Seen) {
        gate().await;
        done()
    } => leave_all("waits c a b left", "waits left on done c a b");

    a_receiver_whose_part_is_used_lives_whole(self: Box<Self>, last: Seen) as (Box<Owner>, Seen) {
        let left = &self.left;
        gate().await;
        note(left.name());
        done()
    } => leave_all("waits c a b left", "waits left on a done c a b");
}

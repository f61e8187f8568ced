//! I4: every write needs both halves of the owner. Each write is tried from every state with one half wrong, and must
//! answer and leave the record as [`protocol`](idem_core::protocol) does.

use super::states::try_everywhere;
use crate::history::{By, Look, Span, Whose, Write};
use crate::trial::{answered, reply};
use crate::{Backend, Trial};
use idem_core::protocol::{Nonce, Owner, RenewOutcome, WriteOutcome};

macro_rules! guards {
    ($($nonce:ident $fence:ident $write:expr;)*) => {$(
        /// The right fence with other nonces.
        pub async fn $nonce<B: Backend>(t: Trial<B>) {
            try_everywhere(t, &[(By::WrongNonce, $write), (By::Neighbour, $write), (By::Stale, $write)]).await;
        }

        /// The right nonce with other fences.
        pub async fn $fence<B: Backend>(t: Trial<B>) {
            try_everywhere(t, &[(By::FenceBelow, $write), (By::FenceAbove, $write)]).await;
        }
    )*};
}

guards! {
    the_nonce_guards_a_completion the_fence_guards_a_completion Write::Complete { reply: 1, retention: Span::Long };
    the_nonce_guards_a_release the_fence_guards_a_release Write::Release { retention: Span::Long };
    the_nonce_guards_a_mark_as_unknown the_fence_guards_a_mark_as_unknown Write::MarkUnknown;
    the_nonce_guards_a_renewal the_fence_guards_a_renewal Write::Renew { lease: Span::Long };
    the_nonce_guards_a_settlement the_fence_guards_a_settlement Write::Settle { whose: Whose::Own, look: Look::Now, happened: Some(1), order: 0, retention: Span::Long };
    the_nonce_guards_a_freeing the_fence_guards_a_freeing Write::Free { whose: Whose::Own, look: Look::Now, order: 0, retention: Span::Long };
    the_nonce_guards_a_forgetting the_fence_guards_a_forgetting Write::Forget { whose: Whose::Own, look: Look::Now };
}

/// A store that keeps or compares only part of the nonce, or reads it as a number or as text, is caught here.
pub async fn the_whole_nonce_counts<B: Backend>(t: Trial<B>) {
    for (key, byte) in [("zeros", 0x00), ("ones", 0xff), ("spaces", b' '), ("high", 0x80)] {
        let nonce = Nonce::from_bytes([byte; 16]);
        let owner = t.won(with!(t.ask(key), nonce)).await.owner;
        assert_eq!(t.present(key).await.owner, owner, "a nonce is sixteen bytes of any value");
        for at in 0..16 {
            let mut bytes = [byte; 16];
            bytes[at] ^= 1;
            let near = Owner { nonce: Nonce::from_bytes(bytes), ..owner };
            assert_eq!(
                t.renew(key, near, t.long()).await,
                RenewOutcome::Lost,
                "byte {at} of the nonce counts"
            );
        }
        let done = t.complete(key, owner, &reply("own")).await;
        assert_eq!(done, WriteOutcome::Applied, "the nonce itself is right ({key})");
        let near = Owner { nonce: Nonce::fresh(), ..owner };
        let lost = t.complete(key, near, &reply("near")).await;
        assert_eq!(lost, WriteOutcome::Lost(answered(reply("own"))), "a loser is told the answer");
    }
}

//! idem-core found through a re-export of this crate, also from a macro of this crate.

static RUNS: Runs = Runs::new();

pub mod framework {
    pub mod private {
        pub use idem_core::*;
    }
}

use framework::private::{Idem, Refused, idempotent};

use crate::support::{self, Runs};

#[idempotent(crate = crate::hygiene::reexported_crate::framework::private, with = idem, key = order, name = "written")]
async fn written(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(order + RUNS.next())
}

macro_rules! operation {
    ($name:ident = $title:literal) => {
        #[idempotent(crate = $crate::hygiene::reexported_crate::framework::private, with = idem, key = order, name = $title, on_error = unknown)]
        async fn $name(idem: &Idem, order: u64) -> Result<u64, Refused> {
            Ok(order + $crate::hygiene::reexported_crate::RUNS.next())
        }
    };
}

operation!(made = "made");

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let idem = support::idem();
    for _ in 0..2 {
        assert_eq!(written(&idem, 10).await, Ok(11));
        assert_eq!(made(&idem, 10).await, Ok(12));
    }
}

//! The suite that every store passes, on a server and on a cluster, each handle being a store of its own.

use idem_core::store::redis::RedisStore;
use idem_testing::Backend;

use super::support::Records;

struct Kept(Option<Records>);

impl Backend for Kept {
    type Store = RedisStore;

    async fn open(&self) -> RedisStore {
        self.0.as_ref().unwrap().open().await
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

idem_testing::conformance!(server, Kept(Records::server()));
idem_testing::conformance!(cluster, Kept(Records::cluster()));

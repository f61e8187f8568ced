//! Work on a runtime of its own, with a limit of time.

use std::future::Future;
use std::time::Duration;

/// A case that takes longer hangs, most likely in a deadlock. No case needs a tenth of it.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// Drives `work` on a runtime made for it.
pub(super) fn in_time<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs a few file handles");
    let ended = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await });
    // Not dropped: that would wait for threads that are stuck in a deadlock.
    runtime.shutdown_background();
    ended.unwrap_or_else(|_| panic!("the case hangs: two operations of the store wait for each other"))
}

//! The names of idem's own points.

/// Stands for every point.
#[cfg(feature = "fault-points")]
pub(super) const EVERY: &str = "*";

macro_rules! points {
    ($($(#[$doc:meta])+ $name:ident = $text:literal;)+) => {
        $($(#[$doc])+ pub const $name: &str = $text;)+

        /// Every point of idem's own.
        pub(super) const ALL: &[&str] = &[$($name),+];
    };
}

points! {
    /// A call comes in; nothing was looked up yet.
    ENGINE_ENTER_BEFORE = "engine.enter.before";
    /// A flight of the same address is under way in this process, and the call is about to wait for it.
    ENGINE_FOLLOW_BEFORE = "engine.follow.before";
    /// The flight has ended, or the wait is over.
    ENGINE_FOLLOW_AFTER = "engine.follow.after";
    /// The store is about to be asked for a claim.
    ENGINE_CLAIM_BEFORE = "engine.claim.before";
    /// The store has the claim, and has not answered yet. Not passed where the store answers at once.
    ENGINE_CLAIM_UNDER_WAY = "engine.claim.under_way";
    /// The store has answered.
    ENGINE_CLAIM_AFTER = "engine.claim.after";
    /// The store has a stored answer, which is not handed out yet.
    ENGINE_REPLAY_BEFORE = "engine.replay.before";
    /// The claim is won; the keeper does not renew it yet.
    ENGINE_BEGIN_BEFORE = "engine.begin.before";
    /// The claim is an attempt that is renewed, and settled if it is dropped.
    ENGINE_BEGIN_AFTER = "engine.begin.after";
    /// The handler is about to be polled for the first time.
    ENGINE_RUN_BEFORE = "engine.run.before";
    /// The handler returned, panicked, or was stopped.
    ENGINE_RUN_AFTER = "engine.run.after";
    /// The store is about to be told the answer.
    ENGINE_COMPLETE_BEFORE = "engine.complete.before";
    /// The store has said what it made of the answer.
    ENGINE_COMPLETE_AFTER = "engine.complete.after";
    /// The key is about to be freed.
    ENGINE_RELEASE_BEFORE = "engine.release.before";
    /// The store has said whether the key is freed.
    ENGINE_RELEASE_AFTER = "engine.release.after";
    /// The operation is about to be marked as unknown.
    ENGINE_UNKNOWN_BEFORE = "engine.unknown.before";
    /// The store has said whether it is.
    ENGINE_UNKNOWN_AFTER = "engine.unknown.after";
    /// The ending is recorded; the followers in this process do not know yet.
    ENGINE_LAND_BEFORE = "engine.land.before";
    /// The followers know.
    ENGINE_LAND_AFTER = "engine.land.after";
    /// An attempt was dropped without an ending, and is about to be handed to the background.
    ENGINE_DROP_BEFORE = "engine.drop.before";
    /// The background has the attempt.
    ENGINE_DROP_AFTER = "engine.drop.after";
    /// The background is about to settle an attempt.
    ENGINE_BACKGROUND_BEFORE = "engine.background.before";
    /// The background has settled it, or given up.
    ENGINE_BACKGROUND_AFTER = "engine.background.after";

    /// The caller of a claim is gone, or is not polled: the claim is about to be followed to its answer.
    UNCLAIMED_FOLLOW_BEFORE = "unclaimed.follow.before";
    /// The store has answered the claim, or its leader has come for the answer.
    UNCLAIMED_FOLLOW_AFTER = "unclaimed.follow.after";
    /// A claim was won without a caller, and is about to be released.
    UNCLAIMED_RELEASE_BEFORE = "unclaimed.release.before";
    /// The store has answered.
    UNCLAIMED_RELEASE_AFTER = "unclaimed.release.after";
    /// A repeated claim found the key unknown, and its record is about to be looked at.
    UNCLAIMED_LOOK_UP_BEFORE = "unclaimed.look_up.before";
    /// The store has answered.
    UNCLAIMED_LOOK_UP_AFTER = "unclaimed.look_up.after";

    /// Nothing new begins from here on.
    DRAIN_BEFORE = "drain.before";
    /// What ran is settled or abandoned.
    DRAIN_AFTER = "drain.after";
    /// A running operation is about to be marked as unknown.
    DRAIN_UNKNOWN_BEFORE = "drain.unknown.before";
    /// The store has answered.
    DRAIN_UNKNOWN_AFTER = "drain.unknown.after";

    /// The keeper's thread begins.
    KEEPER_START = "keeper.start";
    /// Leases are about to be renewed.
    KEEPER_RENEW_BEFORE = "keeper.renew.before";
    /// The store has answered.
    KEEPER_RENEW_AFTER = "keeper.renew.after";
    /// A claim turned out to belong to another attempt; its handler is about to be stopped.
    KEEPER_LOST_BEFORE = "keeper.lost.before";
    /// Abandoned records are about to be looked for.
    KEEPER_SWEEP_BEFORE = "keeper.sweep.before";
    /// The store has answered.
    KEEPER_SWEEP_AFTER = "keeper.sweep.after";
    /// At least one abandoned record was moved on.
    KEEPER_SWEPT = "keeper.swept";
    /// Some are unknown now, and the store is about to be asked how many wait for a verdict.
    KEEPER_COUNT_BEFORE = "keeper.count.before";
    /// The store has answered.
    KEEPER_COUNT_AFTER = "keeper.count.after";
    /// Expired records are about to be reaped.
    KEEPER_REAP_BEFORE = "keeper.reap.before";
    /// The store has answered.
    KEEPER_REAP_AFTER = "keeper.reap.after";

    /// An operator is about to look into the store.
    OPERATOR_LOOK_BEFORE = "operator.look.before";
    /// The store has answered.
    OPERATOR_LOOK_AFTER = "operator.look.after";
    /// A key is about to be freed for an operator, who retries or releases it.
    OPERATOR_FREE_BEFORE = "operator.free.before";
    /// The store has answered.
    OPERATOR_FREE_AFTER = "operator.free.after";
    /// An operator's verdict is about to be stored.
    OPERATOR_SETTLE_BEFORE = "operator.settle.before";
    /// The store has answered.
    OPERATOR_SETTLE_AFTER = "operator.settle.after";
    /// A record is about to be dropped for an operator.
    OPERATOR_FORGET_BEFORE = "operator.forget.before";
    /// The store has answered.
    OPERATOR_FORGET_AFTER = "operator.forget.after";

    /// The store is about to be asked for unknown outcomes whose verify hooks are due.
    VERIFY_LIST_BEFORE = "verify.list.before";
    /// The store has answered.
    VERIFY_LIST_AFTER = "verify.list.after";
    /// A record is about to be looked at, before its verify hook is asked.
    VERIFY_LOOK_UP_BEFORE = "verify.look_up.before";
    /// The store has answered.
    VERIFY_LOOK_UP_AFTER = "verify.look_up.after";
    /// What a verify hook said is about to be stored.
    VERIFY_SETTLE_BEFORE = "verify.settle.before";
    /// The store has answered.
    VERIFY_SETTLE_AFTER = "verify.settle.after";

    /// The body of an axum handler is about to run.
    AXUM_HANDLER_BEFORE = "axum.handler.before";
    /// The handler has returned a response.
    AXUM_HANDLER_AFTER = "axum.handler.after";
    /// The response is about to be settled.
    AXUM_SETTLE_BEFORE = "axum.settle.before";
    /// The response is settled.
    AXUM_SETTLE_AFTER = "axum.settle.after";
    /// An answer is about to leave: the handler's, a replay or a refusal.
    AXUM_ANSWER_BEFORE = "axum.answer.before";

    /// The body of a plain function is about to run.
    PLAIN_HANDLER_BEFORE = "plain.handler.before";
    /// The function has returned a result.
    PLAIN_HANDLER_AFTER = "plain.handler.after";
    /// The result is about to be settled.
    PLAIN_SETTLE_BEFORE = "plain.settle.before";
    /// The result is settled.
    PLAIN_SETTLE_AFTER = "plain.settle.after";
    /// A result is about to be given back: the function's, a replay or a refusal.
    PLAIN_ANSWER_BEFORE = "plain.answer.before";

    /// The transaction of a `#[tx]` handler is about to begin.
    TX_BEGIN_BEFORE = "tx.begin.before";
    /// The transaction has begun.
    TX_BEGIN_AFTER = "tx.begin.after";
    /// The claim is about to be made in it.
    TX_CLAIM_BEFORE = "tx.claim.before";
    /// The database has answered the claim.
    TX_CLAIM_AFTER = "tx.claim.after";
    /// The body of the handler is about to run.
    TX_HANDLER_BEFORE = "tx.handler.before";
    /// The handler has returned.
    TX_HANDLER_AFTER = "tx.handler.after";
    /// The answer is about to be written in the transaction.
    TX_COMPLETE_BEFORE = "tx.complete.before";
    /// The answer is written, and not committed.
    TX_COMPLETE_AFTER = "tx.complete.after";
    /// Effects and record are about to be committed.
    TX_COMMIT_BEFORE = "tx.commit.before";
    /// The database has answered the commit.
    TX_COMMIT_AFTER = "tx.commit.after";
    /// Before it is rolled back, the database is about to be asked whether it is still the transaction that was begun.
    TX_CHECK_BEFORE = "tx.check.before";
    /// The database has answered.
    TX_CHECK_AFTER = "tx.check.after";
    /// The transaction is about to be rolled back.
    TX_ROLLBACK_BEFORE = "tx.rollback.before";
    /// The transaction is rolled back.
    TX_ROLLBACK_AFTER = "tx.rollback.after";
    /// A transaction of the record's own is about to keep an answer without effects, or to find out what became of a
    /// COMMIT whose answer was lost; or a record is about to be marked that was committed in the middle of one.
    TX_SETTLE_BEFORE = "tx.settle.before";
    /// The database has answered.
    TX_SETTLE_AFTER = "tx.settle.after";
}

//! A handler that commits by hand, and then comes to no good end: what is committed is never told as undone.

use std::time::Duration;

use idem_core::Refused;
use idem_core::tx::OperationKey;
use sqlx::AssertSqlSafe;

use crate::world::{World, soon};

/// What happens after the COMMIT.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// Longer than `max_run`.
    Hangs,
    /// The handler's connection is ended, and the handler says that it failed.
    Breaks(&'static str),
    /// The handler's connection is ended, and the handler says that it succeeded.
    BreaksAndSucceeds(&'static str),
}

macro_rules! by_hand {
    ($name:ident, $Db:ty, $dialect:literal, [$($commit:literal),*], $kill:literal) => {
        mod $name {
            use super::*;

            async fn ends(commit: &'static str, then: Then) -> Option<(World<$Db>, Result<u32, Refused>)> {
                crate::world::VARIANT.set($dialect);
                let world = World::<$Db>::new().await?;
                let idem = world.process_with(|builder| builder.max_run(Duration::from_secs(1))).await;
                let ledger = &world.app.ledger;
                let called = idem.transaction(OperationKey::new("hand", "k"), async |tx| {
                    let sql = AssertSqlSafe(format!("INSERT INTO {ledger} VALUES ('kept', 1)"));
                    sqlx::raw_sql(sql).execute(&mut **tx).await.unwrap();
                    let _ended = sqlx::raw_sql(AssertSqlSafe(commit)).execute(&mut **tx).await;
                    match then {
                        Then::Hangs => std::future::pending().await,
                        Then::Breaks(kill) | Then::BreaksAndSucceeds(kill) => {
                            let _broken = sqlx::raw_sql(AssertSqlSafe(kill)).execute(&mut **tx).await;
                        }
                    }
                    if let Then::BreaksAndSucceeds(_) = then { Ok(1) } else { Err(Refused::HandlerPanicked) }
                });
                let told = soon("an answer", called).await;
                Some((world, told))
            }

            #[tokio::test]
            async fn what_is_kept_is_unknown() {
                for commit in [$($commit),*] {
                    for then in [Then::Hangs, Then::Breaks($kill), Then::BreaksAndSucceeds($kill)] {
                        let Some((world, told)) = ends(commit, then).await else { return };
                        assert_eq!(world.rows().await, 1, "{commit} {then:?}");
                        assert_eq!(told, Err(Refused::OutcomeUnknown), "{commit} {then:?}");
                        let other = world.process().await;
                        let again = other.transaction(OperationKey::new("hand", "k"), async |_| Ok::<_, Refused>(2));
                        assert_eq!(soon("an answer", again).await, Err(Refused::OutcomeUnknown), "{commit} {then:?}");
                    }
                }
            }

            /// Without the COMMIT nothing is kept, and the key is free.
            #[tokio::test]
            async fn what_is_not_kept_is_told_so() {
                for then in [Then::Hangs, Then::Breaks($kill), Then::BreaksAndSucceeds($kill)] {
                    let Some((world, told)) = ends("SELECT 1", then).await else { return };
                    assert_eq!(world.rows().await, 0, "{then:?}");
                    let expected = match then {
                        Then::Hangs => matches!(told, Err(Refused::TransactionAborted)),
                        Then::Breaks(_) => matches!(told, Err(Refused::HandlerPanicked)),
                        _ => matches!(told, Err(Refused::StoreUnavailable { .. })),
                    };
                    assert!(expected, "{then:?}: {told:?}");
                    let other = world.process().await;
                    let again = other.transaction(OperationKey::new("hand", "k"), async |_| Ok::<_, Refused>(2));
                    assert_eq!(soon("an answer", again).await, Ok(2), "{then:?}");
                }
            }
        }
    };
}
by_hand!(
    postgres,
    sqlx::Postgres,
    false,
    ["COMMIT", "COMMIT AND CHAIN"],
    "SELECT pg_terminate_backend(pg_backend_pid())"
);
by_hand!(
    postgres_with_begin,
    sqlx::Postgres,
    true,
    ["COMMIT", "COMMIT AND CHAIN"],
    "SELECT pg_terminate_backend(pg_backend_pid())"
);
by_hand!(
    mariadb,
    sqlx::MySql,
    false,
    ["COMMIT", "COMMIT AND CHAIN", "COMMIT RELEASE"],
    "KILL CONNECTION_ID()"
);
by_hand!(mysql, sqlx::MySql, true, ["COMMIT", "COMMIT AND CHAIN", "COMMIT RELEASE"], "KILL CONNECTION_ID()");

/// A handler that rolls back by hand, lets the session write again, and writes.
macro_rules! defeated {
    ($($name:ident $Db:ty, $dialect:literal, [$($sets:literal),*];)*) => {$(
        #[tokio::test]
        async fn $name() {
            crate::world::VARIANT.set($dialect);
            for sets in [$($sets),*] {
                let Some(world) = World::<$Db>::new().await else { return };
                let idem = world.process().await;
                let ledger = &world.app.ledger;
                for _ in 0..2 {
                    let told = idem.transaction(OperationKey::new("hand", "k"), async |tx| {
                        let insert = format!("INSERT INTO {ledger} VALUES ('kept', 1)");
                        // In messages of their own: several statements in one are one transaction.
                        for sql in ["ROLLBACK", sets, &insert] {
                            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **tx).await.unwrap();
                        }
                        Ok::<_, Refused>(1)
                    });
                    assert_eq!(soon("an answer", told).await, Err(Refused::OutcomeUnknown), "{sets}");
                }
            }
        }
    )*};
}
defeated! {
    a_setting_that_was_taken_back_is_unknown_on_postgres sqlx::Postgres, false, [
        "RESET ALL", "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"
    ];
    a_setting_that_was_taken_back_is_unknown_on_postgres_with_begin sqlx::Postgres, true, ["RESET ALL"];
    a_setting_that_was_taken_back_is_unknown_on_mariadb sqlx::MySql, false, ["SET SESSION TRANSACTION READ WRITE"];
    a_setting_that_was_taken_back_is_unknown_on_mysql sqlx::MySql, true, ["SET SESSION TRANSACTION READ WRITE"];
}

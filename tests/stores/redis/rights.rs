//! What a user may not do is told when the store opens.

use idem_core::protocol::StateKind;
use idem_core::store::redis::RedisStore;
use idem_core::store::{Page, Store, StoreErrorKind, Sweep};
use idem_testing::servers::{Redis, require};

use super::support::Shell;
use crate::support::*;

const ALL: [&str; 12] = [
    "+get",
    "+set",
    "+del",
    "+getrange",
    "+setrange",
    "+zadd",
    "+zrem",
    "+zrangebyscore",
    "+time",
    "+scan",
    "+script|load",
    "+evalsha",
];

/// Running what the error says is enough for all that the store does.
#[tokio::test]
async fn what_a_user_may_not_do_is_told_with_the_line_that_mends_it() {
    let Some(server) = require(Redis::start()) else { return };
    let mut shell = Shell::to(&server.url());
    let url = server.url().replace("redis://", "redis://clerk:pass@");
    let lacking = |command: &'static str| {
        let rest: Vec<_> = ALL.into_iter().filter(|other| *other != command).collect();
        format!("~{{idem:* {}", rest.join(" "))
    };
    let mut cases: Vec<String> = ALL.into_iter().map(lacking).collect();
    cases.push(format!("~{{idem}}* {}", ALL.join(" ")));
    cases.push("~{idem:*".to_owned());
    cases.push(format!("~* {}", ALL[1..].join(" ")));
    cases.push("~{idem:* +@all -@scripting".to_owned());
    for case in cases {
        shell.say("ACL DELUSER clerk");
        shell.say(&format!("ACL SETUSER clerk on >pass resetkeys -@all +auth +hello +client +select {case}"));
        let error = RedisStore::connect(&url).await.expect_err(&case);
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{case}: {error}");
        let text = error.to_string();
        let line = text.split('`').nth(1).unwrap_or_else(|| panic!("no line in {text}")).to_owned();
        // A user of all keys takes no other pattern.
        assert_eq!(
            line.contains(" ~{idem:*"),
            !case.contains("~{idem:*") && !case.contains("~* "),
            "{case}: {line}"
        );
        shell.say(&line);
        let store = RedisStore::connect(&url).await.unwrap_or_else(|error| panic!("{line}: {error}"));
        let key = case.as_str();
        complete(&store, key).await;
        let owner = win(&store, &format!("{key} 2")).await;
        let verdict = idem_core::protocol::Verdict::DidNotHappen;
        let _refused = store.settle(settlement(&format!("{key} 2"), owner, verdict)).await.unwrap();
        for state in [StateKind::Done, StateKind::Running] {
            let page = Page::new(namespace(), state, None, 9);
            assert!(!store.list(page).await.unwrap().is_empty());
        }
        let sweep = Sweep::new(namespace(), std::time::Duration::ZERO, RETENTION, 9);
        store.sweep(sweep).await.unwrap();
    }
}

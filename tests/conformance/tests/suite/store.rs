//! The store: what an extension keeps for the user, the project and the session.

use serde_json::json;
use wharf_conformance::scenarios;
use wharf_test_support::{BackendKind, Home};

use crate::requests::{ask, at};

scenarios! {
    values_are_kept
        => RequestStoreGet, RequestStoreSet, RequestStoreDelete, RequestStoreKeys, StoreScopes, StoreLasts;
    limits_of_the_store_hold => StoreLimits;
}

async fn values_are_kept(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let set = |scope: &str, value: &str| json!({ "do": "set", "scope": scope, "key": "k", "value": value });
    for scope in ["user", "project", "session"] {
        let version = ask(&mut session, set(scope, scope)).await;
        assert!(version.starts_with('v'), "{version}");
        let found = ask(&mut session, json!({ "do": "get", "scope": scope, "key": "k" })).await;
        assert_eq!(found, format!("{scope} {version}"));
    }
    let stale = json!({ "do": "set", "key": "k", "value": "x", "expected": 999 });
    let text = ask(&mut session, stale).await;
    assert!(text.starts_with("error: the value has another version: "), "{text}");
    session.wharf().new_session().await;
    assert_eq!(ask(&mut session, json!({ "do": "get", "scope": "session", "key": "k" })).await, "absent");
    session.close().await;

    let mut session = home.session().start().await;
    let found = ask(&mut session, json!({ "do": "get", "scope": "user", "key": "k" })).await;
    assert!(found.starts_with("user v"), "another run: {found}");
    assert_eq!(ask(&mut session, json!({ "do": "keys" })).await, "k");
    assert_eq!(ask(&mut session, json!({ "do": "delete", "key": "k" })).await, "done");
    assert_eq!(ask(&mut session, json!({ "do": "get", "key": "k" })).await, "absent");
    session.close().await;
}

async fn limits_of_the_store_hold(backend: BackendKind) {
    let home = Home::new();
    let mut session = at(&home, backend, false).await;
    let long = json!({ "do": "set", "key": "k", "value": "x".repeat(300_000) });
    assert_eq!(ask(&mut session, long).await, "error: it has more than 262144 bytes");
    let nameless = json!({ "do": "set", "key": "", "value": "x" });
    assert_eq!(ask(&mut session, nameless).await, "error: a key has 1 to 256 bytes");
    assert_eq!(ask(&mut session, json!({ "do": "get", "key": "k" })).await, "absent");
    session.close().await;
}

use std::fs;

use super::*;
use crate::limits::Bytes;

fn store(directory: &Path) -> Store {
    let limits =
        StoreLimits { value: Bytes::new(100), total: Bytes::new(250), keys: 3, ..StoreLimits::STANDARD };
    Store::new(directory.to_owned(), Path::new("/project"), "s1".to_owned(), limits)
}

fn id(name: &str) -> ExtensionId {
    ExtensionId::new(name).unwrap()
}

#[test]
fn values_stay_and_each_extension_and_scope_has_its_own() {
    let home = tempfile::tempdir().unwrap();
    let (a, b) = (id("a"), id("b"));
    let first = store(home.path());
    let version = first.set(&a, &first.owner(Scope::User), "k", "v", None).unwrap();
    let again = store(home.path());
    assert_eq!(
        again.get(&a, &again.owner(Scope::User), "k").unwrap(),
        Some(Value { value: "v".into(), version })
    );
    for (by, scope) in [(&b, Scope::User), (&a, Scope::Project), (&a, Scope::Session)] {
        assert_eq!(again.get(by, &again.owner(scope), "k").unwrap(), None, "{by} {scope:?}");
    }
}

#[test]
fn a_session_takes_its_values_with_it() {
    let home = tempfile::tempdir().unwrap();
    let (store, a) = (store(home.path()), id("a"));
    let before = store.owner(Scope::Session);
    store.set(&a, &before, "k", "v", None).unwrap();
    store.switch_session("s2".into());
    assert_eq!(store.get(&a, &before, "k").unwrap(), None, "it is gone, not only out of sight");
    store.set(&a, &before, "k", "late", None).unwrap();
    assert_eq!(
        store.get(&a, &store.owner(Scope::Session), "k").unwrap(),
        None,
        "it belongs to the one before"
    );
}

#[test]
fn of_two_who_change_the_same_value_one_is_told() {
    let home = tempfile::tempdir().unwrap();
    let (store, other, a) = (store(home.path()), store(home.path()), id("a"));
    let first = store.set(&a, &store.owner(Scope::User), "k", "1", Some(0)).unwrap();
    let second = other.set(&a, &other.owner(Scope::User), "k", "2", Some(first)).unwrap();
    assert_eq!(
        store.set(&a, &store.owner(Scope::User), "k", "3", Some(first)),
        Err(RequestError::Conflict { version: second })
    );
    store.delete(&a, &store.owner(Scope::User), "k").unwrap();
    assert_eq!(
        store.set(&a, &store.owner(Scope::User), "k", "4", Some(second)),
        Err(RequestError::Conflict { version: 0 })
    );
    assert!(
        store.set(&a, &store.owner(Scope::User), "k", "5", Some(0)).unwrap() > second,
        "no version comes again"
    );
}

#[test]
fn limits_hold_and_name_themselves() {
    let home = tempfile::tempdir().unwrap();
    let (store, a) = (store(home.path()), id("a"));
    let set = |key: &str, value: &str| store.set(&a, &store.owner(Scope::User), key, value, None);
    assert_eq!(set("k", &"x".repeat(101)), Err(RequestError::TooLarge { limit: 100 }));
    assert!(matches!(set("", "v"), Err(RequestError::Invalid { .. })));
    assert!(matches!(set(&"k".repeat(257), "v"), Err(RequestError::Invalid { .. })));
    let long = "x".repeat(100);
    set("a", &long).unwrap();
    set("b", &long).unwrap();
    assert!(matches!(set("c", &long), Err(RequestError::Full { .. })), "more bytes than there is room for");
    set("c", "1").unwrap();
    assert!(matches!(set("d", "1"), Err(RequestError::Full { .. })), "more keys than there may be");
    set("c", "2").unwrap();
    assert_eq!(store.keys(&a, &store.owner(Scope::User), "", "a").unwrap(), ["b", "c"]);
    assert_eq!(store.keys(&a, &store.owner(Scope::User), "c", "").unwrap(), ["c"]);
}

#[test]
fn a_prefix_may_hold_anything() {
    let home = tempfile::tempdir().unwrap();
    let (store, a) = (store(home.path()), id("a"));
    for key in ["a\0b", "a\0", "aé"] {
        store.set(&a, &store.owner(Scope::User), key, "v", None).unwrap();
    }
    let keys = |prefix| store.keys(&a, &store.owner(Scope::User), prefix, "").unwrap();
    assert_eq!(keys("a\0"), ["a\0", "a\0b"]);
    assert_eq!(keys("\0"), [""; 0]);
    assert_eq!(keys("aé"), ["aé"]);
    assert_eq!(keys("a").len(), 3);
    assert_eq!(store.keys(&a, &store.owner(Scope::User), "a", "a\0").unwrap(), ["a\0b", "aé"]);
}

#[test]
fn a_broken_file_is_named_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("a.db"),
        "no database, but somebody's text, and longer than a header of one: ".repeat(50),
    )
    .unwrap();
    let store = store(home.path());
    let error = store.get(&id("a"), &store.owner(Scope::User), "k").unwrap_err().to_string();
    assert!(error.contains("store of \"a\""), "{error}");
    assert!(fs::read_to_string(home.path().join("a.db")).unwrap().starts_with("no database"));
}

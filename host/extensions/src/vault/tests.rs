#[cfg(unix)]
mod on_unix;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;

const NAME: &str = "one-entry";

struct Scene {
    home: TempDir,
    vault: Vault,
}

impl Scene {
    fn new(limit: Bytes) -> Self {
        let home = tempfile::tempdir().unwrap();
        let vault = vault_in(home.path(), limit);
        Self { home, vault }
    }

    fn with_entry(bytes: &[u8]) -> Self {
        let scene = Self::new(Bytes::mib(1));
        scene.vault.put(NAME, bytes).unwrap();
        scene
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("cache/v1").join(name)
    }

    /// The entry is not given, and it is gone.
    fn assert_doubted(&self, what: &str) {
        let missed = self.vault.look_up(NAME);
        assert!(matches!(missed, Err(Miss::Doubtful(_))), "{what}: {missed:?}");
        assert!(fs::symlink_metadata(self.file(NAME)).is_err(), "{what}: the entry is still there");
    }
}

fn vault_in(home: &Path, limit: Bytes) -> Vault {
    Vault::new(home.join("cache/v1"), home.join("state/cache.key"), limit)
}

fn some_bytes(count: usize) -> Vec<u8> {
    (0..count).map(|index| (index * 31 % 251) as u8).collect()
}

#[test]
fn making_one_touches_nothing_and_a_missing_entry_is_absent() {
    let scene = Scene::new(Bytes::mib(1));
    assert!(matches!(scene.vault.look_up(NAME), Err(Miss::Absent)));
    assert_eq!(fs::read_dir(scene.home.path()).unwrap().count(), 0);
}

#[test]
fn an_entry_is_what_was_put_there_also_for_another_process() {
    let scene = Scene::with_entry(&some_bytes(5000));
    assert_eq!(scene.vault.get(NAME).unwrap(), some_bytes(5000));
    let other = vault_in(scene.home.path(), Bytes::mib(1));
    assert_eq!(other.get(NAME).unwrap(), some_bytes(5000));
    other.put(NAME, b"").unwrap();
    assert_eq!(scene.vault.get(NAME).unwrap(), b"");
}

#[test]
fn every_byte_counts() {
    let scene = Scene::with_entry(&some_bytes(3000));
    let whole = fs::read(scene.file(NAME)).unwrap();
    assert_eq!(whole.len(), HEADER + 3000);
    let body = (0..300).map(|index| HEADER + index * 7919 % 3000);
    for place in (0..HEADER).chain(body).chain([whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (place % 8);
        rewrite(&scene.file(NAME), &changed);
        scene.assert_doubted(&format!("byte {place} was changed"));
    }
    rewrite(&scene.file(NAME), &whole);
    assert!(scene.vault.get(NAME).is_some(), "the entry as it was");
}

/// Makes a file as the vault does: for this user alone.
fn rewrite(file: &Path, bytes: &[u8]) {
    _ = fs::remove_file(file);
    let directory = Directory::open(file.parent().unwrap()).unwrap();
    directory.create(file.file_name().unwrap().to_str().unwrap()).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_truncated_or_lengthened_entry_is_doubted() {
    let scene = Scene::with_entry(&some_bytes(1000));
    let whole = fs::read(scene.file(NAME)).unwrap();
    for length in [0, 1, HEADER - 1, HEADER, HEADER + 1, whole.len() - 1] {
        rewrite(&scene.file(NAME), &whole[..length]);
        scene.assert_doubted(&format!("cut to {length} bytes"));
    }
    rewrite(&scene.file(NAME), &[whole, vec![0]].concat());
    scene.assert_doubted("one byte more");
}

#[test]
fn an_entry_is_worth_nothing_under_another_name_or_with_another_key() {
    let scene = Scene::with_entry(b"mine");
    scene.vault.put("other", b"other").unwrap();
    fs::rename(scene.file("other"), scene.file(NAME)).unwrap();
    scene.assert_doubted("another entry under this name");

    // The name and the bytes do not run into each other.
    scene.vault.put("ab", b"cd").unwrap();
    let whole = fs::read(scene.file("ab")).unwrap();
    rewrite(&scene.file("a"), &[&whole[..HEADER], b"bcd"].concat());
    assert!(scene.vault.get("a").is_none());

    scene.vault.put(NAME, b"mine").unwrap();
    fs::remove_file(scene.home.path().join("state/cache.key")).unwrap();
    let other = Scene { vault: vault_in(scene.home.path(), Bytes::mib(1)), ..scene };
    other.assert_doubted("without its key");
}

#[test]
fn a_key_that_cannot_be_trusted_is_made_anew() {
    for size in [0, 31, 33] {
        let scene = Scene::with_entry(b"mine");
        let key = scene.home.path().join("state/cache.key");
        rewrite(&key, &vec![7; size]);
        let other = vault_in(scene.home.path(), Bytes::mib(1));
        other.put("new", b"new").unwrap();
        assert_eq!(fs::read(&key).unwrap().len(), 32, "a key of {size} bytes");
        assert_eq!(other.get("new").unwrap(), b"new");
        assert!(other.get(NAME).is_none(), "made with the old key");
    }
}

#[test]
fn names_are_plain_file_names() {
    let scene = Scene::with_entry(b"mine");
    for name in ["", ".", "..", "../one-entry", "a/b", ".hidden", "a b", "ä", "a\0", &"x".repeat(201)] {
        assert!(scene.vault.get(name).is_none(), "{name:?}");
        assert!(matches!(scene.vault.put(name, b""), Err(VaultError::Name(_))), "{name:?}");
    }
}

#[test]
fn the_entries_that_were_not_used_for_longest_go_first() {
    let scene = Scene::new(Bytes::new(3 * (1000 + HEADER as u64)));
    let (now, minute) = (SystemTime::now(), Duration::from_secs(60));
    for (index, name) in ["a", "b", "c"].into_iter().enumerate() {
        scene.vault.put(name, &some_bytes(1000)).unwrap();
        let file = fs::File::options().write(true).open(scene.file(name)).unwrap();
        file.set_modified(now - minute * (10 - index as u32)).unwrap();
    }
    assert!(scene.vault.get("a").is_some(), "which refreshes it");
    scene.vault.put("d", &some_bytes(1000)).unwrap();
    let left: Vec<&str> =
        ["a", "b", "c", "d"].into_iter().filter(|name| scene.vault.get(name).is_some()).collect();
    assert_eq!(left, ["a", "c", "d"]);
    let error = scene.vault.put("e", &some_bytes(4000)).unwrap_err();
    assert!(matches!(error, VaultError::TooLarge { bytes: 4000, .. }), "{error}");
}

#[test]
fn what_was_never_finished_is_no_entry_and_goes_in_time() {
    let scene = Scene::with_entry(b"mine");
    for name in [".new-old", ".new-young"] {
        rewrite(&scene.file(name), b"half of an en");
        assert!(scene.vault.get(name).is_none());
    }
    let old = fs::File::options().write(true).open(scene.file(".new-old")).unwrap();
    old.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
    scene.vault.put("other", b"").unwrap();
    assert!(!scene.file(".new-old").exists());
    assert!(scene.file(".new-young").exists(), "somebody may still be writing it");
    assert_eq!(scene.vault.get(NAME).unwrap(), b"mine");
}

#[test]
fn many_may_put_and_get_at_once() {
    let home = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8usize {
            let home = home.path();
            scope.spawn(move || {
                // Each with a vault of its own, as processes have: they agree on one key.
                let vault = vault_in(home, Bytes::mib(1));
                for round in 0..20 {
                    let name = format!("entry-{}", (thread + round) % 4);
                    vault.put(&name, &some_bytes(500 + thread)).unwrap();
                    let got = vault.get(&name).unwrap();
                    assert_eq!(got, some_bytes(got.len()), "{name}");
                }
            });
        }
    });
    let leftovers = fs::read_dir(home.path().join("cache/v1")).unwrap().count();
    assert_eq!(leftovers, 4, "four entries and nothing unfinished");
}

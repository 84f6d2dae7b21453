//! Who may read and write what, as far as the system tells.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_made_is_this_users_alone() {
    let scene = Scene::with_entry(b"mine");
    let home = scene.home.path();
    assert_eq!(mode(&home.join("cache/v1")), 0o700);
    assert_eq!(mode(&home.join("state/cache.key")), 0o600);
    assert_eq!(mode(&scene.file(NAME)), 0o600);
}

#[test]
fn a_link_or_anything_else_but_a_file_is_no_entry() {
    let scene = Scene::with_entry(b"mine");
    let aside = scene.home.path().join("aside");
    fs::rename(scene.file(NAME), &aside).unwrap();
    symlink(&aside, scene.file(NAME)).unwrap();
    scene.assert_doubted("a link to the very entry");
    assert!(aside.exists(), "what the link led to is left alone");

    let pipe = rustix::fs::mknodat(
        rustix::fs::CWD,
        scene.file(NAME),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    );
    pipe.unwrap();
    scene.assert_doubted("a pipe");
}

#[test]
fn an_entry_that_others_can_write_is_doubted() {
    let scene = Scene::with_entry(b"mine");
    chmod(&scene.file(NAME), 0o660);
    scene.assert_doubted("mode 660");
}

#[test]
fn a_directory_that_others_can_enter_or_that_is_a_link_is_not_used() {
    let scene = Scene::with_entry(b"mine");
    let directory = scene.home.path().join("cache/v1");
    for bad in [0o770, 0o701, 0o755] {
        chmod(&directory, bad);
        let missed = scene.vault.look_up(NAME);
        assert!(matches!(missed, Err(Miss::Doubtful(_))), "mode {bad:o}: {missed:?}");
        let refused = scene.vault.put("other", b"");
        assert!(matches!(refused, Err(VaultError::Directory { .. })), "mode {bad:o}: {refused:?}");
    }
    chmod(&directory, 0o700);
    assert!(scene.vault.get(NAME).is_some());

    let elsewhere = scene.home.path().join("elsewhere");
    fs::rename(&directory, &elsewhere).unwrap();
    symlink(&elsewhere, &directory).unwrap();
    assert!(matches!(scene.vault.look_up(NAME), Err(Miss::Doubtful(_))));
    assert!(matches!(scene.vault.put("other", b""), Err(VaultError::Directory { .. })));
    assert!(elsewhere.join(NAME).exists());
}

#[test]
fn a_key_that_others_can_read_or_that_is_a_link_is_made_anew() {
    for spoil in [(|key| chmod(key, 0o640)) as fn(&Path), make_link] {
        let scene = Scene::with_entry(b"mine");
        let key = scene.home.path().join("state/cache.key");
        let before = fs::read(&key).unwrap();
        spoil(&key);
        let other = vault_in(scene.home.path(), Bytes::mib(1));
        assert!(other.get(NAME).is_none());
        other.put("new", b"new").unwrap();
        assert_ne!(fs::read(&key).unwrap(), before);
        assert_eq!(mode(&key), 0o600);
    }
}

fn make_link(key: &Path) {
    let aside = key.with_extension("aside");
    fs::rename(key, &aside).unwrap();
    symlink(&aside, key).unwrap();
}

#[test]
fn what_belongs_to_another_user_is_doubted() {
    let scene = Scene::with_entry(b"mine");
    if std::os::unix::fs::chown(scene.file(NAME), Some(65534), None).is_err() {
        // Only the superuser may give files away.
        return;
    }
    scene.assert_doubted("it belongs to another user");
}

//! From a git repository.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use wharf_test_support::Home;
use wharf_test_support::home::place_files;

use crate::list::entry;
use crate::program::{finish, run, wharf};

use super::*;

/// The same as a repository; returns the id of its commit.
pub(super) fn repository(home: &Home, name: &str) -> (PathBuf, String) {
    let folder = source(home, name);
    git(&folder, &["init", "--quiet", "--initial-branch=main", "."]);
    (folder.clone(), commit(&folder))
}

pub(super) fn commit(folder: &Path) -> String {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "--message=more"]);
    git(folder, &["rev-parse", "HEAD"]).trim().to_owned()
}

fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-C"]).arg(folder).args(args);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_repository_at_its_head_a_branch_a_tag_and_a_commit() {
    let home = Home::new();
    let (folder, first) = repository(&home, "repository");
    git(&folder, &["tag", "v1"]);
    fs::write(folder.join("extension.json"), MANIFEST.replace("1.2.0", "2.0.0")).unwrap();
    let second = commit(&folder);
    let url = format!("file://{}", folder.display());
    let cases = [
        (vec![url.clone()], &second),
        (vec![url.clone(), "--rev".into(), "main".into()], &second),
        (vec![format!("{url}#v1")], &first),
        (vec![url.clone(), "--rev".into(), first.clone()], &first),
        (vec![url.clone(), "--rev".into(), first[..8].to_owned()], &first),
    ];
    let mut digests = Vec::new();
    for (args, commit) in cases {
        let args: Vec<&str> = ["ext", "install"].into_iter().chain(args.iter().map(String::as_str)).collect();
        let ran = run(&home, &args);
        assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        let version = if *commit == first { "1.2.0" } else { "2.0.0" };
        assert_eq!(entry(&home, "greet")["version"], version, "{args:?}");
        let locked = lock(&home);
        assert!(locked.contains(&format!("revision = \"{commit}\"")), "{locked}");
        assert!(locked.contains(&format!("source = \"{url}\"")), "{locked}");
        digests.push((commit.clone(), ran.out.lines().last().unwrap().to_owned()));
        assert!(!home.extensions().join("greet/.git").exists());
        assert_eq!(run(&home, &["ext", "remove", "greet", "--yes"]).code, Some(0));
    }
    for (commit, digest) in &digests {
        let same = digests.iter().filter(|(other, _)| other == commit);
        assert!(same.into_iter().all(|(_, other)| other == digest), "the same commit, another digest");
    }
    is_refused(&home, format!("{url}#nowhere"), &["nowhere", "cannot be fetched"]);
    is_refused(&home, format!("{url}#deadbeef"), &["there is no revision deadbeef"]);
    is_refused(&home, format!("{url}/nothing"), &["cannot be fetched"]);
    is_refused(&home, format!("{url}#--upload-pack=x"), &["the revision must be the name"]);
    is_refused(&home, "http://127.0.0.1:9/x.git", &["https://, ssh:// and file:// alone"]);
}

#[test]
fn nothing_of_a_repository_is_run() {
    let home = Home::new();
    let (folder, _) = repository(&home, "repository");
    let marker = home.project().join("marker");
    let script = format!("#!/bin/sh\ntouch {}\ncat\n", marker.display());
    for hook in ["post-checkout", "pre-receive", "post-merge", "reference-transaction", "post-index-change"] {
        let hook = folder.join(".git/hooks").join(hook);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, &script).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(folder.join(".gitattributes"), "* filter=evil\n").unwrap();
    let config = format!("[filter \"evil\"]\nsmudge = touch {0}\nprocess = touch {0}\n", marker.display());
    fs::write(folder.join(".gitmodules"), "[submodule \"x\"]\npath = x\nurl = ext::sh -c date\n").unwrap();
    git(&folder, &["-c", "core.hooksPath=/dev/null", "add", "--all"]);
    git(&folder, &["-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message=evil"]);
    assert!(!marker.exists());
    // The filter is the user's own, as that of large files is: it is not asked either.
    let user = home.project().join("user");
    place_files(&user, &[(".gitconfig", &config)]);
    let url = format!("file://{}", folder.display());
    let mut command = wharf(&home, &["ext", "install", &url]);
    let ran = finish(command.env("HOME", &user).spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!marker.exists(), "something was run");
}

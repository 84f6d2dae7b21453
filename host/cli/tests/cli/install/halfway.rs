//! Several at once, and those that do not come to their end.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wharf_test_support::Home;

use crate::list::listed;
use crate::program::{Ran, finish, run, wharf};

use super::*;

#[test]
fn a_home_that_is_not_there_yet_is_made_and_not_for_what_is_refused() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    symlink("/", folder.join("link")).unwrap();
    let nowhere = home.path().join("not/yet");
    let attempt = || {
        let mut command = wharf(&home, &["ext", "install", folder.to_str().unwrap()]);
        finish(command.env("WHARF_HOME", &nowhere).spawn().unwrap())
    };
    let ran = attempt();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(!home.path().join("not").exists());
    fs::remove_file(folder.join("link")).unwrap();
    assert_eq!(attempt().code, Some(0));
    assert!(nowhere.join("extensions/greet/greet.sh").is_file());
}

#[test]
fn of_many_at_once_one_wins() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    let args = ["ext", "install", folder.to_str().unwrap()];
    let children: Vec<_> = (0..6).map(|_| wharf(&home, &args).spawn().unwrap()).collect();
    let ran: Vec<Ran> = children.into_iter().map(finish).collect();
    let (won, lost): (Vec<&Ran>, Vec<&Ran>) = ran.iter().partition(|ran| ran.code == Some(0));
    assert_eq!(won.len(), 1, "{ran:?}");
    assert!(lost.iter().all(|ran| ran.err.contains("is there already")), "{ran:?}");
    let names: Vec<_> = everything(&home);
    assert_eq!(
        names,
        [
            "extensions",
            "extensions/greet",
            "extensions/greet/extension.json",
            "extensions/greet/greet.sh",
            "wharf.lock"
        ]
    );
}

#[test]
fn different_ones_at_once_are_all_written_down() {
    let home = Home::new();
    let children: Vec<_> = (0..6)
        .map(|number| {
            let name = format!("n{number}");
            let manifest = MANIFEST.replace("\"greet\"", &format!("\"{name}\""));
            let folder = source(&home, &name);
            fs::write(folder.join("extension.json"), manifest).unwrap();
            wharf(&home, &["ext", "install", folder.to_str().unwrap()]).spawn().unwrap()
        })
        .collect();
    for child in children {
        let ran = finish(child);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
    assert_eq!(listed(&home).len(), 6);
    assert_eq!(lock(&home).matches("[[extension]]").count(), 6);
}

#[test]
fn killed_half_way_leaves_nothing_that_counts_and_the_next_one_sweeps() {
    let home = Home::new();
    let folder = source(&home, "large");
    for number in 0..60 {
        fs::write(folder.join(format!("part{number}")), vec![number; 1 << 20]).unwrap();
    }
    let staging = || {
        let entries = fs::read_dir(home.extensions()).unwrap().map(|entry| entry.unwrap().path());
        let mut gathered =
            entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".install-"));
        gathered.next()
    };
    let mut killed = 0;
    for _ in 0..10 {
        let args = ["ext", "install", folder.to_str().unwrap()];
        let mut child = wharf(&home, &args).stdout(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while !staging().is_some_and(|path| path.join("content/part1").exists()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "it did not begin");
            assert!(child.try_wait().unwrap().is_none() || home.extensions().join("greet").exists());
            if home.extensions().join("greet").exists() {
                break;
            }
        }
        child.kill().unwrap();
        if finish(child).code.is_some() {
            // It was faster.
            assert_eq!(run(&home, &["ext", "remove", "greet", "-y"]).code, Some(0));
            continue;
        }
        killed += 1;
        assert!(!home.extensions().join("greet").exists() || staging().is_some());
        if !home.extensions().join("greet").exists() {
            assert_eq!(listed(&home).len(), 0, "half of it counts");
            assert!(staging().is_some());
            assert_eq!(install(&home, &folder).code, Some(0));
            assert!(staging().is_none(), "what was left is there still");
        }
        assert_eq!(run(&home, &["ext", "remove", "greet", "-y"]).code, Some(0));
        if killed == 3 {
            break;
        }
    }
    assert!(killed > 0, "it was always faster");
}

#[test]
fn an_interrupt_leaves_nothing() {
    let home = Home::new();
    // A server that takes the connection and never says anything.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    let child = wharf(&home, &["ext", "install", &url]).spawn().unwrap();
    let connection = listener.accept().unwrap();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = finish(child);
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert_eq!(everything(&home), ["extensions"], "something was left behind");
    drop(connection);
}

//! `wharf ext install`: what is taken, what is refused, and that it is there whole or not at all.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wharf_test_support::home::place_files;
use wharf_test_support::{Home, guests};

use crate::list::{entry, listed};
use crate::program::{Ran, finish, run, wharf};

const MANIFEST: &str = r#"{"name":"greet","version":"1.2.0","exec":"./greet.sh"}"#;

/// A folder beside the project that is an extension.
fn source(home: &Home, name: &str) -> PathBuf {
    let folder = home.project().join(name);
    place_files(&folder, &[("extension.json", MANIFEST), ("greet.sh", "#!/bin/sh\ntouch \"$0\".ran\n")]);
    fs::set_permissions(folder.join("greet.sh"), fs::Permissions::from_mode(0o4777)).unwrap();
    folder
}

/// The same as a repository; returns the id of its commit.
fn repository(home: &Home, name: &str) -> (PathBuf, String) {
    let folder = source(home, name);
    git(&folder, &["init", "--quiet", "--initial-branch=main", "."]);
    (folder.clone(), commit(&folder))
}

fn commit(folder: &Path) -> String {
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

fn install(home: &Home, source: impl AsRef<Path>) -> Ran {
    run(home, &["ext", "install", source.as_ref().to_str().unwrap()])
}

/// What lies in the home, dot-files too.
fn everything(home: &Home) -> Vec<String> {
    let mut names = Vec::new();
    let mut left = vec![home.path()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            names.push(path.strip_prefix(home.path()).unwrap().display().to_string());
            if path.is_dir() && !path.is_symlink() {
                left.push(path);
            }
        }
    }
    names.sort();
    names
}

fn lock(home: &Home) -> String {
    fs::read_to_string(home.path().join("wharf.lock")).unwrap_or_default()
}

/// It is refused with these words, and nothing has changed.
fn is_refused(home: &Home, source: impl AsRef<Path>, words: &[&str]) {
    let (before, locked) = (everything(home), lock(home));
    let ran = install(home, source);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert_eq!((everything(home), lock(home)), (before, locked), "something was left behind");
}

#[test]
fn a_folder() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    fs::create_dir(folder.join("lib")).unwrap();
    symlink("../greet.sh", folder.join("lib/again")).unwrap();
    let ran = install(&home, &folder);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in
        ["name:      greet", "version:   1.2.0", "backend:   subprocess", "with all your rights", "sha256:"]
    {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    let place = home.extensions().join("greet");
    assert!(ran.err.ends_with(&format!("installed {}\n", place.display())), "{}", ran.err);
    let mode = fs::metadata(place.join("greet.sh")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o755, "{mode:o}");
    assert_eq!(fs::read_link(place.join("lib/again")).unwrap(), Path::new("../greet.sh"));
    assert_eq!(entry(&home, "greet")["state"], "enabled");
    let digest = ran.out.lines().find_map(|line| line.strip_prefix("sha256:")).unwrap().trim();
    let locked = lock(&home);
    assert!(locked.contains(&format!("sha256 = \"{digest}\"")) && digest.len() == 64, "{locked}");
    assert!(locked.contains(&format!("source = \"{}\"", folder.display())), "{locked}");
    assert!(!folder.join("greet.sh.ran").exists() && !place.join("greet.sh.ran").exists(), "it was run");
    is_refused(&home, &folder, &["\"greet\" is there already", "remove it first: `wharf ext remove greet`"]);
}

#[test]
fn a_component() {
    let home = Home::new();
    let file = home.project().join("other-name.wasm");
    fs::copy(guests::component("guard"), &file).unwrap();
    let ran = install(&home, &file);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for told in ["backend:   component", "api:       0.1.0", "hooks:     tool_call", "asks for:  nothing"] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(home.extensions().join("guard.wasm").is_file(), "{:?}", everything(&home));
    let sum = Command::new("sha256sum").arg(&file).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    assert!(lock(&home).contains(sum.split(' ').next().unwrap()), "{}", lock(&home));
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

#[test]
fn what_is_no_extension_is_refused() {
    let home = Home::new();
    let at = |name: &str| home.project().join(name);
    let folder = |name: &str, manifest: &str| place_files(&at(name), &[("extension.json", manifest)]);
    fs::create_dir(at("empty")).unwrap();
    place_files(&home.project(), &[("run.sh", "#!/bin/sh\n"), ("text.wasm", "not a component")]);
    is_refused(&home, at("nowhere"), &["nowhere"]);
    is_refused(&home, at("empty"), &["empty: there is no extension.json in it"]);
    is_refused(&home, at("run.sh"), &["run.sh", "\"exec\""]);
    is_refused(&home, at("text.wasm"), &["the file is not a WebAssembly component"]);
    let typed = folder("typed", "{\"name\":\"x\",\n\"exec\":3}");
    is_refused(&home, &typed, &["typed/extension.json:2:8: invalid type"]);
    is_refused(&home, folder("name", r#"{"name":"../x","exec":"sh"}"#), &["\"name\""]);
    is_refused(
        &home,
        folder("gone", r#"{"name":"x","exec":"./gone"}"#),
        &["gone/gone: the program is not there"],
    );
    is_refused(&home, folder("out", r#"{"name":"x","exec":"./../run.sh"}"#), &["its program lies outside"]);
    is_refused(&home, folder("wasm", r#"{"name":"x","wasm":"x.wasm"}"#), &["the component is not there"]);
    let other = folder("other", r#"{"name":"other","wasm":"x.wasm"}"#);
    fs::copy(guests::component("guard"), other.join("x.wasm")).unwrap();
    is_refused(&home, &other, &["names it \"guard\", extension.json \"other\""]);
}

#[test]
fn a_folder_that_holds_a_link_out_of_itself_is_refused() {
    let home = Home::new();
    let folder = source(&home, "links");
    let secret = home.project().join("secret");
    fs::write(&secret, "secret").unwrap();
    let link = folder.join("link");
    for leads in
        [secret.to_str().unwrap(), "../secret", "../links/greet.sh", "../greet/greet.sh", "nowhere", "link"]
    {
        symlink(leads, &link).unwrap();
        is_refused(&home, &folder, &["links/link: the link leads out of the extension, or nowhere"]);
        fs::remove_file(&link).unwrap();
    }
    fs::hard_link(&secret, &link).unwrap();
    is_refused(&home, &folder, &["link: it is a hard link to a file outside"]);
    fs::remove_file(&link).unwrap();
    fs::hard_link(folder.join("greet.sh"), &link).unwrap();
    assert_eq!(install(&home, &folder).code, Some(0), "both names lie inside");
    let (repository, _) = repository(&home, "repository");
    symlink("../../secret", repository.join("link")).unwrap();
    commit(&repository);
    assert_eq!(run(&home, &["ext", "remove", "greet", "-y"]).code, Some(0));
    is_refused(&home, format!("file://{}", repository.display()), &["the link leads out"]);
}

#[test]
fn what_is_no_file_or_too_much_is_refused() {
    let home = Home::new();
    let folder = source(&home, "odd");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    is_refused(&home, &folder, &["odd/pipe: it is a pipe, a socket or a device"]);
    fs::remove_file(&pipe).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(&pipe).unwrap();
    is_refused(&home, &folder, &["odd/pipe: it is a pipe, a socket or a device"]);
    drop(socket);
    fs::remove_file(&pipe).unwrap();
    let large = fs::File::create(folder.join("large")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    is_refused(&home, &folder, &["more than 64 MiB together"]);
    fs::remove_file(folder.join("large")).unwrap();
    let many = folder.join("many");
    fs::create_dir(&many).unwrap();
    for number in 0..10_000 {
        fs::File::create(many.join(number.to_string())).unwrap();
    }
    is_refused(&home, &folder, &["more than 10000 files"]);
}

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
fn a_lock_file_that_cannot_be_used_is_refused_and_kept() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    let file = home.path().join("wharf.lock");
    for (text, told) in [
        ("version = 1\n[[extension]]\nname = 3\n", "wharf.lock:3:8: invalid type"),
        ("version = 9\nnew = true\n", "wharf.lock:1:11: it has version 9, this program knows version 1"),
    ] {
        fs::write(&file, text).unwrap();
        is_refused(&home, &folder, &[told, "move it away"]);
        let ran = run(&home, &["ext", "remove", "greet", "--yes"]);
        assert!(ran.code == Some(1) && ran.err.contains(told), "{ran:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(install(&home, &folder).code, Some(0));
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

#[test]
fn what_it_asks_for_is_shown_before_it_has_its_place() {
    let home = Home::new();
    let folder = source(&home, "elsewhere");
    // What is written down cannot be written, so that it gets no place.
    fs::create_dir(home.path().join("wharf.lock.new")).unwrap();
    let ran = install(&home, &folder);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("asks for:  to run as a program with all your rights"), "{ran:?}");
    let place = home.extensions().join("greet");
    assert!(ran.out.contains(&format!("runs:      {}/greet.sh", place.display())), "{ran:?}");
    assert!(!place.exists() && listed(&home).is_empty(), "{:?}", everything(&home));
}

#[test]
fn a_source_around_the_home_or_in_it_is_refused() {
    let home = Home::new();
    let root = home.path().parent().unwrap().to_owned();
    fs::write(root.join("extension.json"), r#"{"name":"around","exec":"sh"}"#).unwrap();
    is_refused(&home, &root, &["directory of extensions", "lies in it", "holds the extension alone"]);
    is_refused(&home, root.join("project/.."), &["lies in it"]);
    fs::remove_dir(home.extensions()).unwrap();
    is_refused(&home, &root, &["lies in it"]);
    fs::remove_dir(home.path()).unwrap();
    let ran = install(&home, &root);
    assert!(ran.code == Some(1) && ran.err.contains("lies in it") && !home.path().exists(), "{ran:?}");
    let inner = home.extensions().join("outer/inner");
    place_files(&inner, &[("extension.json", r#"{"name":"inner","exec":"sh"}"#)]);
    is_refused(&home, &inner, &["it lies in Wharf's own directory of extensions", "move it out first"]);
    symlink(&inner, home.project().join("link")).unwrap();
    is_refused(&home, home.project().join("link"), &["move it out first"]);
}

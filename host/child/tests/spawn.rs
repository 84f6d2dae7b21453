//! Starting and ending real processes.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use wharf_child::{Exit, Process, SpawnError, Spec, spawn};

/// Generous: only a hang takes that long.
const HANG: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Spec {
    Spec::new("sh").args(["-c", script])
}

async fn output(spec: Spec) -> (String, Exit) {
    let mut process = spawn(spec).await.unwrap();
    let mut text = String::new();
    process.stdout.read_to_string(&mut text).await.unwrap();
    (text, process.handle.wait().await)
}

async fn first_number(process: &mut Process) -> i32 {
    let mut line = String::new();
    BufReader::new(&mut process.stdout).read_line(&mut line).await.unwrap();
    line.trim().parse().unwrap()
}

/// Whether a process runs. One that nobody has reaped yet has ended all the same.
fn runs(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let zombie = stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')));
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    !zombie && rustix::process::test_kill_process(pid).is_ok()
}

async fn until_gone(pid: i32) {
    let gone = async {
        while runs(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HANG, gone).await.unwrap_or_else(|_| panic!("process {pid} still runs"));
}

#[tokio::test]
async fn three_pipes_lead_to_the_process() {
    let mut process = spawn(shell("read line; echo \"out:$line\"; echo err >&2; exit 3")).await.unwrap();
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(b"hello\n").await.unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    process.stdout.read_to_string(&mut out).await.unwrap();
    process.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("out:hello\n", "err\n"));
    assert_eq!(process.handle.wait().await, Exit::Code(3));
    assert_eq!(process.handle.exited(), Some(Exit::Code(3)));
}

#[tokio::test]
async fn merged_output_keeps_the_order_and_input_is_empty() {
    let (text, exit) = output(shell("cat; echo 1; echo 2 >&2; echo 3").merged()).await;
    assert_eq!((text.as_str(), exit), ("1\n2\n3\n", Exit::Code(0)));
}

#[tokio::test]
async fn directory_and_environment_are_as_asked() {
    let directory = tempfile::tempdir().unwrap();
    let spec = shell("pwd -P; echo \"${HOME-none} $GIVEN\"")
        .cwd(directory.path())
        .withhold(["HOME"])
        .give("GIVEN", "yes")
        .merged();
    let expected = format!("{}\nnone yes\n", directory.path().canonicalize().unwrap().display());
    assert_eq!(output(spec).await.0, expected);
}

#[tokio::test]
async fn an_end_by_signal_is_told_by_name() {
    let (_, exit) = output(shell("kill -TERM $$; sleep 1000")).await;
    assert_eq!((exit, exit.to_string().as_str()), (Exit::Signal(15), "killed by SIGTERM"));
}

#[tokio::test]
async fn errors_tell_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let error = spawn(Spec::new(&missing)).await.err().unwrap();
    assert!(matches!(&error, SpawnError::NotFound { program, .. } if *program == missing), "{error:?}");
    assert!(error.to_string().contains("missing"), "{error}");

    let plain = directory.path().join("plain");
    std::fs::write(&plain, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = spawn(Spec::new(&plain)).await.err().unwrap();
    assert!(matches!(error, SpawnError::NotExecutable { .. }), "{error:?}");

    let error = spawn(shell("true").cwd(&missing)).await.err().unwrap();
    assert!(matches!(error, SpawnError::Directory { .. }), "{error:?}");
}

#[tokio::test]
async fn ending_kills_grandchildren_that_ignore_sigterm() {
    let mut process = spawn(shell("trap '' TERM; sleep 1000 & echo $!; wait")).await.unwrap();
    let grandchild = first_number(&mut process).await;
    let child = i32::try_from(process.handle.pid()).unwrap();
    assert!(runs(grandchild));
    let exit = tokio::time::timeout(HANG, process.handle.end()).await.unwrap();
    assert_eq!(exit, Exit::Signal(9));
    until_gone(child).await;
    until_gone(grandchild).await;
}

#[tokio::test]
async fn dropping_the_handle_kills_the_group() {
    let mut process = spawn(shell("sleep 1000 & echo $!; wait")).await.unwrap();
    let grandchild = first_number(&mut process).await;
    let child = i32::try_from(process.handle.pid()).unwrap();
    drop(process);
    until_gone(child).await;
    until_gone(grandchild).await;
}

#[tokio::test]
async fn a_grandchild_that_outlives_its_parent_is_killed_too() {
    let mut process = spawn(shell("sleep 1000 & echo $!")).await.unwrap();
    let grandchild = first_number(&mut process).await;
    assert_eq!(process.handle.wait().await, Exit::Code(0));
    assert!(runs(grandchild));
    process.handle.end().await;
    until_gone(grandchild).await;
}

#[tokio::test]
async fn a_spawn_that_nobody_waits_for_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let spec = shell("echo $$ > pid.new; mv pid.new pid; sleep 1000").cwd(directory.path());
    // Polled once, so that the request is on its way, and then dropped.
    tokio::select! {
        biased;
        _ = spawn(spec) => {}
        () = std::future::ready(()) => {}
    }
    // The thread serves requests in order: when this one is done, so is the one before.
    output(shell("true").merged()).await;
    if let Ok(pid) = std::fs::read_to_string(&file) {
        until_gone(pid.trim().parse().unwrap()).await;
    }
}

#[tokio::test]
async fn many_at_once() {
    let runs = (0..40).map(|n| tokio::spawn(output(shell(&format!("echo {n}")).merged())));
    for (n, run) in runs.enumerate() {
        assert_eq!(run.await.unwrap(), (format!("{n}\n"), Exit::Code(0)));
    }
}

/// Not a test of its own: the process that dies in the test below.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "run by a_child_dies_with_its_parent"]
async fn parent_that_dies() {
    if std::env::var_os("WHARF_TEST_PARENT").is_none() {
        return;
    }
    let process = spawn(shell("exec sleep 1000")).await.unwrap();
    println!("\nchild {}", process.handle.pid());
    std::process::abort();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_dies_with_its_parent() {
    let spec = Spec::new(std::env::current_exe().unwrap())
        .args(["--exact", "parent_that_dies", "--ignored", "--nocapture"])
        .give("WHARF_TEST_PARENT", "1")
        .merged();
    let (text, exit) = output(spec).await;
    assert_eq!(exit, Exit::Signal(6), "{text}");
    let child = text.lines().find_map(|line| line.strip_prefix("child ")).unwrap_or_else(|| panic!("{text}"));
    until_gone(child.parse().unwrap()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn files_that_the_host_was_handed_are_not_handed_on() {
    let file = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    for spec in [shell("ls /proc/self/fd; true"), shell("ls /proc/self/fd; true").merged()] {
        let (text, _) = output(spec).await;
        // The fourth is the directory that `ls` reads.
        assert_eq!(text.lines().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    }
}

//! Runs the binary.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use wharf_test_support::Home;
use wharf_test_support::session::script_file;

/// How long a run may take. Far more than it does.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The binary in a home and its project, with an environment that holds nothing of the tester's but the path.
pub(crate) fn wharf(home: &Home, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
    command.env_clear().env("WHARF_HOME", home.path()).current_dir(home.project()).args(args);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, without input.
pub(crate) fn run(home: &Home, args: &[&str]) -> Ran {
    finish(wharf(home, args).spawn().unwrap())
}

/// Runs it with a script.
pub(crate) fn run_script(home: &Home, lines: impl IntoIterator<Item = String>, args: &[&str]) -> Ran {
    let file = script_file(home, lines).display().to_string();
    run(home, &[&["--script", &file], args].concat())
}

/// Runs it with input.
pub(crate) fn run_with_input(home: &Home, input: &str, args: &[&str]) -> Ran {
    let mut child = wharf(home, args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    finish(child)
}

/// Waits for its end.
pub(crate) fn finish(child: Child) -> Ran {
    let pid = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(DEADLINE) else {
        _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        panic!("it did not end within {DEADLINE:?}: {:?}", receiver.recv());
    };
    let Output { status, stdout, stderr } = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}

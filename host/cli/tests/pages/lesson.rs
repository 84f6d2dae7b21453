//! A lesson: sections of a page, done as a reader would, in one shell that stops at the first command that fails.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use wharf_test_support::Home;
use wharf_test_support::guests::workspace;

use crate::page::{self, Step};

/// What needs the network, and is done before by other means: the page says it, the test does not.
const FETCHING: [&str; 4] =
    ["rustup target add ", "npm install", "python3 -m venv ", "../wordcount-venv/bin/pip "];

/// Stands before each command in the output.
const MARK: &str = "\u{1}$ ";

/// Sections of a page, and a place to do what they say.
pub(crate) struct Lesson {
    home: Home,
    page: &'static str,
    script: String,
}

/// A command of the page, and what it wrote on standard output.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) command: String,
    pub(crate) out: String,
}

impl Lesson {
    /// Begins in an empty directory beside the checkout.
    pub(crate) fn new(page: &'static str) -> Self {
        let home = Home::new();
        fs::remove_dir_all(home.extensions()).unwrap();
        std::os::unix::fs::symlink(workspace(), home.project().join("wharf")).unwrap();
        Self { home, page, script: "set -e\nexec 2>&1\n".to_owned() }
    }

    /// Does something that the page does not say.
    pub(crate) fn besides(mut self, command: &str) -> Self {
        writeln!(self.script, "{command}").unwrap();
        self
    }

    /// Does what a section says, with words replaced.
    pub(crate) fn section(mut self, title: &str, replaced: &[(&str, &str)]) -> Self {
        let sections = page::read(self.page);
        let section = sections.iter().find(|section| section.title == title);
        let section = section.unwrap_or_else(|| panic!("{} has no section {title:?}", self.page));
        assert!(!section.steps.is_empty(), "{}: nothing is to be done in {title:?}", self.page);
        for step in &section.steps {
            self.step(step, replaced);
        }
        self
    }

    fn step(&mut self, step: &Step, replaced: &[(&str, &str)]) {
        match step {
            Step::Directory(name) => writeln!(self.script, "mkdir {name}\ncd {name}").unwrap(),
            Step::File { name, text } => {
                write!(self.script, "cat > '{name}' <<'END OF FILE'\n{text}END OF FILE\n").unwrap();
            }
            Step::Command(command) if FETCHING.iter().any(|fetching| command.starts_with(fetching)) => {}
            Step::Command(command) => {
                let mut command = command.clone();
                for (from, to) in replaced {
                    command = command.replace(from, to);
                }
                let quoted = command.replace('\'', r"'\''");
                writeln!(self.script, "printf '\\001$ %s\\n' '{quoted}'\n{command}").unwrap();
            }
            Step::Piece { .. } => {}
        }
    }

    /// Runs it; what each command of the page said, in order. One that failed is shown with all that was said.
    pub(crate) fn run(self) -> Vec<Done> {
        let program = Path::new(env!("CARGO_BIN_EXE_wharf")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.script).current_dir(self.home.project()).stdin(Stdio::null());
        command.env_clear().env("PATH", path).env("WHARF_HOME", self.home.path());
        // Compilers look for what they have fetched, and are to fetch nothing; what they make need not be fast.
        let kept = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
        command.envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("CARGO_PROFILE_RELEASE_LTO", "false").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        command.env("CARGO_NET_OFFLINE", "true").env("npm_config_offline", "true");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {}\n{said}", self.page, output.status);
        let parts = said.split(MARK).skip(1).filter_map(|part| part.split_once('\n'));
        parts.map(|(command, out)| Done { command: command.to_owned(), out: out.to_owned() }).collect()
    }
}

/// Checks what the page's calls of `wharf` said: one expectation for each, in order, which its output must hold.
pub(crate) fn check(done: &[Done], expected: &[&str]) {
    let calls: Vec<&Done> = done.iter().filter(|done| done.command.starts_with("wharf ")).collect();
    assert_eq!(calls.len(), expected.len(), "one expectation for each call of wharf: {calls:#?}");
    for (call, expected) in calls.iter().zip(expected) {
        assert!(call.out.contains(expected), "{:?} did not say {expected:?}:\n{}", call.command, call.out);
    }
}

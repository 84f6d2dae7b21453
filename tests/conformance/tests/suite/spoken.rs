//! The extension of `fixtures/languages` in one of its languages, installed in a home of its own.
#![allow(clippy::disallowed_methods, reason = "compilers are started here")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wharf_test_support::{Home, Transcript, script};

use crate::fixture;

/// Makes a test of each scenario for each language.
macro_rules! spoken {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            use super::$scenario as scenario;
            use crate::spoken::in_language;

            in_language!(c, scenario);
            in_language!(go, scenario);
            in_language!(python, scenario);
            in_language!(node, scenario);
            in_language!(shell, scenario);
        }
    )+};
}

/// Makes a test of a scenario for one language.
macro_rules! in_language {
    ($language:ident, $scenario:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $language() {
            if let Some(it) = crate::spoken::Spoken::install(stringify!($language)) {
                $scenario(it).await;
            }
        }
    };
}

pub(crate) use {in_language, spoken};

/// An installed extension.
pub struct Spoken {
    /// Its name, which is that of the language.
    pub name: &'static str,
    /// Where it is installed, alone.
    pub home: Home,
}

impl Spoken {
    /// Installs it; nothing, said by name, where the language is not there.
    pub fn install(name: &'static str) -> Option<Self> {
        let sources = fixture("languages").join(name);
        let program = match name {
            "c" => compiled(&C, "c", "cc", &["-std=c99", "-Wall", "-Wextra", "-Werror", "c.c", "-o"])?,
            "go" => compiled(&GO, "go", "go", &["build", "-o"])?,
            "python" | "python2" => runs("python3").then(PathBuf::new)?,
            "node" => runs("node").then(PathBuf::new)?,
            _ => PathBuf::new(),
        };
        let home = Home::new();
        let directory = home.install_folder(name, &sources);
        if program.is_file() {
            let to = directory.join(name);
            // A link where there can be one: a program that is still open for writing cannot be started.
            std::fs::hard_link(&program, &to)
                .or_else(|_| std::fs::copy(&program, &to).map(drop))
                .expect("the program");
        }
        Some(Self { name, home })
    }

    /// The name of one of its tools.
    pub fn own(&self, tool: &str) -> String {
        format!("{}_{tool}", self.name)
    }

    /// What it says of itself.
    pub fn says(&self, words: &str) -> String {
        format!("{} {words}", self.name)
    }

    /// Runs its command where there is a UI.
    pub async fn command(&self, argument: &str) -> Transcript {
        let lines = [script::says("the model answers")];
        let mut session = self.home.session().script(lines).with(|builder| builder.ui(true)).start().await;
        let transcript = session.run(&format!("/{} {argument}", self.name)).await;
        session.close().await;
        transcript
    }
}

static C: OnceLock<Option<PathBuf>> = OnceLock::new();
static GO: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Builds a language's extension once; `args` end with the one that names the output.
fn compiled(once: &OnceLock<Option<PathBuf>>, name: &str, compiler: &str, args: &[&str]) -> Option<PathBuf> {
    let build = || {
        if !runs(compiler) {
            return None;
        }
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (program, new) = (place.join(name), place.join(format!("{name}-{}", std::process::id())));
        let mut command = Command::new(compiler);
        command.current_dir(fixture("languages").join(name)).args(args).arg(&new);
        // Go takes what is installed, and looks for nothing elsewhere.
        command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off").env("GOFLAGS", "-buildvcs=false");
        let output = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} does not build: {}\n{said}", output.status);
        // In one step: another run of the suite may be linking to the one from before.
        std::fs::rename(&new, &program).expect("the program");
        Some(program)
    };
    once.get_or_init(build).clone()
}

/// Whether a program of a language is there. Where tests run unattended only Go may be missing.
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to see what was passed over")]
fn runs(program: &str) -> bool {
    let asked = if program == "go" { "version" } else { "--version" };
    if Command::new(program).arg(asked).output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(std::env::var_os("CI").is_none() || program == "go", "{program} is not installed");
    eprintln!("passed over: {program} is not installed");
    false
}

//! Running git, so that neither a repository nor the user's settings have it run anything else.

use tokio::io::AsyncReadExt as _;
use wharf_child::process::Stdout;
use wharf_child::{Process, Spec, spawn};
use wharf_protocol::text::harmless_line;

use super::Git;
use crate::install::InstallError;

/// Most that is read of what git says: names of many files, or why it failed.
const MAX_ANSWER: u64 = 8 << 20;
const MAX_WORDS: u64 = 8 << 10;

/// Settings that leave a repository nothing to say about what is run here.
const SETTINGS: [&str; 13] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.askPass=",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
    "fetch.recurseSubmodules=false",
    "fetch.fsckObjects=true",
    // All that comes is in one file, whose size is watched.
    "fetch.unpackLimit=1",
    "gc.auto=0",
    "maintenance.auto=false",
];
/// Variables that would lead git to another repository, or have it run something.
const WITHHELD: [&str; 18] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_TEMPLATE_DIR",
    "GIT_ALLOW_PROTOCOL",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "GIT_TRACE",
    "GIT_DEFAULT_HASH",
    "GIT_REPLACE_REF_BASE",
];

impl Git<'_> {
    /// Runs git to its end and returns what it wrote.
    pub(super) async fn ask(&self, args: &[&str]) -> Result<Vec<u8>, InstallError> {
        let process = spawn(self.spec(args)).await.map_err(|error| self.failed(error.to_string()))?;
        let Process { stdin, stdout, stderr, handle } = process;
        drop(stdin);
        let words = async {
            match stderr {
                Some(stderr) => read(stderr, MAX_WORDS).await,
                None => Vec::new(),
            }
        };
        let (answer, words, exit) = tokio::join!(read(stdout, MAX_ANSWER), words, handle.wait());
        // What it has started ends with it.
        handle.end().await;
        match exit.is_success() {
            true => Ok(answer),
            false => {
                let words = String::from_utf8_lossy(&words);
                // Progress ends with a carriage return, and so do a server's lines.
                let lines = words.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
                let words = lines.collect::<Vec<_>>().join(": ");
                let words = if words.is_empty() { exit.to_string() } else { words };
                Err(self.failed(harmless_line(&words, 1024)))
            }
        }
    }

    pub(super) fn spec(&self, args: &[&str]) -> Spec {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        let repository = format!("--git-dir={}", self.repository.display());
        // A repository that is being made is not there yet.
        let repository = (args.first() != Some(&"init")).then_some(repository);
        let spec = Spec::new("git")
            .args(settings)
            .args(repository)
            .args(args)
            .withhold(WITHHELD)
            .withhold(self.withhold.iter().cloned())
            .give("GIT_CONFIG_NOSYSTEM", "1")
            .give("GIT_TERMINAL_PROMPT", "0")
            .give("GIT_LFS_SKIP_SMUDGE", "1")
            .give("GIT_NO_REPLACE_OBJECTS", "1")
            .give("LC_ALL", "C");
        match std::env::var_os("GIT_SSH_COMMAND") {
            Some(_) => spec,
            // A question on the terminal would not be answered.
            None => spec.give("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
        }
    }
}

/// The beginning of what is written; the rest is read too, so that nobody waits.
async fn read(mut stream: Stdout, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    _ = (&mut stream).take(limit).read_to_end(&mut bytes).await;
    _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    bytes
}

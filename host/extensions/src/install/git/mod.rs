//! What lies in a repository at a revision. The files are taken out of git's own store, one by one: there is no working
//! tree, so that no hook, no filter and no submodule has a place in it, and no link is followed.

mod listing;

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;
use wharf_child::process::Stdout;
use wharf_child::{Process, Spec, spawn};
use wharf_protocol::text::harmless_line;

use super::InstallError;
use listing::Listed;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Most that is fetched, in bytes, and how often that is looked at.
const MAX_FETCHED: u64 = 256 << 20;
const LOOK: Duration = Duration::from_millis(200);
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

/// A commit, and the files in it.
pub(super) struct Snapshot {
    /// Its full id.
    pub(super) commit: String,
    pub(super) files: Vec<Blob>,
}

/// A file of a commit.
pub(super) struct Blob {
    /// From the root on, with `/` between the parts.
    pub(super) name: String,
    pub(super) kind: BlobKind,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlobKind {
    File,
    Executable,
    Link,
}

/// Fetches a revision into a repository of its own, which is made, and reads what lies in it.
pub(super) async fn fetch(
    url: &str,
    revision: Option<&str>,
    repository: &Path,
    withhold: &[String],
) -> Result<Snapshot, InstallError> {
    let git = Git { url, repository, withhold };
    // Each program is killed with all that it has started when it is not waited for any more.
    let work = async {
        tokio::select! {
            snapshot = git.snapshot(revision) => snapshot,
            error = git.outgrown() => Err(error),
        }
    };
    timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(git.failed(format!("it took more than {} s", PATIENCE.as_secs()))))
}

struct Git<'a> {
    url: &'a str,
    repository: &'a Path,
    withhold: &'a [String],
}

impl Git<'_> {
    async fn snapshot(&self, revision: Option<&str>) -> Result<Snapshot, InstallError> {
        let directory = self.repository.display().to_string();
        self.ask(&["init", "--quiet", "--bare", "--template=", "--", &directory]).await?;
        let commit = self.resolve(revision).await?;
        let listing = self.ask(&["ls-tree", "-r", "-z", "-l", "--full-tree", &commit]).await?;
        let listed = listing::read(&listing, self.url)?;
        let files = self.contents(listed).await?;
        Ok(Snapshot { commit, files })
    }

    /// Ends when the repository has become larger than anything that could be an extension: git knows no such limit.
    async fn outgrown(&self) -> InstallError {
        let packs = self.repository.join("objects/pack");
        loop {
            tokio::time::sleep(LOOK).await;
            let files = std::fs::read_dir(&packs).into_iter().flatten().flatten();
            let sizes = files.filter_map(|file| file.metadata().ok()).map(|data| data.len());
            if sizes.sum::<u64>() > MAX_FETCHED {
                let why =
                    format!("it is larger than {} MiB; it is not an extension alone", MAX_FETCHED >> 20);
                return self.failed(why);
            }
        }
    }

    /// Fetches the revision, and returns the full id of its commit.
    async fn resolve(&self, revision: Option<&str>) -> Result<String, InstallError> {
        let wanted = revision.unwrap_or("HEAD");
        let fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
        let shallow = [&fetch[..], &["--depth=1", "--", self.url, wanted]].concat();
        let name = match self.ask(&shallow).await {
            Ok(_) => "FETCH_HEAD".to_owned(),
            // Not every server hands out single commits, and none knows a shortened id: then all is fetched.
            Err(_) if is_id(wanted) => {
                let all = ["--", self.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
                self.ask(&[&fetch[..], &all].concat()).await?;
                wanted.to_owned()
            }
            Err(error) => return Err(error),
        };
        let name = format!("{name}^{{commit}}");
        let answer = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).await;
        let commit = answer.map_err(|_| self.failed(format!("there is no revision {wanted}")))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        if !is_id(&commit) || (is_id(wanted) && wanted.len() == commit.len() && wanted != commit) {
            return Err(self.failed(format!("the revision {wanted} is the commit {commit:?} there")));
        }
        Ok(commit)
    }

    async fn contents(&self, listed: Vec<Listed>) -> Result<Vec<Blob>, InstallError> {
        let spec = self.spec(&["cat-file", "--batch"]);
        let process = spawn(spec).await.map_err(|error| self.failed(error.to_string()))?;
        let Process { stdin, stdout, handle, stderr: _stderr } = process;
        let Some(mut stdin) = stdin else { return Err(self.failed("git cannot be asked".to_owned())) };
        let mut answers = BufReader::new(stdout);
        let mut files = Vec::with_capacity(listed.len());
        for Listed { name, kind, id, size } in listed {
            let blob = async {
                stdin.write_all(format!("{id}\n").as_bytes()).await?;
                stdin.flush().await?;
                read_blob(&mut answers, &id, size).await
            };
            let bytes = blob.await.map_err(|error| self.failed(format!("{name}: {error}")))?;
            files.push(Blob { name, kind, bytes });
        }
        drop(stdin);
        handle.end().await;
        Ok(files)
    }

    /// Runs git to its end and returns what it wrote.
    async fn ask(&self, args: &[&str]) -> Result<Vec<u8>, InstallError> {
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
                let words = words.trim();
                let words = if words.is_empty() { exit.to_string() } else { words.replace('\n', ": ") };
                Err(self.failed(harmless_line(&words, 1024)))
            }
        }
    }

    fn spec(&self, args: &[&str]) -> Spec {
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

    fn failed(&self, why: String) -> InstallError {
        InstallError::Fetch { url: self.url.to_owned(), why }
    }
}

async fn read_blob(answers: &mut BufReader<Stdout>, id: &str, size: u64) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    answers.take(256).read_until(b'\n', &mut head).await?;
    if head != format!("{id} blob {size}\n").as_bytes() {
        let head = harmless_line(&String::from_utf8_lossy(&head), 256);
        return Err(std::io::Error::other(format!("git answers {head:?}")));
    }
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    answers.read_exact(&mut bytes).await?;
    // The end of the line after it.
    answers.read_u8().await?;
    Ok(bytes)
}

/// The beginning of what is written; the rest is read too, so that nobody waits.
async fn read(mut stream: Stdout, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    _ = (&mut stream).take(limit).read_to_end(&mut bytes).await;
    _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    bytes
}

fn is_id(text: &str) -> bool {
    (4..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

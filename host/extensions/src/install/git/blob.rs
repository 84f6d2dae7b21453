//! The files of a commit, taken out of git's store one by one.

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use wharf_child::process::Stdout;
use wharf_child::{Process, spawn};
use wharf_protocol::text::harmless_line;

use super::Git;
use super::listing::Listed;
use crate::install::InstallError;

/// A file of a commit.
pub(in crate::install) struct Blob {
    /// From the root on, with `/` between the parts.
    pub(in crate::install) name: String,
    pub(in crate::install) kind: BlobKind,
    pub(in crate::install) bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::install) enum BlobKind {
    File,
    Executable,
    Link,
}

impl Git<'_> {
    pub(super) async fn contents(&self, listed: Vec<Listed>) -> Result<Vec<Blob>, InstallError> {
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

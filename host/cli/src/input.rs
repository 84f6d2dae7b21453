//! Standard input, in the modes that answer once.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes that are read at most.
const LIMIT: usize = 10 << 20;
/// How long the first byte is waited for when a prompt was given anyway.
const PATIENCE: Duration = Duration::from_secs(3);

/// The prompt: from the command line, from standard input, or both.
///
/// # Errors
/// No prompt at all, too much input, or input that cannot be read.
pub(crate) async fn prompt(given: Option<String>) -> Result<String> {
    let piped = if std::io::stdin().is_terminal() { String::new() } else { read(given.is_some()).await? };
    // A text without words is none.
    match given.filter(|text| !text.trim().is_empty()) {
        Some(text) if piped.trim().is_empty() => Ok(text),
        Some(text) => Ok(format!("{text}\n\n<stdin>\n{piped}\n</stdin>")),
        None if piped.trim().is_empty() => {
            bail!("there is no prompt; give it as an argument or on standard input")
        }
        None => Ok(piped),
    }
}

/// Reads all of it. With a prompt given, input that does not come is not waited for.
async fn read(have_prompt: bool) -> Result<String> {
    let (sender, mut chunks) = mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    std::thread::Builder::new().name("wharf-stdin".into()).spawn(move || pump(&sender))?;
    let first = if have_prompt {
        match timeout(PATIENCE, chunks.recv()).await {
            Ok(first) => first,
            Err(_) => {
                say!("wharf: nothing came on standard input for 3 s; going on without it");
                return Ok(String::new());
            }
        }
    } else {
        chunks.recv().await
    };
    let mut bytes = Vec::new();
    let mut next = first;
    while let Some(chunk) = next {
        bytes.extend(chunk.context("standard input")?);
        if bytes.len() > LIMIT {
            bail!("standard input has more than 10 MiB; give a file's path instead");
        }
        next = chunks.recv().await;
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

fn pump(chunks: &mpsc::Sender<std::io::Result<Vec<u8>>>) {
    let mut input = std::io::stdin().lock();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let chunk = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = chunk.is_err();
        if chunks.blocking_send(chunk).is_err() || failed {
            return;
        }
    }
}

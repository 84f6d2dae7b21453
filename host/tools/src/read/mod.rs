//! The tool `read`.

mod page;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cap_std::fs::{File, Metadata};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::CallContext;
use wharf_ports::tool::{Progress, Tool};
use wharf_protocol::content::Content;
use wharf_protocol::json::Json;
use wharf_protocol::tool::{ToolOutput, ToolSpec, ToolTraits};

use crate::parse_args;
use crate::workspace::Workspace;

/// Largest image, in bytes.
const MAX_IMAGE: u64 = 5 * 1024 * 1024;

const DESCRIPTION: &str = "Reads a file of the working directory. Text comes in pages of at most 2000 lines or 51200 \
    bytes; a notice says with which offset to go on. Images (.png .jpg .jpeg .gif .webp, at most 5 MiB) are shown.";
const SCHEMA: &str = r#"{"type":"object","properties":{"path":{"type":"string","description":"the file, relative to the working directory"},"offset":{"type":"integer","minimum":1,"description":"the first line to read, counted from 1"},"limit":{"type":"integer","minimum":1,"description":"how many lines to read"}},"required":["path"]}"#;

/// Reads files.
pub(crate) struct Read {
    spec: Arc<ToolSpec>,
    workspace: Arc<Workspace>,
}

#[derive(Debug, Deserialize)]
struct Args {
    path: String,
    offset: Option<u64>,
    limit: Option<u64>,
}

impl Read {
    pub(crate) fn new(workspace: Arc<Workspace>) -> Self {
        let schema = Json::new(SCHEMA).unwrap_or_else(|_| Json::empty_object());
        let mut spec = ToolSpec::new("read", DESCRIPTION, schema);
        spec.traits = ToolTraits { read_only: true, idempotent: true, ..ToolTraits::default() };
        Self { spec: Arc::new(spec), workspace }
    }
}

#[async_trait]
impl Tool for Read {
    fn spec(&self) -> Arc<ToolSpec> {
        self.spec.clone()
    }

    async fn call(&self, args: &Json, _: &dyn Progress, cx: &CallContext) -> ToolOutput {
        let args = match parse_args::<Args>(args) {
            Ok(args) => args,
            Err(problem) => return ToolOutput::error(problem),
        };
        let (workspace, cancel) = (self.workspace.clone(), cx.cancel.clone());
        let reading = tokio::task::spawn_blocking(move || read(&workspace, &args, &cancel));
        tokio::select! {
            biased;
            () = cx.cancel.cancelled() => ToolOutput::error("aborted"),
            read = reading => match read {
                Ok(Ok(content)) => ToolOutput { content: vec![content], is_error: false },
                Ok(Err(problem)) => ToolOutput::error(problem),
                Err(fault) => ToolOutput::error(format!("the file could not be read: {fault}")),
            },
        }
    }
}

fn read(workspace: &Workspace, args: &Args, cancel: &CancellationToken) -> Result<Content, String> {
    let path = &args.path;
    let (file, metadata) = workspace.open_file(path)?;
    if let Some(mime_type) = image_type(path) {
        return read_image(path, mime_type, file, &metadata);
    }
    let text = page::read(path, file, args.offset, args.limit, cancel)?;
    Ok(Content::Text(text))
}

fn read_image(path: &str, mime_type: &str, file: File, metadata: &Metadata) -> Result<Content, String> {
    let too_large = || format!("{path} is larger than {MAX_IMAGE} bytes; make it smaller before reading it");
    if metadata.len() > MAX_IMAGE {
        return Err(too_large());
    }
    let mut data = Vec::new();
    file.take(MAX_IMAGE + 1).read_to_end(&mut data).map_err(|error| format!("{path}: {error}"))?;
    if data.len() as u64 > MAX_IMAGE {
        return Err(too_large());
    }
    Ok(Content::Image { mime_type: mime_type.to_owned(), data })
}

fn image_type(path: &str) -> Option<&'static str> {
    let extension = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

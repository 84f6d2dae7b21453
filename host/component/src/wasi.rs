//! WASI for guests: no files, no network, no environment, no arguments, no input but what was granted. Clocks and
//! random numbers are always there; standard output and error go to the extension's log.

use std::sync::Arc;

use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_http::{Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks};
use wharf_extensions::inbound::{Inbound, LogSource};
use wharf_extensions::limits::Bytes;
use wharf_extensions::permission::Grants;

use crate::output::Output;

/// The WASI context of one instance.
pub(crate) fn context(grants: &Grants, output: &Arc<Output>, random: Bytes) -> wasmtime::Result<WasiCtx> {
    let mut builder = WasiCtxBuilder::new();
    builder
        .stdout(output.stream(LogSource::Stdout))
        .stderr(output.stream(LogSource::Stderr))
        .max_random_size(random.wide());
    for grant in &grants.directories {
        let perms = if grant.write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        builder.preopened_dir(&grant.host, &grant.guest, perms)?;
    }
    Ok(builder.build())
}

/// Answers every outgoing HTTP request of a guest with "denied", and says so in its log: what a guest's language makes
/// of the answer often names no reason.
pub(crate) struct DenyHttp {
    pub(crate) inbound: Inbound,
}

type HttpExchange =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), HttpError>> + Send>), HttpError>;

impl WasiHttpHooks for DenyHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _body: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = HttpExchange> + Send> {
        // The host alone: secrets may stand in the rest.
        let place = request.uri().host().unwrap_or("no host");
        let text = format!("denied: an HTTP request to {place}; components have no network");
        self.inbound.log(LogSource::Host, &text);
        Box::new(std::future::ready(Err(HttpError::HttpRequestDenied)))
    }
}

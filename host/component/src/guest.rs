//! What a store holds: never the instance or its bindings, so that no host function can enter the guest again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wasmtime::Store;
use wasmtime::UpdateDeadline;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};
use wharf_extensions::backend::{Asking, ExtCall};
use wharf_extensions::inbound::Inbound;
use wharf_extensions::limits::ComponentLimits;
use wharf_extensions::patience::Patience;
use wharf_extensions::permission::Grants;
use wharf_ports::call::Cause;

use crate::engine::Host;
use crate::limiter::Limiter;
use crate::output::Output;
use crate::wasi::{self, DenyHttp};

/// The data of one instance's store.
pub(crate) struct Guest {
    pub(crate) inbound: Inbound,
    pub(crate) limiter: Limiter,
    pub(crate) call: CurrentCall,
    pub(crate) output: Arc<Output>,
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    deny_http: DenyHttp,
}

/// What the guest may ask about the call in progress, and what it can do during it.
pub(crate) struct CurrentCall {
    pub(crate) deadline: Instant,
    pub(crate) cancel: CancellationToken,
    /// None: nobody called, it starts or ends; what it asks for then has the cause of what it was last told.
    cause: Option<Cause>,
    patience: Option<Patience>,
    progress: Option<mpsc::Sender<String>>,
}

impl CurrentCall {
    /// A call during which nothing can be asked: a start, an end.
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, cancel: CancellationToken::new(), cause: None, patience: None, progress: None }
    }

    pub(crate) fn of(cx: &ExtCall) -> Self {
        let (deadline, cancel, cause) = (cx.deadline, cx.cancel.clone(), Some(cx.cause));
        Self { deadline, cancel, cause, patience: cx.patience.clone(), progress: cx.progress.clone() }
    }

    /// The call that what it asks for belongs to.
    pub(crate) fn asking(&self) -> Option<Asking> {
        let (patience, cancel) = (self.patience.clone(), self.cancel.clone());
        self.cause.map(|cause| Asking { patience, cancel, cause })
    }

    pub(crate) fn remaining(&self) -> Duration {
        let deadline = match &self.patience {
            Some(patience) => patience.deadline(self.deadline).unwrap_or(self.deadline),
            None => self.deadline,
        };
        deadline.saturating_duration_since(Instant::now())
    }

    /// Whether nobody waits for it any more: it was cancelled, or its deadline has passed.
    pub(crate) fn is_over(&self) -> bool {
        let deadline = match &self.patience {
            // None while the user is asked something.
            Some(patience) => patience.deadline(self.deadline),
            None => Some(self.deadline),
        };
        self.cancel.is_cancelled() || deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    pub(crate) fn progress(&self, text: &str) {
        ExtCall::put_out(self.progress.as_ref(), text);
    }
}

/// Tells the bindings where their data is.
pub(crate) struct GuestState;

impl HasData for GuestState {
    type Data<'a> = &'a mut Guest;
}

impl Guest {
    /// A store for one instance with exactly the rights that were granted.
    pub(crate) fn store(
        host: &Host,
        limits: &ComponentLimits,
        grants: &Grants,
        inbound: Inbound,
    ) -> wasmtime::Result<Store<Self>> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let output = Output::new(inbound.clone(), limits.output);
        let guest = Self {
            wasi: wasi::context(grants, &output, limits.random)?,
            output,
            deny_http: DenyHttp { inbound: inbound.clone() },
            inbound,
            limiter: Limiter::new(limits, host.memory.clone()),
            call: CurrentCall::until(Instant::now()),
            table,
            http: WasiHttpCtx::new(),
        };
        let mut store = Store::new(&host.engine, guest);
        store.limiter(|guest| &mut guest.limiter);
        // A guest never runs for longer than a tick in one poll; what it used up in all is counted around the poll.
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        Ok(store)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // A call that was given up ends here.
        self.output.end_call();
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.deny_http, table: &mut self.table, ctx: &mut self.http }
    }
}

#[cfg(test)]
#[path = "guest_tests.rs"]
mod tests;

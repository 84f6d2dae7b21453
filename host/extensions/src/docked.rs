//! An extension that has docked: who keeps it running, its rights, what it registered, what it costs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wharf_ports::call::{CallContext, Cause};
use wharf_protocol::id::ExtensionId;
use wharf_protocol::registration::Registration;

use crate::backend::{ExtCall, Instance};
use crate::error::{ExtError, Fault, Stage};
use crate::limits::{Deadlines, GRACE};
use crate::meter::Meter;
use crate::patience::Patience;
use crate::permission::Grants;
use crate::supervisor::{Lease, Supervisor, Version};

/// An extension, as of one snapshot of the registry. It may sleep, or be on its way back after a crash.
#[derive(Clone)]
pub struct Docked {
    /// Which one.
    pub id: ExtensionId,
    /// Keeps it running.
    pub(crate) supervisor: Arc<Supervisor>,
    /// How long its calls may take.
    pub deadlines: Deadlines,
    /// What it may do.
    pub grants: Arc<Grants>,
    /// What it costs.
    pub meter: Arc<Meter>,
    /// What it registered and was allowed to.
    pub registration: Arc<Registration>,
}

impl Docked {
    /// The context of a call that may take `limit`, and must not go past `latest`.
    pub(crate) fn context(&self, limit: Duration, latest: Option<Instant>, cx: &CallContext) -> ExtCall {
        let own = cx.deadline_within(limit);
        self.supervisor.rations().note(cx.cause);
        ExtCall {
            deadline: latest.map_or(own, |latest| latest.min(own)),
            cancel: cx.cancel.clone(),
            cause: cx.cause,
            grants: self.grants.clone(),
            patience: None,
            progress: None,
        }
    }

    /// The context of a tool call or a command, during which the user may be asked something.
    pub(crate) fn patient_context(&self, limit: Duration, cx: &CallContext) -> ExtCall {
        ExtCall { patience: Some(Patience::default()), ..self.context(limit, None, cx) }
    }

    /// The context of an event: nobody waits for it, so nobody cancels it.
    pub(crate) fn event_context(&self, cause: Cause) -> ExtCall {
        self.supervisor.rations().note(cause);
        ExtCall {
            deadline: Instant::now() + self.deadlines.event,
            cancel: CancellationToken::new(),
            cause,
            grants: self.grants.clone(),
            patience: None,
            progress: None,
        }
    }

    /// Puts a question to the running instance, starting it or waiting for it if need be, and meters it. A question that
    /// waited for its turn while the instance was lost goes to the next one: nothing of it has happened.
    pub(crate) async fn ask<T, F: Future<Output = Result<T, ExtError>>>(
        &self,
        stage: Stage,
        cx: &ExtCall,
        question: impl Fn(Arc<dyn Instance>) -> F,
    ) -> Result<T, ExtError> {
        self.put(None, Version::Latest, stage, cx, |lease| question(lease.instance().clone())).await
    }

    /// The same, and `question` is told under which right it is put.
    pub(crate) async fn ask_under<T, F: Future<Output = Result<T, ExtError>>>(
        &self,
        stage: Stage,
        cx: &ExtCall,
        question: impl Fn(&Lease) -> F,
    ) -> Result<T, ExtError> {
        self.put(None, Version::Latest, stage, cx, question).await
    }

    /// The same, but puts it to this version alone, at first where there is a right to do so.
    pub(crate) async fn ask_here<T, F: Future<Output = Result<T, ExtError>>>(
        &self,
        held: Option<Lease>,
        stage: Stage,
        cx: &ExtCall,
        question: impl Fn(Arc<dyn Instance>) -> F,
    ) -> Result<T, ExtError> {
        self.put(held, Version::This, stage, cx, |lease| question(lease.instance().clone())).await
    }

    async fn put<T, F: Future<Output = Result<T, ExtError>>>(
        &self,
        mut held: Option<Lease>,
        version: Version,
        stage: Stage,
        cx: &ExtCall,
        question: impl Fn(&Lease) -> F,
    ) -> Result<T, ExtError> {
        // Waiting for its start is no time that a call took.
        let mut asked;
        let mut gone = None;
        let result = loop {
            let lease = match held.take() {
                Some(lease) => Ok(lease),
                None => self.supervisor.up(gone.as_ref(), version, cx.deadline, &cx.cancel).await,
            };
            let lease = match lease {
                Ok(lease) => lease,
                Err(fault) => {
                    asked = Instant::now();
                    break Err(fault.at(&self.id, stage));
                }
            };
            asked = Instant::now();
            // A little longer than its deadline, in case the backend does not keep it.
            let answer = tokio::select! {
                biased;
                answer = question(&lease) => Some(answer),
                () = cx.late_by(GRACE) => None,
            };
            match answer {
                Some(Err(ExtError { fault: Fault::NotRunning { .. }, .. })) => {
                    gone = Some(lease.instance().clone());
                }
                Some(result) => break result,
                None => {
                    let limit = cx.deadline.saturating_duration_since(asked);
                    break Err(Fault::TimedOut { limit, while_busy: None }.at(&self.id, stage));
                }
            }
        };
        let failed = matches!(&result, Err(error) if !matches!(error.fault, Fault::Cancelled));
        self.meter.call(asked.elapsed(), failed);
        result
    }
}

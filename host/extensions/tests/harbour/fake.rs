//! Extensions without anything behind them.

mod backend;

pub use backend::{FakeBackend, named};

use std::ops::RangeFrom;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use wharf_extensions::error::{Fault, Stage};
use wharf_extensions::extension::{Extension, Origin, Program};
use wharf_extensions::inbound::Inbound;
use wharf_extensions::manifest::Manifest;
use wharf_protocol::hook::{
    CompactionVerdict, MessageVerdict, PromptVerdict, ResultVerdict, ToolVerdict, TurnVerdict,
};
use wharf_protocol::registration::Registration;

/// What a fake answers to everything.
#[derive(Clone)]
pub enum Answer {
    Tool(ToolVerdict),
    Turn(TurnVerdict),
    Message(MessageVerdict),
    Prompt(PromptVerdict),
    Result(ResultVerdict),
    Compaction(CompactionVerdict),
    Crash,
    Never,
}

/// A fake extension.
#[derive(Clone)]
pub struct Fake {
    name: String,
    manifest: Manifest,
    registration: Registration,
    answer: Answer,
    /// The starts that fail, counted from 1.
    fails: Option<RangeFrom<u32>>,
    /// It is a component in this file.
    file: Option<PathBuf>,
    starts: Arc<AtomicU32>,
    /// The start whose instance lets nobody in any more.
    shut: Arc<AtomicU32>,
    /// What it adds to what it says, so that versions can be told apart.
    version: &'static str,
    /// Each start takes a permit, if there is one to be had.
    starting: Option<Arc<Semaphore>>,
    /// Each tool call takes a permit, if there is one to be had.
    calling: Option<Arc<Semaphore>>,
    calls: Arc<AtomicU32>,
    stops: Arc<AtomicU32>,
    inbound: Arc<Mutex<Vec<Inbound>>>,
}

impl Fake {
    pub fn new(name: &str) -> Self {
        let manifest = Manifest { name: name.into(), ..Manifest::default() };
        Self {
            name: name.into(),
            manifest,
            registration: Registration::new(),
            answer: Answer::Tool(ToolVerdict::Pass),
            fails: None,
            file: None,
            starts: Arc::default(),
            shut: Arc::default(),
            version: "",
            starting: None,
            calling: None,
            calls: Arc::default(),
            stops: Arc::default(),
            inbound: Arc::default(),
        }
    }

    pub fn registers(mut self, registration: Registration) -> Self {
        self.registration = registration;
        self
    }

    pub fn answers(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    pub fn manifest(mut self, text: &[u8]) -> Self {
        self.manifest = Manifest::read(text, Path::new("extension.json")).unwrap().manifest;
        self
    }

    pub fn fails(self) -> Self {
        self.fails_from(1)
    }

    pub fn fails_from(mut self, start: u32) -> Self {
        self.fails = Some(start..);
        self
    }

    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Its starts wait to be let go on.
    pub fn starts_held(mut self) -> Self {
        self.starting = Some(Arc::new(Semaphore::new(0)));
        self
    }

    /// Its tool calls wait to be let go on.
    pub fn calls_held(mut self) -> Self {
        self.calling = Some(Arc::new(Semaphore::new(0)));
        self
    }

    /// Lets one more start and one more call go on.
    pub fn let_go(&self) {
        self.starting.iter().chain(&self.calling).for_each(|permits| permits.add_permits(1));
    }

    pub fn component(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    pub fn register(&self, more: Registration) {
        self.inbound.lock().unwrap().last().unwrap().register(more);
    }

    /// What the n-th start was handed, counted from 1.
    pub fn inbound(&self, start: usize) -> Inbound {
        self.inbound.lock().unwrap()[start - 1].clone()
    }

    /// It ends on its own.
    pub fn lose(&self, fault: Fault) {
        let inbound = self.inbound(self.starts() as usize);
        inbound.lost(fault.at(inbound.extension(), Stage::Running));
    }

    /// It lets nobody in any more; that it is lost has not been told yet.
    pub fn shut(&self) {
        self.shut.store(self.starts(), Ordering::SeqCst);
    }

    pub fn starts(&self) -> u32 {
        self.starts.load(Ordering::SeqCst)
    }

    /// Tool calls that have begun.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Instances that were ended politely.
    pub fn stops(&self) -> u32 {
        self.stops.load(Ordering::SeqCst)
    }

    pub fn extension(&self) -> Extension {
        Extension {
            id: self.name.clone().try_into().unwrap(),
            manifest: self.manifest.clone(),
            program: match &self.file {
                Some(file) => Program::Component { file: file.clone() },
                None => Program::Subprocess { exec: PathBuf::from("none"), args: Vec::new() },
            },
            directory: self.file.as_ref().map_or("/".into(), |file| file.parent().unwrap().to_owned()),
            place: self.file.clone().unwrap_or_else(|| format!("/{}", self.name).into()),
            origin: Origin::User,
        }
    }
}

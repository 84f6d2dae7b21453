//! How long it takes until something can be used: components whose code is cached, and the whole program.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::future::join_all;
use wharf_extensions::backend::{Backend, Docking, Launch};
use wharf_extensions::error::ExtError;
use wharf_extensions::extension::Extension;
use wharf_extensions::inbound::{HostServices, Inbound, LogSource};
use wharf_extensions::permission::Grants;
use wharf_protocol::id::ExtensionId;
use wharf_protocol::notice::Level;
use wharf_protocol::registration::Registration;

use crate::Setting;
use crate::component::ratio;
use crate::direct::{Code, Containment};
use crate::measure::{self, Act, Plan, Samples};
use crate::rig::{self, Home};
use crate::table::{Figure, Row};

/// Components that are loaded together.
const SOME: usize = 20;
/// Components in the home of the program.
const MANY: usize = 50;
/// What takes longer than this is far from its aim, and not worth many runs.
const SLOW: Duration = Duration::from_millis(500);
/// How often the cached ones are loaded again.
const AGAIN: usize = 5;

/// Loading components whose code is in the cache, beside compiling them.
pub async fn cached(setting: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    for number in 0..SOME {
        home.component(&format!("weather{number}"), &setting.guest("weather.wasm"))?;
    }
    let extensions = home.discover()?.extensions;
    let first = load(&home, &extensions).await?;
    let mut again = Vec::new();
    let mut one = Vec::new();
    for _ in 0..AGAIN {
        again.push(load(&home, &extensions).await?);
        one.push(load(&home, extensions.get(..1).unwrap_or_default()).await?);
    }
    let again = Samples::new(again);
    let row = Row::plain("loading 20 components again; the first time, when they are compiled", again.p50());
    let mut rows = vec![row.beside(first).at_least(ratio(first, again.p50()), 20.0)];
    rows.push(Row::plain("loading one component again", Samples::new(one).p50()));
    let code = Code::compile(&setting.guest("weather.wasm"), Containment::Engine)?;
    let plan = Plan { rounds: 10, batch: 20 };
    let instantiate = measure::alone(plan, &mut Instantiate(&code)).await?;
    rows.push(Row::plain("making one instance of loaded code and calling `init`", Figure::of(&instantiate)));
    Ok(rows)
}

struct Instantiate<'a>(&'a Code);

impl Act for Instantiate<'_> {
    async fn once(&mut self) -> Result<()> {
        self.0.instantiate(None).await.map(drop)
    }
}

/// Starts all of them at once, waits for all, ends them; how long until the last one ran.
async fn load(home: &Home, extensions: &[Extension]) -> Result<Duration> {
    let backend = home.backends().component;
    let started = Instant::now();
    let all = join_all(extensions.iter().map(|extension| {
        let (backend, extension) = (backend.clone(), extension.clone());
        tokio::spawn(async move { launch(&backend, &extension).await })
    }));
    let all = all.await;
    let took = started.elapsed();
    for docking in all {
        docking??.instance.stop().await;
    }
    Ok(took)
}

/// Starts one extension, without rights, for a host that hears nothing.
pub async fn launch(backend: &Arc<dyn Backend>, extension: &Extension) -> Result<Docking, ExtError> {
    let inbound = Inbound::new(extension.id.clone(), Arc::new(Deaf));
    let (grants, data) = (Arc::new(Grants::none()), std::env::temp_dir());
    let launch = Launch { start: rig::start(), grants, data, inbound };
    backend.start(extension, launch).await
}

struct Deaf;

impl HostServices for Deaf {
    fn compiling(&self, _: &ExtensionId, _: bool) {}

    fn log(&self, _: &ExtensionId, _: LogSource, _: &str) {}
    fn notify(&self, _: &ExtensionId, _: Level, _: &str) {}
    fn register(&self, _: &ExtensionId, _: Registration) -> Vec<String> {
        Vec::new()
    }
    fn lost(&self, _: ExtError) {}
}

/// The whole program, as a process, beside a process that does nothing.
pub async fn program(setting: &Setting) -> Result<Vec<Row>> {
    let (none, many) = (Home::new()?, Home::new()?);
    for number in 0..MANY {
        many.component(&format!("weather{number}"), &setting.guest("weather.wasm"))?;
    }
    let mut rows = Vec::new();
    for (home, what, aim) in [
        (&none, "`wharf -p --model demo hi`; `/bin/true`", 10),
        (&many, "the same with 50 cached components", 50),
    ] {
        let root = home.places().config;
        let mut wharf = Process {
            program: setting.wharf.clone(),
            args: &["-p", "--model", "demo", "hi"],
            home: root.clone(),
        };
        // The first time compiles.
        Process { args: &["-p", "--strict-ext", "--model", "demo", "hi"], ..wharf.clone() }.once().await?;
        let started = Instant::now();
        wharf.once().await?;
        let plan = if started.elapsed() < SLOW { Plan::STARTS } else { Plan { rounds: 1, batch: 1 } };
        let mut nothing = Process { program: "/bin/true".into(), args: &[], home: root.clone() };
        let (took, limit) = measure::in_turns(plan, &mut wharf, &mut nothing).await?;
        let row = Row::plain(what, Figure::of(&took)).beside(Figure::of(&limit));
        let row = row.ratio(ratio(took.p50(), limit.p50()));
        rows.push(row.aim(&format!("≤ {aim} ms"), took.p50() <= Duration::from_millis(aim)));
    }
    let size = std::fs::metadata(&setting.wharf)?.len();
    rows.push(Row::plain("the release binary", Figure::bytes(size as f64)));
    Ok(rows)
}

/// A process, from its start to its end.
#[derive(Clone)]
struct Process<'a> {
    program: PathBuf,
    args: &'a [&'a str],
    home: PathBuf,
}

impl Act for Process<'_> {
    async fn once(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(self.args).env("WHARF_HOME", &self.home).current_dir(&self.home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Blocks, and nothing else is to be done meanwhile: how long the process takes is all that counts.
        let status = command.status().with_context(|| format!("{} did not start", self.program.display()))?;
        if status.success() { Ok(()) } else { bail!("{} ended with {status}", self.program.display()) }
    }
}

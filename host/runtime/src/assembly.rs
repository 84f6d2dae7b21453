//! Puts the parts together. The only place that knows all of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use wharf_agent::Agent;
use wharf_component::ComponentBackend;
use wharf_extensions::discovery::Discovery;
use wharf_extensions::dispatcher::Dispatcher;
use wharf_extensions::history::History;
use wharf_extensions::journal::Journal;
use wharf_extensions::lifecycle::{Backends, Extensions, Setup};
use wharf_extensions::limits::Bytes;
use wharf_extensions::quarantine::Quarantine;
use wharf_extensions::registrations::Registrations;
use wharf_extensions::registry::Reserved;
use wharf_extensions::reporter::Reporter;
use wharf_extensions::requests::Requests;
use wharf_extensions::store::Store;
use wharf_extensions::toolbox::{AllTools, Builtins};
use wharf_extensions::vault::Vault;
use wharf_extensions::watchmen::{UserShelf, Watchmen};
use wharf_ports::model::Model;
use wharf_protocol::registration::Start;
use wharf_subprocess::SubprocessBackend;

use crate::builder::{BuildError, Builder, ModelChoice};
use crate::builtin;
use crate::bus::Bus;
use crate::conversation::new_session_name;
use crate::handle::{Parts, Wharf};
use crate::interface::Interface;
use crate::places::Places;
use crate::search::Search;
use crate::submissions;
use crate::tokens::Tokens;
use crate::watch::{Watch, WatchMode};

/// What extensions registered, of all of them together.
const REGISTRATIONS: Bytes = Bytes::mib(16);
/// Entries of an untrusted project that are told one by one: it must not drown what the user has to see.
const INERT_LINES: usize = 20;
/// Withheld from subprocess extensions, beside providers' credentials.
const RPC_TOKENS: [&str; 2] = ["ZOTCORE_RPC_TOKEN", "WHARF_RPC_TOKEN"];

pub(crate) async fn assemble(builder: Builder) -> Result<Wharf, BuildError> {
    let places = builder.places.clone().map_or_else(Places::from_env, Ok)?;
    let cwd = working_directory(builder.cwd.as_deref())?;
    let model = model(&builder.model)?;
    let bus = Arc::new(Bus::default());
    let journal = Arc::new(Journal::new(places.logs(), builder.limits.log));
    let reporter = Reporter::new(bus.clone(), journal.clone());

    let builtins = builtins(&builder, &cwd)?;
    let dispatcher = Arc::new(Dispatcher::new(reporter.clone()));
    let tools = Arc::new(AllTools::new(builtins, dispatcher.clone(), reporter.clone()));

    let history = history(&places);
    let search = Search::new(&builder, &places, &cwd, history.clone());
    let (discovery, recollection) = search.look().await.map_err(BuildError::Discovery)?;
    let watch = watch(&builder, &places, &search, &discovery).await?;
    report(&discovery, &reporter);
    if builder.discover {
        for line in builder.config.renames_of_nobody(&discovery) {
            reporter.problem(None, line);
        }
    }
    let name = model.name();
    let start = Start {
        host_version: crate::VERSION.to_owned(),
        provider: name.provider,
        model: name.model,
        cwd: cwd.display().to_string(),
        data_dir: None,
        ..Start::default()
    };
    let inert = discovery.inert.clone();
    let fatal = discovery.problems.iter().filter(|problem| problem.fatal);
    let left_out = fatal.map(|problem| problem.message.clone()).collect();
    let interface = Arc::new(Interface::new(bus.clone(), builder.ui));
    let tokens = Arc::new(Tokens::default());
    let (prompts, submissions) = submissions::queue(builder.submissions, tokens.clone());
    let store = Arc::new(Store::new(places.stores(), &cwd, new_session_name(), builder.limits.store));
    let requests = Requests::new(interface.clone(), Arc::new(prompts), store.clone(), reporter.clone());
    let extensions = Extensions::start(Setup {
        discovery,
        recollection,
        history,
        start,
        backends: backends(&builder, &places),
        dispatcher: dispatcher.clone(),
        reporter: reporter.clone(),
        journal,
        reserved: reserved(),
        renames: builder.config.renames(),
        data: places.extension_data(),
        limits: builder.limits,
        requests,
    });
    let agent = Agent {
        model: RwLock::new(model),
        tools,
        hooks: dispatcher.clone(),
        approver: builder.approver.clone(),
        events: bus.clone(),
        clock: builder.clock.clone(),
        system: system_prompt(&builder, &cwd),
        max_steps: builder.max_steps,
    };
    let parts =
        Parts { agent, dispatcher, extensions, search, bus, reporter, interface, store, inert, left_out };
    let wharf = Wharf::new(parts, tokens, submissions);
    if let Some(watch) = watch {
        watch.begin(&wharf);
    }
    Ok(wharf)
}

/// What it takes to watch the extensions, if that was asked for: nothing of it is paid for otherwise.
async fn watch(
    builder: &Builder,
    places: &Places,
    search: &Search,
    found: &Discovery,
) -> Result<Option<Watch>, BuildError> {
    if builder.watch == WatchMode::Off {
        return Ok(None);
    }
    let directory = builder.discover.then(|| places.extensions());
    let watch = Watch::prepare(builder.watch, directory, search, found.clone()).await;
    watch.map(Some).map_err(BuildError::Discovery)
}

/// The names that no extension may take, whether they are offered or not.
fn reserved() -> Reserved {
    Reserved {
        tools: wharf_tools::NAMES.iter().map(ToString::to_string).collect(),
        commands: builtin::COMMANDS.iter().map(|(name, _)| (*name).to_owned()).collect(),
    }
}

pub(crate) fn working_directory(cwd: Option<&Path>) -> Result<PathBuf, BuildError> {
    let path = cwd.unwrap_or(Path::new("."));
    path.canonicalize().map_err(|source| BuildError::Cwd { path: path.to_owned(), source })
}

pub(crate) fn model(choice: &ModelChoice) -> Result<Arc<dyn Model>, BuildError> {
    Ok(match choice {
        ModelChoice::Demo => Arc::new(wharf_providers::demo()),
        ModelChoice::Script(file) => {
            Arc::new(wharf_providers::Script::load(file).map_err(BuildError::Script)?)
        }
        ModelChoice::Custom(model) => model.clone(),
    })
}

fn builtins(builder: &Builder, cwd: &Path) -> Result<Builtins, BuildError> {
    let all = wharf_tools::builtins(cwd).map_err(|error| BuildError::Tools(error.to_string()))?;
    let known: Vec<String> = all.iter().map(|tool| tool.spec().name.clone()).collect();
    if let Some(unknown) = builder.tools.iter().flatten().find(|name| !known.contains(name)) {
        return Err(BuildError::Tools(format!(
            "there is no tool {unknown:?}; there are {}",
            known.join(", ")
        )));
    }
    let chosen = all.into_iter().filter(|tool| match &builder.tools {
        Some(names) => names.contains(&tool.spec().name),
        None => true,
    });
    Ok(Builtins::new(chosen))
}

/// What is known from earlier runs, and where this one adds to it.
pub(crate) fn history(places: &Places) -> History {
    let vault = Vault::new(places.registrations(), places.cache_key(), REGISTRATIONS);
    let shelves = [UserShelf::Wharf, UserShelf::Zot].into_iter().zip(places.user_extensions());
    History {
        quarantine: Some(Arc::new(Quarantine::new(places.quarantine()))),
        registrations: Some(Arc::new(Registrations::new(vault))),
        watchmen: Some(Arc::new(Watchmen::new(places.watchmen()).shelves(shelves))),
    }
}

fn report(discovery: &Discovery, reporter: &Reporter) {
    let inert = &discovery.inert;
    for path in inert.iter().take(INERT_LINES) {
        let line = format!(
            "not started: {}: the project is not trusted; run with --trust to let its extensions load",
            path.display()
        );
        reporter.problem(None, line);
    }
    if let Some(more) = inert.len().checked_sub(INERT_LINES).filter(|more| *more > 0) {
        reporter.problem(None, format!("not started: {more} more of the project's; see `wharf ext list`"));
    }
    for problem in &discovery.problems {
        let kind = if problem.fatal { "extension left out" } else { "warning" };
        reporter.problem(None, format!("{kind}: {}", problem.message));
    }
}

/// Environment variables that no program gets to see which is not given them.
pub(crate) fn withheld() -> impl Iterator<Item = &'static str> {
    wharf_providers::CREDENTIAL_VARIABLES.iter().chain(&RPC_TOKENS).copied()
}

fn backends(builder: &Builder, places: &Places) -> Backends {
    let mut component = ComponentBackend::new(&builder.limits);
    if let Some(compiler) = &builder.compiler {
        component = component.compiler(compiler.clone());
    }
    if builder.code_cache {
        let limit = builder.limits.component.cache;
        component = component.cache(Vault::new(places.compiled_code(), places.cache_key(), limit));
    }
    Backends {
        subprocess: Arc::new(SubprocessBackend::new(withheld()).limits(&builder.limits)),
        component: Arc::new(component),
    }
}

/// The date where the user is. Without the variable `TZ` that is said by one file; asking for the zone by its name would
/// list the whole directory of zones first, which takes longer than all the rest of a start.
fn today() -> jiff::civil::Date {
    let file = || std::fs::read("/etc/localtime").ok();
    let zone = match std::env::var_os("TZ") {
        Some(_) => None,
        None => file().and_then(|data| jiff::tz::TimeZone::tzif("local", &data).ok()),
    };
    match zone {
        Some(zone) => jiff::Timestamp::now().to_zoned(zone).date(),
        None => jiff::Zoned::now().date(),
    }
}

fn system_prompt(builder: &Builder, cwd: &Path) -> String {
    const IDENTITY: &str = "You are a coding agent in the user's terminal. Act with the tools that you have, look \
        before you change, and say briefly what you did. Use the read tool for files rather than the shell.";
    let mut prompt = builder.system.clone().unwrap_or_else(|| IDENTITY.to_owned());
    for more in &builder.append_system {
        prompt.push_str("\n\n");
        prompt.push_str(more);
    }
    let date = today();
    prompt.push_str(&format!("\n\nCurrent date: {date}\nCurrent working directory: {}\n", cwd.display()));
    prompt
}

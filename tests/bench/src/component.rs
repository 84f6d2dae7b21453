//! What a component costs: its hooks, alone and in a chain, beside the same calls straight through wasmtime.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use wharf_extensions::limits::Limits;
use wharf_ports::hooks::Hooks as _;
use wharf_protocol::tool::ToolCall;

use crate::Setting;
use crate::direct::{Code, Containment, Direct};
use crate::measure::{self, Act, Plan, Samples};
use crate::rig::{Ask, Data, Home, Rig, call};
use crate::table::{Figure, Row};

/// What `bash` is called with; the guard lets it pass.
pub const BASH_ARGS: &str = r#"{"command":"ls -la src"}"#;
const CHAIN: usize = 5;
/// How often a guest is made to loop.
const LOOPS: usize = 5;

fn bash() -> Result<ToolCall> {
    call("bash", BASH_ARGS)
}

async fn guards(wasm: &Path, count: usize, data: Data) -> Result<(Home, Rig)> {
    let home = Home::new()?;
    for number in 0..count {
        home.component(&format!("guard{number}"), wasm)?;
    }
    let rig = Rig::start(&home, data).await?;
    Ok((home, rig))
}

/// One hook, beside the same call straight through wasmtime; twice, since the guard writes each decision into a file
/// when it has a directory.
pub async fn hook(setting: &Setting) -> Result<Vec<Row>> {
    let wasm = setting.guest("guard.wasm");
    let code = Code::compile(&wasm, Containment::Engine)?;
    let mut rows = Vec::new();
    for (data, what) in [
        (Data::Withheld, "one `tool_call` hook by the component `guard`"),
        (Data::Given, "the same, when the guard writes its audit file"),
    ] {
        let directory = tempfile::tempdir()?;
        let mut direct = code.instantiate((data == Data::Given).then_some(directory.path())).await?;
        let (_home, rig) = guards(&wasm, 1, data).await?;
        let mut ask = Ask::about(&rig, bash()?);
        let (hook, limit) = measure::in_turns(Plan::CALLS, &mut ask, &mut direct).await?;
        let row = Row::plain(what, Figure::of(&hook)).beside(Figure::of(&limit));
        rows.push(row.at_most(ratio(hook.p50(), limit.p50()), 2.0));
        rig.stop().await;
    }
    Ok(rows)
}

/// Five interceptors, one after the other, beside five times one. Five components lie apart in memory, which has its
/// price; how much that is by itself is seen straight through wasmtime.
pub async fn chain(setting: &Setting) -> Result<Vec<Row>> {
    let wasm = setting.guest("guard.wasm");
    let (_home, one) = guards(&wasm, 1, Data::Withheld).await?;
    let (_other, five) = guards(&wasm, CHAIN, Data::Withheld).await?;
    let (mut long, mut short) = (Ask::about(&five, bash()?), Ask::about(&one, bash()?));
    let (chain, single) = measure::in_turns(Plan::CALLS, &mut long, &mut short).await?;
    let limit = single.p50() * CHAIN as u32;
    one.stop().await;
    five.stop().await;
    let mut bare = Vec::new();
    for _ in 0..CHAIN {
        bare.push(Code::compile(&wasm, Containment::Engine)?.instantiate(None).await?);
    }
    let mut first = Code::compile(&wasm, Containment::Engine)?.instantiate(None).await?;
    let (bare_chain, bare_one) = measure::in_turns(Plan::CALLS, &mut Each(bare), &mut first).await?;
    let row = |what, chain: &Samples, one: Duration| {
        Row::plain(what, Figure::of(chain)).beside(one).ratio(ratio(chain.p50(), one))
    };
    let bare_limit = bare_one.p50() * CHAIN as u32;
    Ok(vec![
        row("a chain of 5 components; five times one", &chain, limit).at_most(ratio(chain.p50(), limit), 1.0),
        row("5 components straight through wasmtime; five times one", &bare_chain, bare_limit),
    ])
}

/// Asks one after the other.
struct Each(Vec<Direct>);

impl Act for Each {
    async fn once(&mut self) -> Result<()> {
        for direct in &mut self.0 {
            direct.once().await?;
        }
        Ok(())
    }
}

/// What limits and metering cost, as a share of a hook.
pub async fn limits(setting: &Setting) -> Result<Vec<Row>> {
    let wasm = setting.guest("guard.wasm");
    let mut bare = Code::compile(&wasm, Containment::None)?.instantiate(None).await?;
    let mut full = Code::compile(&wasm, Containment::Full)?.instantiate(None).await?;
    let (full, bare) = measure::in_turns(Plan::CALLS, &mut full, &mut bare).await?;
    let (_home, rig) = guards(&wasm, 1, Data::Withheld).await?;
    let hook = measure::alone(Plan::CALLS, &mut Ask::about(&rig, bash()?)).await?;
    rig.stop().await;
    let cost = full.p50().saturating_sub(bare.p50());
    let share = ratio(cost, hook.p50());
    let row = Row::plain("limits and metering, in one hook; that hook", cost).beside(Figure::of(&hook));
    Ok(vec![row.ratio(share).aim("≤ 25 %", share <= 0.25)])
}

/// A guest that loops is stopped, and others do not notice it.
pub async fn looping(setting: &Setting) -> Result<Vec<Row>> {
    let budget = Limits::STANDARD.component.hook.cpu;
    let (_home, quiet) = guards(&setting.guest("guard.wasm"), 1, Data::Withheld).await?;
    let (mut stops, mut meanwhile) = (Vec::new(), Vec::new());
    for _ in 0..LOOPS {
        let home = Home::new()?;
        home.component("hostile", &setting.guest("hostile.wasm"))?;
        let rig = Arc::new(Rig::start(&home, Data::Withheld).await?);
        let mut ask = Ask::about(&quiet, bash()?);
        let armed = call("hostile_arm", r#"{"how":"spin"}"#)?;
        rig.tool(&armed)?.call(&armed, &(), &ask.cx).await;
        let (spinning, cx) = (rig.clone(), ask.cx.clone());
        let stopped = tokio::spawn(async move {
            let started = Instant::now();
            let echo = call("hostile_echo", "{}")?;
            _ = spinning.dispatcher.before_tool(&echo, &|_| Ok(()), &cx).await;
            anyhow::Ok(started.elapsed())
        });
        while !stopped.is_finished() {
            let started = Instant::now();
            ask.once().await?;
            meanwhile.push(started.elapsed());
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        stops.push(stopped.await??);
        rig.stop().await;
    }
    quiet.stop().await;
    let (stops, meanwhile) = (Samples::new(stops), Samples::new(meanwhile));
    if stops.p50() < budget {
        bail!("the looping guest was stopped after {:?}, before its budget was used up", stops.p50());
    }
    let over = stops.quantile(1.0).saturating_sub(budget);
    Ok(vec![
        Row::plain("a looping guest is stopped; its budget", stops.quantile(1.0))
            .beside(budget)
            .aim("+ 50 ms at most", over <= Duration::from_millis(50)),
        Row::plain("another extension's hook meanwhile (p99)", meanwhile.p99())
            .aim("< 1 ms", meanwhile.p99() < Duration::from_millis(1)),
    ])
}

/// How often one goes into the other.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(f64::MIN_POSITIVE)
}

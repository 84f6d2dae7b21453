//! What a subprocess costs: one hook, and starting many, beside bare `cat` children that give a line back.

use std::path::PathBuf;
use std::process::{Command as StdCommand, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Setting;
use crate::component::{BASH_ARGS, ratio};
use crate::measure::{self, Act, Plan, Samples};
use crate::pinned::Pinned;
use crate::rig::{Ask, Data, Home, Rig, call};
use crate::table::{Figure, Row};

/// Extensions that are started together.
const MANY: usize = 50;
/// How often they are.
const ROUNDS: usize = 15;
/// What `cat` gives back: as long as the question of a hook.
const LINE: &[u8] = b"{\"type\":\"event_intercept\",\"id\":\"000000000001\",\"event\":\"tool_call\",\"tool_id\":\"call_1\",\"tool_name\":\"bash\",\"tool_args\":{\"command\":\"ls -la src\"}}\n";

/// Compiles `echo.c`, the smallest extension, and says where it is.
pub fn echo(setting: &Setting) -> Result<PathBuf> {
    let (source, program) = (setting.scratch.join("echo.c"), setting.scratch.join("echo"));
    if !program.exists() {
        std::fs::write(&source, include_str!("../echo.c"))?;
        let status = StdCommand::new("cc").arg("-O2").arg("-o").args([&program, &source]).status();
        if !status.context("cc did not start: a C compiler is needed")?.success() {
            bail!("cc cannot compile echo.c");
        }
    }
    Ok(program)
}

/// One hook, beside a line through `cat` and back.
pub async fn hook(setting: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    home.program("echo", &echo(setting)?)?;
    let _pinned = Pinned::now();
    let rig = Rig::start(&home, Data::Withheld).await?;
    let mut cat = Cat::spawn()?;
    let mut ask = Ask::about(&rig, call("bash", BASH_ARGS)?);
    let (hook, limit) = measure::in_turns(Plan::CALLS, &mut ask, &mut cat).await?;
    rig.stop().await;
    cat.end().await?;
    let row = Row::plain("one hook by a subprocess; a line through `cat` and back", Figure::of(&hook));
    Ok(vec![row.beside(Figure::of(&limit)).at_most(ratio(hook.p50(), limit.p50()), 1.25)])
}

/// Starting many, until each has registered, beside as many `cat`s until each has given a line back.
pub async fn start(setting: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    for number in 0..MANY {
        home.program(&format!("echo{number}"), &echo(setting)?)?;
    }
    let (mut ours, mut cats) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (discovery, backends) = (home.discover()?, home.backends());
        let started = Instant::now();
        let rig = Rig::with(discovery, backends, &home, Data::Withheld).await?;
        let took = started.elapsed();
        rig.stop().await;
        let started = Instant::now();
        let all = try_join_all((0..MANY).map(|_| async {
            let mut cat = Cat::spawn()?;
            cat.once().await.map(|()| cat)
        }));
        let all = all.await?;
        let cat_took = started.elapsed();
        try_join_all(all.into_iter().map(Cat::end)).await?;
        if round > 0 {
            ours.push(took);
            cats.push(cat_took);
        }
    }
    let (ours, cats) = (Samples::new(ours), Samples::new(cats));
    let row = Row::plain("starting 50 subprocess extensions; 50 `cat`s that give a line back", ours.p50());
    Ok(vec![row.beside(cats.p50()).at_most(ratio(ours.p50(), cats.p50()), 1.3)])
}

/// A child that gives back what it reads.
struct Cat {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Cat {
    fn spawn() -> Result<Self> {
        let mut cat = Command::new("cat");
        cat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = cat.spawn().context("cat did not start")?;
        let stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        Ok(Self { child, stdin, stdout: BufReader::new(stdout), line: Vec::new() })
    }

    async fn end(mut self) -> Result<()> {
        drop(self.stdin);
        self.child.wait().await?;
        Ok(())
    }
}

impl Act for Cat {
    async fn once(&mut self) -> Result<()> {
        self.line.clear();
        self.stdin.write_all(LINE).await?;
        self.stdin.flush().await?;
        self.stdout.read_until(b'\n', &mut self.line).await?;
        if self.line == LINE { Ok(()) } else { bail!("cat gave something else back") }
    }
}

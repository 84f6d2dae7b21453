//! What an idle component takes in memory, and that nothing is made before it is needed. Each is looked at in a process
//! of its own, since memory that was freed is not always given back.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use wharf_runtime::{ModelChoice, Wharf};

use crate::Setting;
use crate::direct::{self, Code, Containment};
use crate::rig::Home;
use crate::startup::launch;
use crate::table::{Figure, Row};

/// Instances before the first look: what is made once is there by then.
const FEW: usize = 16;
/// Instances until the second look.
const MORE: usize = 64;

/// Processes that look at the same.
const LOOKS: usize = 5;

/// What a process of its own looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Look {
    /// Components in the host.
    Host,
    /// Instances in stores of their own.
    Bare,
    /// Code alone.
    Code,
    /// A program that has used no component.
    Lazy,
}

/// Memory of one idle component in the host, its code apart, beside a bare instance.
pub async fn idle(setting: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    for number in 0..MORE {
        home.component(&format!("weather{number:02}"), &setting.guest("weather.wasm"))?;
    }
    // What an allocator keeps differs from process to process: the median of some.
    let read = |look| -> Result<f64> {
        let each = (0..LOOKS).map(|_| Ok(apart(setting, look, &home)?.trim().parse::<f64>()?));
        let mut each = each.collect::<Result<Vec<_>>>()?;
        each.sort_by(f64::total_cmp);
        each.get(LOOKS / 2).copied().context("nothing was looked at")
    };
    // The first time the code is compiled, and what that leaves behind belongs to no instance.
    apart(setting, Look::Host, &home)?;
    apart(setting, Look::Code, &home)?;
    let (host, bare, code) = (read(Look::Host)?, read(Look::Bare)?, read(Look::Code)?);
    let idle = host - code;
    let row = Row::plain(
        "memory of an idle component, code apart; a bare instance in its own store",
        Figure::bytes(idle),
    );
    Ok(vec![row.beside(Figure::bytes(bare)).at_most(idle / bare, 2.0)])
}

/// What an agent without components has made.
pub async fn lazy(setting: &Setting) -> Result<Vec<Row>> {
    let threads = apart(setting, Look::Lazy, &Home::new()?)?;
    let made: Vec<&str> =
        threads.lines().filter(|name| ["wharf-epoch", "wharf-ext"].contains(name)).collect();
    let figure = if made.is_empty() { "none" } else { "they are there" };
    Ok(vec![
        Row::plain("threads of the component engine after a prompt without components", figure)
            .aim("none", made.is_empty()),
    ])
}

/// Has a process of its own look, and gives what it says.
fn apart(setting: &Setting, look: Look, home: &Home) -> Result<String> {
    let name = look.to_possible_value().ok_or_else(|| anyhow!("{look:?} has no name"))?;
    let mut program = Command::new(std::env::current_exe()?);
    program
        .arg("--look")
        .arg(name.get_name())
        .arg("--home")
        .arg(home.path())
        .arg("--guests")
        .arg(&setting.guests);
    program.arg("--wharf").arg(&setting.wharf).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = program.output().context("the bench cannot start itself")?;
    if !output.status.success() {
        bail!("looking at {look:?} failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Looks, and says what is seen: bytes each, or the names of the threads.
pub async fn look(setting: &Setting, look: Look, home: &Home) -> Result<String> {
    let wasm = setting.guest("weather.wasm");
    let each = match look {
        Look::Host => host(home).await?,
        Look::Bare => bare(&wasm).await?,
        Look::Code => code(&wasm, home)?,
        Look::Lazy => return lazily(home).await,
    };
    Ok(each.to_string())
}

async fn host(home: &Home) -> Result<f64> {
    let (backend, extensions) = (home.backends().component, home.discover()?.extensions);
    let mut all = Vec::new();
    let mut before = 0;
    for extension in &extensions {
        if all.len() == FEW {
            before = written()?;
        }
        all.push(launch(&backend, extension).await?);
    }
    let each = slope(before)?;
    drop(all);
    Ok(each)
}

async fn bare(wasm: &Path) -> Result<f64> {
    let code = Code::compile(wasm, Containment::Engine)?;
    let mut all = Vec::new();
    let mut before = 0;
    for number in 0..MORE {
        if number == FEW {
            before = written()?;
        }
        all.push(code.instantiate(None).await?);
    }
    let each = slope(before)?;
    drop(all);
    Ok(each)
}

fn code(wasm: &Path, home: &Home) -> Result<f64> {
    let engine = direct::engine()?;
    let compiled = home.path().join("weather.compiled");
    if !compiled.exists() {
        fs::write(&compiled, Code::compile(wasm, Containment::Engine)?.serialize()?)?;
    }
    let code: Arc<[u8]> = fs::read(&compiled)?.into();
    let mut all = Vec::new();
    let mut before = 0;
    for number in 0..MORE {
        if number == FEW {
            before = written()?;
        }
        all.push(direct::load_again(&engine, &code)?);
    }
    let each = slope(before)?;
    drop(all);
    Ok(each)
}

/// Gives back to the system what the allocator keeps for later: what was freed while loading belongs to no instance.
fn give_back() {
    // SAFETY: it may be called at any time.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    unsafe {
        libc::malloc_trim(0);
    }
}

fn slope(before: u64) -> Result<f64> {
    Ok(written()?.saturating_sub(before) as f64 / (MORE - FEW) as f64)
}

/// Bytes of this process in memory that lie in mappings which can be written: neither the program nor compiled code.
fn written() -> Result<u64> {
    give_back();
    let maps = fs::read_to_string("/proc/self/smaps").context("memory can only be read on Linux")?;
    let mut writable = false;
    let mut kib = 0;
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        if first.contains('-') && !first.ends_with(':') {
            writable = second.contains('w');
        } else if first == "Rss:" && writable {
            kib += second.parse::<u64>()?;
        }
    }
    Ok(kib * 1024)
}

/// Runs a prompt in an agent that has no component; names the threads that are there afterwards.
async fn lazily(home: &Home) -> Result<String> {
    let wharf = Wharf::builder().places(home.places()).model(ModelChoice::Demo).build().await?;
    wharf.prompt("hi").await.outcome().await;
    let mut names = String::new();
    for task in fs::read_dir("/proc/self/task").context("threads can only be listed on Linux")? {
        names.push_str(&fs::read_to_string(task?.path().join("comm"))?);
    }
    wharf.close().await;
    Ok(names)
}

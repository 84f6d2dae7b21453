//! What a reload costs those who call the extension meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Setting;
use crate::component::BASH_ARGS;
use crate::measure::{Act as _, Samples};
use crate::rig::{Ask, Data, Home, Rig, call};
use crate::table::{Figure, Row};

/// A call is due this often: 1,000 a second.
const EVERY: Duration = Duration::from_millis(1);
const RELOADS: usize = 100;
/// From one reload to the next, and from a reload's end to where its traces are looked for.
const REST: Duration = Duration::from_millis(50);
const AIM: Duration = Duration::from_millis(20);

/// A call: when it was due, and how long after that its answer was there.
type Took = (Instant, Duration);

/// A component is asked 1,000 times a second and loaded anew again and again. It writes a line for each question, so
/// that what was lost or asked twice is seen.
pub async fn under_calls(setting: &Setting) -> Result<Vec<Row>> {
    let home = Home::new()?;
    home.component("guard0", &setting.guest("guard.wasm"))?;
    let rig = Arc::new(Rig::start(&home, Data::Given).await?);
    let over = Arc::new(AtomicBool::new(false));
    let calls = tokio::spawn(ask_steadily(rig.clone(), over.clone()));
    let mut reloads = Vec::new();
    for _ in 0..RELOADS {
        sleep(REST).await;
        let begun = Instant::now();
        rig.reload(&home).await?;
        reloads.push((begun, Instant::now()));
    }
    sleep(REST * 2).await;
    over.store(true, Ordering::Release);
    let calls = calls.await.context("the calls ended")??;
    rig.stop().await;

    let longest = |from: Instant, to: Instant| {
        let within = calls.iter().filter(|(due, _)| (from..to).contains(due));
        within.map(|(_, took)| *took).max().unwrap_or_default()
    };
    // What a reload leaves behind for a moment counts as well.
    let during = reloads.iter().map(|(begun, ended)| longest(*begun, *ended + REST / 2)).collect();
    let apart = reloads.iter().map(|(begun, _)| longest(*begun - REST / 2, *begun)).collect();
    let (during, apart) = (Samples::new(during), Samples::new(apart));
    let loading = Samples::new(reloads.iter().map(|(begun, ended)| *ended - *begun).collect());
    let written = lines(&home.places().extension_data().join("guard0"))?;
    let what =
        "the longest wait at a reload of a component under 1,000 calls a second; when nothing is reloaded";
    let counted = format!("{} calls, {written} came in", calls.len());
    Ok(vec![
        Row::plain(what, Figure::of(&during))
            .beside(Figure::of(&apart))
            .aim("p99 < 20 ms", during.p99() < AIM),
        Row::plain("calls that were lost or made twice in it", counted.as_str())
            .aim("none", written == calls.len()),
        Row::plain("the reload itself, from its begin to its end", Figure::of(&loading)),
    ])
}

/// Asks when it is due, and late if it has to be: what waits for one answer makes the next ones late.
async fn ask_steadily(rig: Arc<Rig>, over: Arc<AtomicBool>) -> Result<Vec<Took>> {
    let mut ask = Ask::about(&rig, call("bash", BASH_ARGS)?);
    let mut took = Vec::new();
    let mut due = Instant::now();
    while !over.load(Ordering::Acquire) {
        sleep_until(due).await;
        ask.once().await?;
        took.push((due, due.elapsed()));
        due += EVERY;
    }
    Ok(took)
}

/// The lines of all files of a directory.
fn lines(directory: &Path) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(directory).context("the guard has written nothing")? {
        count += std::fs::read_to_string(entry?.path())?.lines().count();
    }
    Ok(count)
}

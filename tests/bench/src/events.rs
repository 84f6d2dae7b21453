//! What an event costs whoever publishes it.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use wharf_ports::call::Cause;
use wharf_ports::hooks::Hooks as _;
use wharf_protocol::event::Event;
use wharf_test_support::wat::{Export, Guest};

use crate::Setting;
use crate::measure::{self, Act, Plan};
use crate::rig::{Data, Home, Rig};
use crate::table::{Figure, Row};

const SUBSCRIBERS: usize = 10;
const EVENTS: u32 = 50_000;
const AIM: f64 = 100_000.0;
/// Within the deadline of an event, so that nobody is blamed.
const SLEEP: Duration = Duration::from_secs(1);

/// Ten components are told of everything; then an eleventh, which sleeps at each event or does not.
pub async fn fan_out(setting: &Setting) -> Result<Vec<Row>> {
    let (home, ten) = subscribers(setting, None).await?;
    publish(&ten, EVENTS / 10);
    let begun = Instant::now();
    publish(&ten, EVENTS);
    let rate = f64::from(EVENTS) * SUBSCRIBERS as f64 / begun.elapsed().as_secs_f64();
    ten.stop().await;
    for number in 0..SUBSCRIBERS {
        let log = home.places().logs().join(format!("ext-sub{number}.log"));
        if std::fs::read_to_string(log).unwrap_or_default().contains("was dropped") {
            bail!("events were dropped");
        }
    }
    let awake = Guest::new("more").on(Export::Event, "");
    let sleeps = format!("(call $block (call $timer (i64.const {})))", SLEEP.as_nanos());
    let asleep = Guest::new("more").on(Export::Event, sleeps);
    let (_home, awake) = subscribers(setting, Some(awake)).await?;
    let (_other, asleep) = subscribers(setting, Some(asleep)).await?;
    let (with, without) = measure::in_turns(Plan::CALLS, &mut Publish(&asleep), &mut Publish(&awake)).await?;
    awake.stop().await;
    asleep.stop().await;
    let ratio = with.p50().as_secs_f64() / without.p50().as_secs_f64();
    Ok(vec![
        Row::plain("events to 10 components: deliveries", Figure::rate(rate)).aim("≥ 100 000/s", rate >= AIM),
        Row::plain(
            "one event to 10 components and one that sleeps; and one that does not",
            Figure::of(&with),
        )
        .beside(Figure::of(&without))
        .at_most(ratio, 1.1),
    ])
}

/// Components that do nothing at each event, and one more.
async fn subscribers(setting: &Setting, more: Option<Guest>) -> Result<(Home, Rig)> {
    let home = Home::new()?;
    let quiet = (0..SUBSCRIBERS).map(|number| {
        let name = format!("sub{number}");
        let guest = Guest::new(&name).on(Export::Event, "");
        (name, guest)
    });
    for (name, guest) in quiet.chain(more.map(|guest| ("more".to_owned(), guest))) {
        let file = setting.scratch.join(format!("{name}.wasm"));
        std::fs::write(&file, guest.encode())?;
        home.component(&name, &file)?;
    }
    let rig = Rig::start(&home, Data::Withheld).await?;
    Ok((home, rig))
}

fn publish(rig: &Rig, count: u32) {
    for step in 0..count {
        rig.dispatcher.publish(Event::TurnStart { step }, Cause::human());
    }
}

struct Publish<'a>(&'a Rig);

impl Act for Publish<'_> {
    async fn once(&mut self) -> Result<()> {
        publish(self.0, 1);
        Ok(())
    }
}

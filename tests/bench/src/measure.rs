//! The measuring loop: what is measured and its limit take turns in short batches, so that both see the same moods of
//! the machine.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Something that can be done again and again.
pub trait Act: Send {
    /// Does it once.
    fn once(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many turns each of them gets.
    pub rounds: usize,
    /// How often it is done in one turn.
    pub batch: usize,
}

impl Plan {
    /// For what takes microseconds.
    pub const CALLS: Self = Self { rounds: 100, batch: 200 };
    /// For what takes milliseconds.
    pub const STARTS: Self = Self { rounds: 20, batch: 2 };
}

/// How long each time took, sorted.
#[derive(Debug, Clone)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// From times in any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time within which this share of them ended.
    pub fn quantile(&self, share: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
    }

    /// The middle one.
    pub fn p50(&self) -> Duration {
        self.quantile(0.5)
    }

    /// All but one of a hundred are faster.
    pub fn p99(&self) -> Duration {
        self.quantile(0.99)
    }
}

/// Measures one thing.
pub async fn alone(plan: Plan, act: &mut impl Act) -> Result<Samples> {
    let mut times = Vec::with_capacity(plan.rounds * plan.batch);
    batch(plan.batch, act, &mut Vec::new()).await?;
    for _ in 0..plan.rounds {
        batch(plan.batch, act, &mut times).await?;
    }
    Ok(Samples::new(times))
}

/// Measures two things in turns.
pub async fn in_turns(plan: Plan, one: &mut impl Act, other: &mut impl Act) -> Result<(Samples, Samples)> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        batch(plan.batch, one, &mut ones).await?;
        batch(plan.batch, other, &mut others).await?;
        if round == 0 {
            // That was to warm up.
            ones.clear();
            others.clear();
        }
    }
    Ok((Samples::new(ones), Samples::new(others)))
}

async fn batch(count: usize, act: &mut impl Act, times: &mut Vec<Duration>) -> Result<()> {
    // What the other one left in the caches is not measured.
    act.once().await?;
    for _ in 0..count {
        let started = Instant::now();
        act.once().await?;
        times.push(started.elapsed());
    }
    Ok(())
}

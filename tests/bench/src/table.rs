//! The figures, as a Markdown table.

use std::fmt::Write as _;
use std::time::Duration;

use crate::measure::Samples;

/// A figure in its unit.
#[derive(Debug, Clone)]
pub struct Figure(pub String);

impl Figure {
    /// The middle, and what all but one in a hundred keep.
    pub fn of(samples: &Samples) -> Self {
        Self(format!("{} (p99 {})", duration(samples.p50()), duration(samples.p99())))
    }

    /// How often it happens in a second.
    pub fn rate(per_second: f64) -> Self {
        Self(format!("{:.0} 000/s", per_second / 1e3))
    }

    /// Bytes.
    pub fn bytes(count: f64) -> Self {
        Self(if count < 1e6 {
            format!("{:.0} KiB", count / 1024.0)
        } else {
            format!("{:.1} MiB", count / 1_048_576.0)
        })
    }
}

impl From<Duration> for Figure {
    fn from(time: Duration) -> Self {
        Self(duration(time))
    }
}

impl From<&str> for Figure {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A time with three digits that count.
pub fn duration(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    let (value, unit) = match nanos {
        nanos if nanos < 1e3 => (nanos, "ns"),
        nanos if nanos < 1e6 => (nanos / 1e3, "µs"),
        nanos if nanos < 1e9 => (nanos / 1e6, "ms"),
        nanos => (nanos / 1e9, "s"),
    };
    match value {
        value if value < 10.0 => format!("{value:.2} {unit}"),
        value if value < 100.0 => format!("{value:.1} {unit}"),
        value => format!("{value:.0} {unit}"),
    }
}

/// One line: a figure, what it is held against, and whether the aim is reached.
#[derive(Debug, Clone)]
pub struct Row {
    what: String,
    figure: Figure,
    limit: Figure,
    ratio: String,
    aim: String,
    reached: Option<bool>,
}

impl Row {
    /// For information: there is no aim.
    pub fn plain(what: &str, figure: impl Into<Figure>) -> Self {
        Self {
            what: what.to_owned(),
            figure: figure.into(),
            limit: "".into(),
            ratio: String::new(),
            aim: String::new(),
            reached: None,
        }
    }

    /// Names what the figure is held against.
    pub fn beside(mut self, limit: impl Into<Figure>) -> Self {
        self.limit = limit.into();
        self
    }

    /// How often the limit goes into the figure, without an aim.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = format!("{ratio:.2}×");
        self
    }

    /// How often the limit goes into the figure, and how often at most.
    pub fn at_most(mut self, ratio: f64, aim: f64) -> Self {
        self.aim = format!("≤ {aim}×");
        self.reached = Some(ratio <= aim);
        self.ratio(ratio)
    }

    /// How often the limit goes into the figure, and how often at least.
    pub fn at_least(mut self, ratio: f64, aim: f64) -> Self {
        self.aim = format!("≥ {aim}×");
        self.reached = Some(ratio >= aim);
        self.ratio(ratio)
    }

    /// An aim in words.
    pub fn aim(mut self, aim: &str, reached: bool) -> Self {
        self.aim = aim.to_owned();
        self.reached = Some(reached);
        self
    }

    /// It could not even be measured.
    pub fn missed(mut self) -> Self {
        self.reached = Some(false);
        self
    }

    /// Whether there is an aim that was missed.
    pub fn is_missed(&self) -> bool {
        self.reached == Some(false)
    }
}

/// All lines as a Markdown table.
pub fn render(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | measured, p50 | its limit, p50 | ratio | aim | |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let Row { what, figure, limit, ratio, aim, reached } = row;
        let word = match reached {
            Some(true) => "reached",
            Some(false) => "**missed**",
            None => "",
        };
        // Writing to a string cannot fail.
        _ = writeln!(text, "| {what} | {} | {} | {ratio} | {aim} | {word} |", figure.0, limit.0);
    }
    text
}

/// Puts the table between its two marks in a page.
///
/// # Errors
/// When the page has no such marks.
pub fn insert(page: &str, table: &str) -> anyhow::Result<String> {
    const BEGIN: &str = "<!-- table -->\n";
    const END: &str = "<!-- end of table -->";
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| anyhow::anyhow!("the page has no place for the table"))?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_whether_its_aim_is_reached() {
        let row = Row::plain("a hook", Duration::from_nanos(4210))
            .beside(Duration::from_micros(3))
            .at_most(1.4, 2.0);
        assert!(!row.is_missed());
        let table = render(&[row, Row::plain("size", "12 MiB").aim("≤ 10 MiB", false)]);
        assert!(table.contains("| a hook | 4.21 µs | 3.00 µs | 1.40× | ≤ 2× | reached |"), "{table}");
        assert!(table.ends_with("| size | 12 MiB |  |  | ≤ 10 MiB | **missed** |\n"), "{table}");
    }

    #[test]
    fn the_table_takes_its_place_in_the_page() {
        let page = "Speed\n<!-- table -->\nold\n<!-- end of table -->\nend\n";
        assert_eq!(
            insert(page, "new\n").unwrap(),
            "Speed\n<!-- table -->\nnew\n<!-- end of table -->\nend\n"
        );
        assert!(insert("no place", "new").is_err());
    }
}

//! A tool for the model and a command for the user: the smallest extension that does something.
//!
//! The weather is made up from the city's name, so that it is the same every time.

use serde::Deserialize;
use wharf_guest::{
    CommandResult, CommandSpec, Extension, Host, Json, Outcome, Registration, Start, ToolCall, ToolOutput,
    ToolSpec, ToolTraits,
};

/// The extension; it keeps nothing.
#[derive(Debug)]
pub struct Weather;

wharf_guest::export!(Weather);
wharf_guest::manifest!("../extension.json");

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "city": { "type": "string", "minLength": 1, "description": "The city's name" },
    "days": { "type": "integer", "minimum": 1, "maximum": 7, "description": "Days from today on; 1 if left out" }
  },
  "required": ["city"],
  "additionalProperties": false
}"#;

#[derive(Deserialize)]
struct Args {
    city: String,
    #[serde(default = "one")]
    days: u8,
}

fn one() -> u8 {
    1
}

impl Extension for Weather {
    const NAME: &'static str = "weather";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    fn start(_: &Start, _: &Host) -> Result<Self, String> {
        Ok(Self)
    }

    fn registration(&self) -> Registration {
        let schema = Json::new(SCHEMA).unwrap_or_else(|_| Json::empty_object());
        let mut tool = ToolSpec::new("weather", "The weather in a city, for one to seven days.", schema);
        tool.traits = ToolTraits { read_only: true, idempotent: true, ..ToolTraits::default() };
        Registration::new()
            .tool(tool)
            .command(CommandSpec::new("weather", "Show today's weather: /weather CITY"))
    }

    fn tool(&mut self, call: &ToolCall, _: &Host) -> ToolOutput {
        match call.args.parse::<Args>() {
            Ok(args) if args.city.trim().is_empty() => ToolOutput::error("\"city\" is empty"),
            Ok(args) if !(1..=7).contains(&args.days) => ToolOutput::error("\"days\" goes from 1 to 7"),
            Ok(args) => ToolOutput::text(forecast(args.city.trim(), args.days)),
            Err(error) => ToolOutput::error(format!("weather needs {{\"city\": …}}: {error}")),
        }
    }

    fn command(&mut self, _: &str, city: &str, _: &Host) -> CommandResult {
        if city.is_empty() {
            return Err("usage: /weather CITY".to_owned());
        }
        Ok(Outcome::Display(forecast(city, 1)))
    }
}

/// One line a day.
fn forecast(city: &str, days: u8) -> String {
    let lines: Vec<_> = (1..=days).map(|day| format!("{}: {}", name_of(day), weather(city, day))).collect();
    format!("Weather in {city}\n{}", lines.join("\n"))
}

fn name_of(day: u8) -> String {
    match day {
        1 => "today".to_owned(),
        2 => "tomorrow".to_owned(),
        _ => format!("in {} days", day - 1),
    }
}

fn weather(city: &str, day: u8) -> String {
    const SKIES: [&str; 6] = ["sunny", "cloudy", "rain", "thunder", "fog", "snow"];
    let seed = hash(&format!("{}/{day}", city.to_lowercase()));
    let sky = SKIES.get((seed % 6) as usize).copied().unwrap_or("sunny");
    let warmest = if sky == "snow" { 2 } else { 31 };
    let celsius = (seed >> 8) % warmest;
    let wind = (seed >> 16) % 60;
    format!("{sky}, {celsius} °C, wind {wind} km/h")
}

/// FNV-1a: short, and the same on every machine.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weather_of_a_city_is_the_same_whenever_it_is_asked() {
        assert_eq!(forecast("Berlin", 2), forecast("Berlin", 2));
        assert_eq!(weather("Berlin", 1), weather("BERLIN", 1));
        assert_ne!(weather("Berlin", 1), weather("Paris", 1));
    }

    #[test]
    fn there_is_one_line_for_each_day() {
        let text = forecast("Oslo", 3);
        let days: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
        assert_eq!(days, ["Weather in Oslo", "today", "tomorrow", "in 2 days"]);
    }

    #[test]
    fn the_manifest_declares_what_is_registered() {
        #[derive(Deserialize)]
        struct Manifest {
            wharf: Declared,
        }
        #[derive(Deserialize)]
        struct Declared {
            tools: Vec<ToolSpec>,
            commands: Vec<CommandSpec>,
        }
        let manifest: Manifest = serde_json::from_str(include_str!("../extension.json")).unwrap();
        let registration = Weather.registration();
        assert_eq!(manifest.wharf.commands, registration.commands);
        let (declared, registered) = (&manifest.wharf.tools[0], &registration.tools[0]);
        assert_eq!((&declared.name, declared.traits), (&registered.name, registered.traits));
        let value = |schema: &Json| schema.parse::<serde_json::Value>().unwrap();
        assert_eq!(value(&declared.schema), value(&registered.schema));
    }
}

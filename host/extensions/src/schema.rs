//! A tool's schema, compiled once, that arguments are checked against.

mod size;

use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use wharf_protocol::json::Json;

use size::{depth, expanded, nodes};

/// Largest schema, in bytes.
const MAX_BYTES: usize = 64 << 10;
/// Parts of a schema, with every `$ref` counted as what it refers to.
const MAX_NODES: u64 = 5000;
/// Nesting of arguments that is still checked; deeper ones do not fit any tool.
const MAX_DEPTH: usize = 64;
/// Parts of a schema times values in the arguments: each may have to be held against each.
const MAX_COST: u64 = 10_000_000;
/// The same, up to which a misfit is told with its place.
const MAX_TOLD: u64 = 100_000;

/// A JSON Schema.
pub struct Schema {
    text: Json,
    validator: OnceLock<Result<Compiled, String>>,
}

/// A schema that was compiled, and how many parts it has.
struct Compiled {
    validator: Validator,
    parts: u64,
}

impl Schema {
    /// A schema that is compiled when it is first needed: the first one in a process takes some milliseconds, and many
    /// runs need none. Of one that is none, each check fails.
    #[must_use]
    pub fn lazily(text: Json) -> Self {
        Self { text, validator: OnceLock::new() }
    }

    /// Compiles a schema, which must be an object.
    ///
    /// # Errors
    /// Why it is no schema.
    pub fn compile(schema: &Json) -> Result<Self, String> {
        let schema = Self::lazily(schema.clone());
        schema.validator()?;
        Ok(schema)
    }

    fn validator(&self) -> Result<&Compiled, String> {
        self.validator.get_or_init(|| compile(&self.text)).as_ref().map_err(Clone::clone)
    }

    /// Checks arguments.
    ///
    /// # Errors
    /// The first problem, with its place in the arguments.
    pub fn check(&self, args: &Json) -> Result<(), String> {
        if depth(args.as_str()) > MAX_DEPTH {
            return Err(format!("they are nested deeper than {MAX_DEPTH} levels"));
        }
        let value: Value = args.parse().map_err(|error| error.to_string())?;
        let Compiled { validator, parts } = self.validator().map_err(|why| format!("its schema: {why}"))?;
        let cost = parts.saturating_mul(nodes(&value));
        if cost > MAX_COST {
            return Err(format!(
                "they and the schema are too large to be held against each other ({cost} steps)"
            ));
        }
        if validator.is_valid(&value) {
            return Ok(());
        }
        // An error tells what each alternative missed, at each place: only where that is not much.
        if cost > MAX_TOLD {
            return Err("they do not fit, and are too large to say where".to_owned());
        }
        validator.validate(&value).map_err(|error| {
            let place = error.instance_path().to_string();
            if place.is_empty() { error.to_string() } else { format!("at {place}: {error}") }
        })
    }

    /// Whether it may be a schema, without compiling it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn glance(schema: &Json) -> Result<(), String> {
        value(schema).map(drop)
    }
}

fn compile(schema: &Json) -> Result<Compiled, String> {
    let value = value(schema)?;
    let parts = expanded(&value).filter(|parts| *parts <= MAX_NODES).ok_or_else(|| {
        format!(
            "its $refs lead in a circle, out of it, or expand to more than {MAX_NODES} parts: \
             checking arguments against it might not end"
        )
    })?;
    // Patterns come from extensions: an engine without backtracking cannot be made to run for ever.
    let options = jsonschema::options().with_pattern_options(PatternOptions::regex());
    let validator = options.build(&value).map_err(|error| match error.instance_path().to_string() {
        place if place.is_empty() => error.to_string(),
        place => format!("at {place}: {error}"),
    })?;
    Ok(Compiled { validator, parts })
}

/// The schema as a value: small and flat enough to be looked at, and an object.
fn value(schema: &Json) -> Result<Value, String> {
    let size = schema.as_str().len();
    if size > MAX_BYTES {
        return Err(format!("it has {size} bytes, {MAX_BYTES} are allowed"));
    }
    if depth(schema.as_str()) > MAX_DEPTH {
        return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
    }
    let value: Value = schema.parse().map_err(|error| error.to_string())?;
    match value.is_object() {
        true => Ok(value),
        false => Err(format!("a schema must be an object, not {}", kind(&value))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_take_too_long_to_check_is_refused() {
        let numbers = vec![r#"{"type":"number"}"#; 200].join(",");
        let schema =
            format!(r#"{{"properties":{{"a":{{"type":"array","items":{{"anyOf":[{numbers}]}}}}}}}}"#);
        let schema = Schema::compile(&Json::new(schema).unwrap()).unwrap();
        let args = |count| Json::new(format!(r#"{{"a":[{}]}}"#, vec!["\"x\""; count].join(","))).unwrap();
        let told = |count| schema.check(&args(count)).unwrap_err();
        assert!(told(10).starts_with("at /a/0: "), "{}", told(10));
        assert_eq!(told(10_000), "they do not fit, and are too large to say where");
        assert!(told(100_000).starts_with("they and the schema are too large"), "{}", told(100_000));
    }

    fn schema() -> Schema {
        let text = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;
        Schema::compile(&Json::new(text).unwrap()).unwrap()
    }

    fn problem(args: &str) -> String {
        schema().check(&Json::new(args).unwrap()).unwrap_err()
    }

    #[test]
    fn a_problem_names_its_place() {
        assert!(schema().check(&Json::new(r#"{"city":"Berlin"}"#).unwrap()).is_ok());
        assert_eq!(problem(r#"{"city":3}"#), "at /city: 3 is not of type \"string\"");
        assert_eq!(problem("{}"), "\"city\" is a required property");
        let deep = format!("{{\"city\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(problem(&deep), "they are nested deeper than 64 levels");
    }

    #[test]
    fn a_schema_that_could_keep_the_host_busy_for_ever_is_refused() {
        let doubling: Vec<String> = (0..40)
            .map(|n| {
                format!(
                    r##""d{n}":{{"allOf":[{{"$ref":"#/$defs/d{0}"}},{{"$ref":"#/$defs/d{0}"}}]}}"##,
                    n + 1
                )
            })
            .collect();
        let doubling = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d40":{{}}}}}}"##, doubling.join(","));
        for text in [
            doubling.as_str(),
            r##"{"$ref":"#"}"##,
            r##"{"properties":{"a":{"$ref":"#"}}}"##,
            r##"{"$ref":"http://127.0.0.1:1/x"}"##,
            r##"{"$dynamicRef":"#x"}"##,
        ] {
            let error = Schema::compile(&Json::new(text).unwrap()).err().unwrap();
            assert!(error.starts_with("its $refs lead in a circle"), "{text}: {error}");
        }
        let shared = r##"{"properties":{"a":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}"##;
        let shared = Schema::compile(&Json::new(shared).unwrap()).unwrap();
        assert!(shared.check(&Json::new(r#"{"a":1,"b":"x"}"#).unwrap()).is_err());
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (text, why) in [
            ("null", "a schema must be an object, not null"),
            ("\"x\"", "a schema must be an object, not a string"),
        ] {
            assert_eq!(Schema::compile(&Json::new(text).unwrap()).err().unwrap(), why);
        }
        assert!(Schema::compile(&Json::new(r#"{"type":"strnig"}"#).unwrap()).is_err());
    }
}

//! A schema that was looked at and found to be one that can be compiled in bounded time and memory.

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;
use wharf_protocol::json::Json;

use super::aside::within;
use super::size::depth;
use super::weight::{Weight, weight};
use super::{MAX_DEPTH, PATIENCE, words};

/// Largest schema, in bytes.
const MAX_BYTES: usize = 64 << 10;
/// Largest program that a pattern may be made into, in bytes.
const PATTERN_SIZE: usize = 256 << 10;
/// Memory that a pattern may use while it is held against a string, in bytes.
const PATTERN_CACHE: usize = 256 << 10;
/// Parts of a schema that is compiled at once, where it is needed.
const AT_ONCE: u64 = 500;

/// A schema that is fit to be compiled.
pub(crate) struct Blueprint {
    value: Value,
    weight: Weight,
}

/// A schema that was compiled, and what it may make a validator do.
pub(super) struct Compiled {
    pub(super) validator: Validator,
    pub(super) weight: Weight,
}

impl Blueprint {
    /// Looks at a schema, which must be an object.
    ///
    /// # Errors
    /// Why it is no schema, or none that may be compiled.
    pub(crate) fn of(schema: &Json) -> Result<Self, String> {
        let mut value = value(schema)?;
        let weight = weight(&value)?;
        if let Value::Object(fields) = &mut value {
            // By another name, its own `$ref`s might lead into a schema that the validator has built in.
            fields.remove("$id");
            if fields.get("id").is_some_and(Value::is_string) {
                fields.remove("id");
            }
        }
        Ok(Self { value, weight })
    }

    /// How many patterns there are in it.
    pub(crate) fn patterns(&self) -> u64 {
        self.weight.patterns
    }

    /// Compiles it: what is large, on a thread of its own.
    ///
    /// # Errors
    /// Why it is no schema.
    pub(super) fn compile(self) -> Result<Compiled, String> {
        if self.weight.parts <= AT_ONCE && self.weight.patterns == 0 {
            return self.build();
        }
        within(PATIENCE, move || self.build())
            .unwrap_or_else(|| Err(format!("it is not compiled after {} s", PATIENCE.as_secs())))
    }

    fn build(self) -> Result<Compiled, String> {
        // Patterns come from extensions: an engine without backtracking cannot be made to run for ever.
        let patterns = PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_CACHE);
        // Formats and encodings say what a string is meant to be; checking some takes as long as the string likes.
        let options = jsonschema::options()
            .with_pattern_options(patterns)
            .should_validate_formats(false)
            .without_content_media_type_support("application/json")
            .without_content_encoding_support("base64");
        let validator = options.build(&self.value).map_err(|error| told(&error))?;
        Ok(Compiled { validator, weight: self.weight })
    }
}

/// What is wrong with a schema, with its place.
fn told(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let is_type = place.ends_with("/type") && error.kind().keyword() == "anyOf";
    let problem = if is_type { words::no_type(error.instance()) } else { words::problem(error) };
    if place.is_empty() { problem } else { format!("at {}: {problem}", words::cut(&place)) }
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
        false => Err(format!("a schema must be an object, not {}", words::kind(&value))),
    }
}

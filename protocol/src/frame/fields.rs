//! The lenient reading of a frame's fields.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::DecodeError;

/// The fields of one object: keys in lower case, the last of equal ones, without those that are `null`.
pub(crate) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(crate) fn parse(line: &'a str) -> Result<Self, DecodeError> {
        let mut reader = serde_json::Deserializer::from_str(line);
        let fields = reader.deserialize_map(FieldVisitor).map_err(DecodeError::Malformed)?;
        reader.end().map_err(DecodeError::Malformed)?;
        Ok(fields)
    }

    pub(crate) fn kind(&self) -> Result<String, DecodeError> {
        let kind = self.0.get("type").ok_or(DecodeError::NoType)?;
        serde_json::from_str(kind.get()).map_err(|_| DecodeError::NoType)
    }

    pub(crate) fn keys(self) -> Vec<String> {
        self.0.into_keys().collect()
    }

    pub(crate) fn read<T: DeserializeOwned>(self, kind: &'static str) -> Result<T, DecodeError> {
        let id = self.0.get("id").and_then(|raw| serde_json::from_str(raw.get()).ok());
        self.into_value().map_err(|source| DecodeError::Field { kind, id, source })
    }

    fn into_value<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        T::deserialize(MapDeserializer::new(self.0.into_iter()))
    }
}

/// Reads an object within a frame as leniently as the frame; `null` for nothing in particular.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    read_object(&raw).map_err(serde::de::Error::custom)
}

/// [`object`], for a field that may be missing.
pub(crate) fn optional_object<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    object(deserializer).map(Some)
}

/// A list of what [`object`] reads.
pub(crate) fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Box<RawValue>>::deserialize(deserializer)?;
    list.iter().map(|raw| read_object(raw).map_err(serde::de::Error::custom)).collect()
}

/// [`objects`], for a list that may be missing.
pub(crate) fn some_objects<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    objects(deserializer).map(Some)
}

fn read_object<T: DeserializeOwned + Default>(raw: &RawValue) -> Result<T, serde_json::Error> {
    if raw.get() == "null" {
        return Ok(T::default());
    }
    serde_json::Deserializer::from_str(raw.get()).deserialize_map(FieldVisitor)?.into_value()
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
            if value.get() != "null" {
                fields.insert(key.to_lowercase(), value);
            }
        }
        Ok(Fields(fields))
    }
}

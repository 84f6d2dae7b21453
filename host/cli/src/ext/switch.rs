//! `wharf ext enable` and `wharf ext disable`

use anyhow::{Context, Result};
use wharf_runtime::extensions::ExtensionId;
use wharf_runtime::{Config, Places, Wharf, harmless};

pub(super) fn switch(name: &str, on: bool) -> Result<u8> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    let places = Places::from_env()?;
    let config = Config::load(&places.config_file())?;
    let switched = Wharf::builder().places(places).config(config).switch(&id, on);
    let switched = switched.map_err(|error| super::unknown(error.into(), name))?;
    let word = if on { "enabled" } else { "disabled" };
    if switched.lifted {
        say!("\"{name}\" is not in quarantine any more");
    }
    match switched.changed.is_empty() {
        true if !switched.lifted => say!("\"{name}\" was {word} already"),
        _ => say!("{word} {name}; it counts from the next run on"),
    }
    for file in switched.changed {
        say!("changed {}", harmless(&file.display().to_string()));
    }
    Ok(0)
}

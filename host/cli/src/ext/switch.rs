//! `wharf ext enable` and `wharf ext disable`

use anyhow::{Context, Result, bail};
use wharf_runtime::extensions::ExtensionId;
use wharf_runtime::{Condition, Wharf};

pub(super) fn enable(name: &str) -> Result<u8> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    if Wharf::builder().lift_quarantine(&id)? {
        say!("\"{name}\" is not in quarantine any more; it starts with the next run");
        return Ok(0);
    }
    let extensions = super::survey()?.extensions;
    match extensions.iter().find(|surveyed| surveyed.name == name) {
        Some(surveyed) if surveyed.state == Condition::Disabled => {
            bail!("\"{name}\" is switched off")
        }
        Some(_) => say!("\"{name}\" was not in quarantine"),
        None => bail!(
            "there is no extension \"{name}\", and none of that name in quarantine; see `wharf ext list`"
        ),
    }
    Ok(0)
}

//! `wharf ext logs`

use anyhow::{Context, Result, bail};
use wharf_runtime::Places;
use wharf_runtime::extensions::{ExtensionId, journal};

pub(super) fn logs(name: &str) -> Result<u8> {
    let id = ExtensionId::new(name).with_context(|| format!("{name:?} is not the name of an extension"))?;
    let file = journal::file(&Places::from_env()?.logs(), &id);
    if std::fs::metadata(&file).is_ok_and(|data| !data.is_file()) {
        bail!("the log {} is not a regular file", file.display());
    }
    let mut log = match std::fs::File::open(&file) {
        Ok(log) => log,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("no log for \"{name}\" at {}", file.display())
        }
        Err(error) => return Err(error).context(file.display().to_string()),
    };
    std::io::copy(&mut log, &mut std::io::stdout().lock()).context("standard output")?;
    Ok(0)
}

//! Changing the file: what is switched on or off, and nothing else.

use std::io;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, value};

use super::{Config, ConfigError};

/// Switches an extension off with `[extensions.NAME] enabled = false`, or takes that out; all else stays as it is. Says
/// whether anything was changed.
pub(crate) fn switch(file: &Path, name: &str, on: bool) -> Result<bool, ConfigError> {
    let is_off = Config::load(file)?.switched_off().contains(name);
    if is_off != on {
        return Ok(false);
    }
    let switched = || -> io::Result<()> {
        // What a link leads to is changed, not the link.
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let text = if file.exists() { std::fs::read_to_string(&file)? } else { String::new() };
        let mut document: DocumentMut = text.parse().map_err(io::Error::other)?;
        set(&mut document, name, on).ok_or_else(|| io::Error::other("[extensions] is no table"))?;
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let fresh = file.with_extension("toml.new");
        std::fs::write(&fresh, document.to_string())?;
        if let Ok(data) = std::fs::metadata(&file) {
            std::fs::set_permissions(&fresh, data.permissions())?;
        }
        std::fs::rename(&fresh, &file)
    };
    switched().map_err(|source| ConfigError::Write { file: file.to_owned(), source })?;
    Ok(true)
}

fn set(document: &mut DocumentMut, name: &str, on: bool) -> Option<()> {
    let mut outer = Table::new();
    outer.set_implicit(true);
    let extensions = document.entry("extensions").or_insert(Item::Table(outer)).as_table_like_mut()?;
    let extension = extensions.entry(name).or_insert(Item::Table(Table::new())).as_table_like_mut()?;
    if on {
        extension.remove("enabled");
        if extension.is_empty() {
            extensions.remove(name);
        } else if let Some(table) = extensions.get_mut(name).and_then(Item::as_table_mut) {
            // A heading that had nothing of its own below it goes again.
            table.set_implicit(true);
        }
    } else {
        extension.insert("enabled", value(false));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_off_and_on_leaves_all_else_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config/config.toml");
        assert!(!switch(&file, "x.y", true).unwrap());
        assert!(switch(&file, "x.y", false).unwrap());
        assert!(Config::load(&file).unwrap().switched_off().contains("x.y"));
        let text = "# mine\nmodel  = 'demo' # so\n\n[extensions.a.rename]\nb = \"c\"\n";
        std::fs::write(&file, text).unwrap();
        assert!(switch(&file, "a", false).unwrap() && switch(&file, "b", false).unwrap());
        assert!(!switch(&file, "a", false).unwrap());
        let off = Config::load(&file).unwrap();
        assert_eq!(off.switched_off().into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(off.renames()["a"]["b"], "c");
        assert!(switch(&file, "a", true).unwrap() && switch(&file, "b", true).unwrap());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        std::fs::write(&file, "[extensions").unwrap();
        assert!(switch(&file, "a", false).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "[extensions");
    }
}

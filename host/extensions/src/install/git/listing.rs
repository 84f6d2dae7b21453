//! The files of a commit as `git ls-tree` lists them: held against the limits before anything is read.

use std::collections::HashSet;

use super::super::InstallError;
use super::super::tree::{MAX_BYTES, MAX_ENTRIES, too_large};
use super::BlobKind;

/// A file in a listing.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) kind: BlobKind,
    pub(super) id: String,
    pub(super) size: u64,
}

/// Reads a listing: null characters between the lines, sizes in them.
pub(super) fn read(listing: &[u8], url: &str) -> Result<Vec<Listed>, InstallError> {
    let refuse = |why: String| InstallError::refused(url, why);
    let mut files = Vec::new();
    for line in listing.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = str::from_utf8(line).map_err(|_| refuse("the name of a file is not UTF-8".into()))?;
        let odd = || refuse(format!("git lists it in a way that is not understood: {line:?}"));
        let (facts, name) = line.split_once('\t').ok_or_else(odd)?;
        let [mode, _, id, size] = facts.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(odd());
        };
        let kind = match mode {
            "100755" => BlobKind::Executable,
            "120000" => BlobKind::Link,
            // Another repository, of which only the name is here.
            "160000" => continue,
            _ => BlobKind::File,
        };
        if !is_inside(name) {
            return Err(refuse(format!("the name of a file leads out of it: {name:?}")));
        }
        let size = size.parse().map_err(|_| odd())?;
        files.push(Listed { name: name.to_owned(), kind, id: id.to_owned(), size });
    }
    if files.len() > MAX_ENTRIES {
        let why = format!("there are more than {MAX_ENTRIES} files in it; it is not an extension alone");
        return Err(refuse(why));
    }
    if let Some(name) = ambiguous(&files) {
        return Err(refuse(format!("{name:?} is in it twice, or is a file and a directory at once")));
    }
    if files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size)) > MAX_BYTES {
        return Err(refuse(too_large()));
    }
    Ok(files)
}

/// A name that stands for two things: a commit that was made by hand can have that. What is written for one of them would
/// be written through the other.
fn ambiguous(files: &[Listed]) -> Option<&str> {
    let mut names = HashSet::new();
    if let Some(twice) = files.iter().find(|file| !names.insert(folded(&file.name))) {
        return Some(&twice.name);
    }
    let inside = |file: &Listed| {
        let cuts = file.name.match_indices('/').map(|(at, _)| at);
        cuts.filter_map(|at| file.name.get(..at)).any(|parent| names.contains(&folded(parent)))
    };
    files.iter().find(|file| inside(file)).map(|file| file.name.as_str())
}

/// The same for names that some file systems take for one.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// Whether a name leads to something inside, and to nothing of git's own.
fn is_inside(name: &str) -> bool {
    let parts = name.split('/');
    let odd = |part: &str| {
        matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git") || part.contains(['\\', '\0'])
    };
    !parts.into_iter().any(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listing: &str) -> Result<Vec<String>, String> {
        let listed = read(listing.as_bytes(), "x").map_err(|error| error.to_string())?;
        Ok(listed.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn files_are_read_and_other_repositories_passed_over() {
        let listing =
            "100644 blob aa       3\ta b/c\x00120000 blob bb 9\tlink\x00160000 commit cc       -\tother\x00";
        assert_eq!(names(listing).unwrap(), ["a b/c", "link"]);
    }

    #[test]
    fn a_name_that_stands_for_two_things_is_refused() {
        for (kind, names_of) in
            [("120000", ["a", "a/planted"]), ("100644", ["a", "a"]), ("100644", ["d/x", "D/X"])]
        {
            let [one, two] = names_of;
            let told = names(&format!("{kind} blob aa 3\t{one}\x00100644 blob bb 3\t{two}\x00")).unwrap_err();
            assert!(told.contains("twice"), "{names_of:?}: {told}");
        }
        assert!(names("100644 blob aa 3\ta/b\x00100644 blob bb 3\ta/c\x00100644 blob cc 3\tab\x00").is_ok());
    }

    #[test]
    fn names_that_lead_out_and_sizes_that_add_up_are_refused() {
        for name in ["../x", "a/../../x", "/x", ".git/config", "a/.GIT/x", "a//b", "a\\b"] {
            let told = names(&format!("100644 blob aa 3\t{name}\x00")).unwrap_err();
            assert!(told.contains("leads out"), "{name}: {told}");
        }
        let half = "100644 blob aa 34000000\ta\x00100644 blob bb 34000000\tb\x00";
        assert!(names(half).unwrap_err().contains("more than 64 MiB"));
        assert!(names("what").unwrap_err().contains("not understood"));
        assert!(names(&format!("100644 blob aa {}\ta\x00", u64::MAX)).is_err());
    }
}

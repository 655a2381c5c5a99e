//! The files that a `__path__` names: globs with `**` and `{a,b}`, exclusions, and hints when there are none.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern as Glob};

use super::identity::Identity;

/// Most files of one pattern; more are reported, not read.
pub(crate) const MAX_FILES: usize = 100_000;
/// Most alternatives that braces of one pattern may make.
const MAX_ALTERNATIVES: usize = 1_000;
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A `__path__` with its `__path_exclude__`.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern {
    pub(crate) text: String,
    globs: Vec<Glob>,
    exclude: Vec<Glob>,
}

/// A file that matches.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// The path as the configuration spells it.
    pub(crate) name: String,
    pub(crate) identity: Identity,
    pub(crate) size: u64,
}

/// What a look at the folders gave.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Found>,
    /// Folders or files that cannot be looked at.
    pub(crate) errors: Vec<String>,
}

impl PathPattern {
    pub(crate) fn new(text: &str, exclude: Option<&str>) -> Result<Self, String> {
        let exclude = exclude.filter(|text| !text.is_empty()).map_or_else(|| Ok(Vec::new()), globs)?;
        Ok(PathPattern { text: text.to_owned(), globs: globs(text)?, exclude })
    }

    fn is_literal(&self) -> bool {
        !self.text.contains(['*', '?', '[', '{'])
    }

    /// Whether a path would be read if it existed.
    pub(crate) fn covers(&self, name: &str) -> bool {
        if self.excludes(Path::new(name)) {
            return false;
        }
        name == self.text || self.globs.iter().any(|glob| glob.matches_path_with(Path::new(name), OPTIONS))
    }

    fn excludes(&self, path: &Path) -> bool {
        self.exclude.iter().any(|glob| glob.matches_path_with(path, OPTIONS))
    }

    /// The files as of now, sorted, each path once.
    pub(crate) fn list(&self) -> Listing {
        let mut listing = Listing::default();
        if self.is_literal() {
            self.add(PathBuf::from(&self.text), &mut listing);
            return listing;
        }
        for glob in &self.globs {
            let Ok(paths) = glob::glob_with(glob.as_str(), OPTIONS) else { continue };
            for path in paths {
                match path {
                    Ok(path) => self.add(path, &mut listing),
                    Err(e) => listing.errors.push(format!("{}: {}", e.path().display(), e.error())),
                }
                if listing.files.len() >= MAX_FILES {
                    listing.errors.push(format!("more than {MAX_FILES} files match: the rest is not read"));
                    break;
                }
            }
        }
        listing.files.sort_by(|a, b| a.path.cmp(&b.path));
        listing.files.dedup_by(|a, b| a.path == b.path);
        listing
    }

    fn add(&self, path: PathBuf, listing: &mut Listing) {
        if self.excludes(&path) {
            return;
        }
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {
                let name = path.to_string_lossy().into_owned();
                listing.files.push(Found { name, path, identity: Identity::of(&meta), size: meta.len() });
            }
            Ok(meta) if meta.is_dir() && !self.is_literal() => {}
            Ok(_) => listing.errors.push(format!("{} is not a regular file", path.display())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => listing.errors.push(format!("{}: {e}", path.display())),
        }
    }

    /// Why nothing matches, for people.
    pub(crate) fn hint(&self) -> String {
        let mut folder = PathBuf::new();
        let parts: Vec<Component<'_>> = Path::new(&self.text).components().collect();
        for part in parts.iter().take(parts.len().saturating_sub(1)) {
            if part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']) {
                break;
            }
            folder.push(part);
            match std::fs::metadata(&folder) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return format!("{} is not a folder", folder.display()),
                Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
                    return format!("no permission to look into the folder that holds {}", folder.display());
                }
                Err(_) => return format!("no such folder: {}", folder.display()),
            }
        }
        let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        match std::fs::read_dir(shown) {
            Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
                format!("no permission to read the folder {}", shown.display())
            }
            _ if self.is_literal() => format!("no such file yet: {}", self.text),
            _ => format!("no file matches {} yet", self.text),
        }
    }
}

fn globs(text: &str) -> Result<Vec<Glob>, String> {
    let mut plain = Vec::new();
    expand(text, &mut plain)?;
    let bad = |e: glob::PatternError| format!("{text:?} is not a path pattern: {e}");
    plain.iter().map(|text| Glob::new(&translate(text)).map_err(bad)).collect()
}

/// Writes `a{b,c}` out as `ab` and `ac`.
fn expand(text: &str, out: &mut Vec<String>) -> Result<(), String> {
    let Some((head, inner, tail)) = first_braces(text) else {
        if out.len() >= MAX_ALTERNATIVES {
            return Err(format!("a path pattern may stand for {MAX_ALTERNATIVES} patterns at most"));
        }
        out.push(text.to_owned());
        return Ok(());
    };
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&format!("{head}{}{tail}", &inner[start..at]), out)?;
                start = at + 1;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What stands before, within and behind the first pair of braces.
fn first_braces(text: &str) -> Option<(&str, &str, &str)> {
    let open = text.find('{')?;
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => {
                return Some((&text[..open], &text[open + 1..open + at], &text[open + at + 1..]));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Go's notation in that of the glob library: `[^a]`, `\*`, and `**` at the end.
fn translate(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push_str(&chars.next().map(|c| Glob::escape(&c.to_string())).unwrap_or_default()),
            '^' if out.ends_with('[') => out.push('!'),
            c => out.push(c),
        }
    }
    if out.ends_with("/**") {
        out.push_str("/*");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let pattern = PathPattern::new(pattern, Some("/x/*.gz")).unwrap();
        for name in yes {
            assert!(pattern.covers(name), "{} should cover {name}", pattern.text);
        }
        for name in no {
            assert!(!pattern.covers(name), "{} should not cover {name}", pattern.text);
        }
    }

    #[test]
    fn patterns() {
        check("/x/a.log", &["/x/a.log"], &["/x/b.log"]);
        check("/x/*", &["/x/a.log", "/x/.hidden", "/x/vllm:1.log"], &["/x/y/a.log", "/x/a.gz"]);
        check("/x/**/*.log", &["/x/a.log", "/x/y/z/a.log"], &["/x/a.txt"]);
        check("/x/**", &["/x/a.log", "/x/y/z/a.log"], &["/y/a"]);
        check("/x/{a,b{1,2}}.log", &["/x/a.log", "/x/b1.log", "/x/b2.log"], &["/x/b.log"]);
        check("/x/[^a].log", &["/x/b.log"], &["/x/a.log"]);
        check("/x/\\*.log", &["/x/*.log"], &["/x/a.log"]);
        assert!(PathPattern::new("/x/[", None).is_err() && PathPattern::new("/x/***", None).is_err());
    }

    #[test]
    fn hints() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let hint = |tail: &str| PathPattern::new(&format!("{at}/{tail}"), None).unwrap().hint();
        assert_eq!(hint("a.log"), format!("no such file yet: {at}/a.log"));
        assert_eq!(hint("*.log"), format!("no file matches {at}/*.log yet"));
        assert_eq!(hint("no/*.log"), format!("no such folder: {at}/no"));
    }
}

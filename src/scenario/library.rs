//! Where scenarios come from: the suite inside the binary, files, folders.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::ast::Scenario;
use super::parse::{FileError, Files, Parts, load_with};
use super::tree;
use crate::diagnostic::{Diagnostic, Span};

/// The suite of the repository.
static BUILTIN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The folder whose files are parts, not scenarios.
const SHARED: &str = "shared";
/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// The deepest folder below a suite's root.
const MAX_DEPTH: usize = 16;
/// How many folders above a file are searched for the suite's root.
const MAX_ABOVE: usize = 4;

/// Why scenarios cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// A path that leads to no scenario.
    #[error("{path}: {reason}")]
    Path {
        /// The path, as it was given.
        path: String,
        /// Why, in words.
        reason: String,
    },
    /// Mistakes in scenarios.
    #[error("{} in the scenarios", count(.0.len()))]
    Scenarios(Vec<Diagnostic>),
}

fn count(mistakes: usize) -> String {
    match mistakes {
        1 => "1 mistake".to_owned(),
        n => format!("{n} mistakes"),
    }
}

/// Scenarios that were loaded, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Library {
    scenarios: Vec<Scenario>,
}

impl Library {
    /// The suite inside the binary.
    ///
    /// # Errors
    ///
    /// When it has mistakes, which a test keeps from happening.
    pub fn builtin() -> Result<Self, LibraryError> {
        let mut collector = Collector::default();
        let parts = Parts::default();
        let mut files: Vec<(&str, &[u8])> = Vec::new();
        embedded(&BUILTIN, &mut files);
        files.sort_unstable();
        for (path, bytes) in files {
            if let Some(name) = scenario_name(path) {
                collector.add(name, &Embedded.display(path), bytes, (&Embedded, &parts));
            }
        }
        collector.finish()
    }

    /// Files and folders. A scenario is named by its path below the suite's root: the nearest
    /// folder with parts in `shared/`, or else the folder that was given. A file on its own is
    /// named by itself.
    ///
    /// # Errors
    ///
    /// When a path leads to no scenario; all mistakes of all files, where there are any.
    pub fn from_paths(paths: &[PathBuf]) -> Result<Self, LibraryError> {
        let mut collector = Collector::default();
        let mut seen = BTreeSet::new();
        for path in paths {
            let fail = |reason: String| LibraryError::Path {
                path: path.display().to_string(),
                reason,
            };
            let full = std::path::absolute(path).map_err(|error| fail(error.to_string()))?;
            let meta = std::fs::metadata(&full).map_err(|error| fail(reason(&error)))?;
            let folder = if meta.is_dir() {
                full.as_path()
            } else {
                full.parent().unwrap_or(&full)
            };
            let root = suite_root(folder).unwrap_or_else(|| folder.to_path_buf());
            let disk = Disk::new(&root, path, &full);
            let parts = Parts::default();
            let mut files = Vec::new();
            if meta.is_dir() {
                walk(&full, 0, &mut files).map_err(|error| fail(reason(&error)))?;
                files.sort_unstable();
                if files.is_empty() {
                    return Err(fail("no scenario (`*.yaml`) in this folder".to_owned()));
                }
            } else {
                files.push(full.clone());
            }
            for file in files {
                let relative = relative(&root, &file);
                let name = scenario_name(&relative)
                    .or_else(|| without_extension(&relative))
                    .ok_or_else(|| fail("a scenario is a `.yaml` file".to_owned()))?;
                if !seen.insert(file.clone()) {
                    continue;
                }
                let shown = disk.display(&relative);
                // A file that was named by itself may be anywhere.
                let found = match meta.is_dir() {
                    true => disk.inside(&file),
                    false => Ok(file),
                };
                match found.and_then(|file| disk.read_file(&file)) {
                    Ok(bytes) => collector.add(name, &shown, &bytes, (&disk, &parts)),
                    Err(error) => {
                        return Err(LibraryError::Path {
                            path: shown,
                            reason: error.to_string(),
                        });
                    }
                }
            }
        }
        collector.finish()
    }

    /// The scenarios.
    #[must_use]
    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    /// The scenarios, owned.
    #[must_use]
    pub fn into_scenarios(self) -> Vec<Scenario> {
        self.scenarios
    }
}

#[derive(Default)]
struct Collector {
    scenarios: Vec<Scenario>,
    diagnostics: Vec<Diagnostic>,
    names: BTreeMap<String, String>,
}

impl Collector {
    fn add(&mut self, name: &str, shown: &str, bytes: &[u8], suite: (&dyn Files, &Parts)) {
        let loaded = tree::decode(shown, bytes)
            .map_err(|error| vec![error])
            .and_then(|source| load_with(name, &source, suite.0, suite.1));
        let scenarios = match loaded {
            Ok(scenarios) => scenarios,
            Err(errors) => {
                for error in errors {
                    // A mistake in a part is told once, not for each of its users.
                    if !self.diagnostics.contains(&error) {
                        self.diagnostics.push(error);
                    }
                }
                return;
            }
        };
        for scenario in scenarios {
            if let Some(other) = self.names.get(&scenario.name) {
                let message = format!("`{}` is the name of {other} already", scenario.name);
                self.diagnostics.push(Diagnostic::error(
                    &scenario.source,
                    Span::default(),
                    message,
                ));
                continue;
            }
            self.names.insert(scenario.name.clone(), shown.to_owned());
            self.scenarios.push(scenario);
        }
    }

    fn finish(self) -> Result<Library, LibraryError> {
        if self.diagnostics.is_empty() {
            let scenarios = self.scenarios;
            Ok(Library { scenarios })
        } else {
            Err(LibraryError::Scenarios(self.diagnostics))
        }
    }
}

/// The suite inside the binary, as files.
#[derive(Debug, Clone, Copy)]
pub struct Embedded;

impl Files for Embedded {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        match BUILTIN.get_file(path) {
            Some(file) => Ok(file.contents().into()),
            None => Err(FileError::Missing),
        }
    }

    fn display(&self, path: &str) -> String {
        format!("scenarios/{path}")
    }
}

/// A folder of the disk. Parts that it does not have are taken from the suite in the binary.
struct Disk {
    root: PathBuf,
    /// The root as the user would write it.
    shown: PathBuf,
}

impl Disk {
    fn new(root: &Path, given: &Path, full: &Path) -> Self {
        let below = full
            .strip_prefix(root)
            .map_or(0, |rest| rest.components().count());
        let mut shown = given.to_path_buf();
        let popped = (0..below).all(|_| shown.pop());
        Self {
            root: root.to_path_buf(),
            shown: if popped { shown } else { root.to_path_buf() },
        }
    }

    /// The file itself, all links followed; an error where it is no longer in the suite's folder.
    fn inside(&self, path: &Path) -> Result<PathBuf, FileError> {
        let root = std::fs::canonicalize(&self.root).map_err(unreadable)?;
        let path = std::fs::canonicalize(path).map_err(unreadable)?;
        match path.starts_with(root) {
            true => Ok(path),
            false => Err(FileError::Outside),
        }
    }

    fn read_file(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let meta = std::fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() {
            return Err(FileError::Unreadable("this is no ordinary file".to_owned()));
        }
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
        if read.map_err(unreadable)? as u64 > MAX_FILE {
            return Err(FileError::TooLarge(MAX_FILE));
        }
        Ok(bytes)
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let file = self.inside(&self.root.join(path));
        match file.and_then(|file| self.read_file(&file)) {
            Ok(bytes) => Ok(bytes.into()),
            Err(FileError::Missing) if path.starts_with("shared/") => Embedded.read(path),
            Err(error) => Err(error),
        }
    }

    fn display(&self, path: &str) -> String {
        if path.starts_with("shared/") && !self.root.join(path).exists() {
            return Embedded.display(path);
        }
        self.shown.join(path).display().to_string()
    }
}

fn unreadable(error: std::io::Error) -> FileError {
    match error.kind() {
        std::io::ErrorKind::NotFound => FileError::Missing,
        _ => FileError::Unreadable(error.to_string()),
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

fn embedded(dir: &Dir<'static>, files: &mut Vec<(&'static str, &'static [u8])>) {
    for file in dir.files() {
        if let Some(path) = file.path().to_str() {
            files.push((path, file.contents()));
        }
    }
    for dir in dir.dirs() {
        embedded(dir, files);
    }
}

/// All YAML files below a folder, without parts.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let shared = entry.file_name() == SHARED;
        if entry.file_type()?.is_dir() {
            if !hidden && !shared {
                walk(&path, depth + 1, files)?;
            }
        } else if !hidden && is_yaml(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml"))
}

/// The nearest folder, from here upwards, that has parts in `shared/`.
fn suite_root(folder: &Path) -> Option<PathBuf> {
    let has_parts = |folder: &&Path| {
        let Ok(mut entries) = std::fs::read_dir(folder.join(SHARED)) else {
            return false;
        };
        entries.any(|entry| entry.is_ok_and(|entry| is_yaml(&entry.path())))
    };
    let mut above = folder.ancestors().take(MAX_ABOVE);
    above.find(has_parts).map(Path::to_path_buf)
}

/// A path below a root, with `/` between names.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let names = below.components().map(|name| name.as_os_str());
    let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    names.join("/")
}

/// The name of the scenario in a file of a suite; `None` for what is no scenario.
fn scenario_name(path: &str) -> Option<&str> {
    let part = path.split('/').any(|name| name == SHARED);
    without_extension(path).filter(|_| !part)
}

fn without_extension(path: &str) -> Option<&str> {
    path.strip_suffix(".yaml")
        .or_else(|| path.strip_suffix(".yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "description: x\nclauses: [VER-1]\nusers: [alice]\nsteps:\n  - use: shared/own.yaml\n";
    const PART: &str = "description: x\nsteps:\n  - C: PNG\n";

    fn write(root: &Path, path: &str, text: &str) -> PathBuf {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn names(paths: &[PathBuf]) -> Vec<String> {
        let library = Library::from_paths(paths).unwrap();
        let names = library.scenarios().iter().map(|s| s.name.clone());
        names.collect()
    }

    #[test]
    fn names_are_paths_below_the_suite() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let file = write(root, "b/two.yaml", FILE);
        write(root, "a/one.yml", FILE);
        write(root, "a/payload.bin", "");
        write(root, "shared/own.yaml", PART);
        assert_eq!(names(&[root.to_path_buf()]), ["a/one", "b/two"]);
        assert_eq!(names(&[root.join("b"), file]), ["b/two"]);
    }

    #[test]
    fn a_file_on_its_own_has_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let text = FILE.replace("use: shared/own.yaml", "C: PNG");
        let file = write(dir.path(), "x/mine.yaml", &text);
        assert_eq!(names(&[file]), ["mine"]);
        assert_eq!(names(&[dir.path().to_path_buf()]), ["x/mine"]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_suite() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let secret = write(dir.path(), "outside/secret", "hidden");
        let root = dir.path().join("suite");
        let text = "description: x\nclauses: [VER-1]\nusers: [alice]\nsteps:\n  \
                    - C: MSG 1 N {length}\n    payload: { file: ";
        let own = write(&root, "own.yaml", &format!("{text}inner }}\n"));
        write(&root, "real", "own");
        symlink(root.join("real"), root.join("inner")).unwrap();
        assert_eq!(names(&[own]), ["own"]);
        let says = |paths: &[PathBuf]| match Library::from_paths(paths).unwrap_err() {
            LibraryError::Scenarios(errors) => errors.first().unwrap().to_string(),
            error @ LibraryError::Path { .. } => error.to_string(),
        };
        // Of a file, of a folder above it, and of a scenario in a folder.
        symlink(&secret, root.join("link")).unwrap();
        symlink(dir.path().join("outside"), root.join("folder")).unwrap();
        for path in ["link", "folder/secret"] {
            let file = write(&root, "leaks.yaml", &format!("{text}{path} }}\n"));
            let error = says(&[file]);
            assert!(error.contains("leads out of the suite"), "{error}");
        }
        std::fs::remove_file(root.join("leaks.yaml")).unwrap();
        symlink(&secret, root.join("linked.yaml")).unwrap();
        let error = says(std::slice::from_ref(&root));
        assert!(error.contains("linked.yaml: a link leads out"), "{error}");
    }

    #[test]
    fn what_is_no_scenario_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let text = write(dir.path(), "a.txt", "C: VER 1 MSNP2");
        let says = |path: PathBuf| Library::from_paths(&[path]).unwrap_err().to_string();
        assert!(says(text).ends_with("a.txt: a scenario is a `.yaml` file"));
        assert!(says(dir.path().join("none.yaml")).ends_with("no such file or folder"));
        assert!(says(dir.path().to_path_buf()).ends_with("no scenario (`*.yaml`) in this folder"));
        let bad = write(dir.path(), "bad.yaml", "steps: 1\n");
        let Err(LibraryError::Scenarios(errors)) = Library::from_paths(&[bad]) else {
            panic!()
        };
        assert!(errors.len() >= 3);
    }

    #[test]
    fn the_suite_in_the_binary_is_without_mistakes() {
        let library = Library::builtin().unwrap_or_else(|error| match error {
            LibraryError::Scenarios(errors) => {
                let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
                panic!("{}\n{}", texts.join("\n"), texts.len())
            }
            other => panic!("{other}"),
        });
        let names: Vec<&str> = library.scenarios().iter().map(|s| &*s.name).collect();
        assert!(names.iter().all(|name| !name.contains("shared")));
    }
}

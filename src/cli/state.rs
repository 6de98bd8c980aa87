//! What is remembered of a target between runs: `.msnpspec/` beside its file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use msnpspec::diagnostic::Source;
use msnpspec::event::{ScenarioResult, Verdict};
use msnpspec::scenario::ast::Scenario;
use serde::{Deserialize, Serialize};

use super::files;
use super::whole_file::WholeFile;

/// The folder's name.
const FOLDER: &str = ".msnpspec";
/// The version of what is remembered of failures.
const VERSION: u32 = 1;
/// The longest result that is read back, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Where something is remembered of one target.
#[derive(Debug, Clone)]
pub(crate) struct State {
    folder: PathBuf,
    /// The name of the target file without its end.
    name: String,
}

/// The scenarios that are not sound, as far as runs have shown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    version: u32,
    failed: BTreeSet<String>,
}

impl State {
    /// That of a target file; `None` of a target that is no file.
    pub(crate) fn beside(target: &str) -> Option<Self> {
        let path = Path::new(target);
        if !path.is_file() {
            return None;
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.join(FOLDER),
            _ => PathBuf::from(FOLDER),
        };
        let name = path.file_stem()?.to_str()?.to_owned();
        Some(Self { folder, name })
    }

    /// The last result of the whole suite.
    pub(crate) fn last(&self) -> Option<Arc<Source>> {
        files::read_up_to(&self.path("last"), LONGEST).ok()
    }

    /// Keeps a result of the whole suite. Where nothing can be written, nothing is remembered.
    pub(crate) fn keep(&self, document: &str) {
        let _lost = self.write("last", document);
    }

    /// The scenarios that were not sound when they were last played.
    ///
    /// # Errors
    ///
    /// Where no run has been remembered, or what is remembered cannot be read.
    pub(crate) fn failed(&self) -> Result<BTreeSet<String>, String> {
        let path = self.path("failed");
        if !path.exists() {
            return Err(format!(
                "no run of this target is remembered in {}: run it once without --rerun-failed",
                self.folder.display()
            ));
        }
        let source = files::read(&path)?;
        let known: Failed = serde_json::from_str(&source.text)
            .map_err(|error| format!("{}:{}: {error}", source.path, error.line().max(1)))?;
        match known.version {
            VERSION => Ok(known.failed),
            other => Err(format!(
                "{}: of version {other}; this is for {VERSION}",
                source.path
            )),
        }
    }

    /// Remembers what came of scenarios; of those that were not played what was known stays. What
    /// is no longer in the library is forgotten.
    pub(crate) fn update(&self, results: &[(String, Verdict)], library: &[Arc<Scenario>]) {
        if results.is_empty() {
            return;
        }
        let mut failed = self.failed().unwrap_or_default();
        let unsound: BTreeSet<&str> = results
            .iter()
            .filter(|(_, verdict)| is_unsound(*verdict))
            .map(|(name, _)| name.as_str())
            .collect();
        for (name, verdict) in results {
            if unsound.contains(name.as_str()) {
                failed.insert(name.clone());
            } else if *verdict != Verdict::Skipped {
                failed.remove(name);
            }
        }
        let names: BTreeSet<&str> = library.iter().map(|it| it.name.as_str()).collect();
        failed.retain(|name| names.contains(name.as_str()));
        let known = Failed {
            version: VERSION,
            failed,
        };
        if let Ok(text) = serde_json::to_string_pretty(&known) {
            let _lost = self.write("failed", &(text + "\n"));
        }
    }

    fn path(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}-{what}.json", self.name))
    }

    fn write(&self, what: &str, text: &str) -> std::io::Result<()> {
        if !self.folder.is_dir() {
            fs::create_dir(&self.folder)?;
            // Nobody commits it by mistake.
            fs::write(self.folder.join(".gitignore"), "*\n")?;
        }
        WholeFile::create(&self.path(what))?.finish(text)
    }
}

/// Whether a scenario is one to look at again.
fn is_unsound(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Failed | Verdict::Blocked | Verdict::Flaky | Verdict::Inconclusive
    )
}

/// What is remembered of a result.
pub(crate) fn row(result: &ScenarioResult) -> Option<(String, Verdict)> {
    (!result.is_first_look()).then(|| (result.name.clone(), result.verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_remembered_until_it_passes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.yaml");
        assert!(State::beside(&file.display().to_string()).is_none());
        fs::write(&file, "name: mine\n").unwrap();
        let state = State::beside(&file.display().to_string()).unwrap();
        assert!(state.failed().unwrap_err().contains("--rerun-failed"));
        let library = msnpspec::scenario::Library::builtin().unwrap();
        let library = library.into_scenarios().into_iter().take(4);
        let library: Vec<Arc<Scenario>> = library.map(Arc::new).collect();
        let name = |at: usize| library[at].name.clone();
        let first = [
            (name(0), Verdict::Failed),
            (name(1), Verdict::Blocked),
            (name(2), Verdict::Passed),
            ("gone".to_owned(), Verdict::Failed),
        ];
        state.update(&first, &library);
        assert_eq!(state.failed().unwrap(), BTreeSet::from([name(0), name(1)]));
        // In one of two dialects it still fails; what was not played stays.
        let second = [
            (name(0), Verdict::Failed),
            (name(0), Verdict::Passed),
            (name(1), Verdict::Skipped),
            (name(3), Verdict::Flaky),
        ];
        state.update(&second, &library);
        let all = BTreeSet::from([name(0), name(1), name(3)]);
        assert_eq!(state.failed().unwrap(), all);
        state.update(&[(name(0), Verdict::Passed)], &library);
        assert_eq!(state.failed().unwrap(), BTreeSet::from([name(1), name(3)]));
        fs::write(folder.path().join(".msnpspec/mine-failed.json"), "{").unwrap();
        assert!(state.failed().unwrap_err().contains("mine-failed.json:1"));
    }
}

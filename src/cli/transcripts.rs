//! `--transcripts DIR`: what was on the wire in each scenario, a file each.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use msnpspec::event::ScenarioResult;
use msnpspec::report::printable;

/// The longest name of a file or folder, in bytes; common file systems take 255.
const LONGEST: usize = 200;

/// A folder of transcripts.
#[derive(Debug)]
pub(crate) struct Transcripts {
    folder: PathBuf,
    /// Each dialect has a folder of its own.
    are_many: bool,
    taken: HashSet<PathBuf>,
}

impl Transcripts {
    /// Makes the folder.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            are_many: false,
            taken: HashSet::new(),
        })
    }

    /// The run is made in several dialects: each gets a folder.
    pub(crate) fn sort_by_dialect(&mut self) {
        self.are_many = true;
    }

    /// Writes the transcript of a scenario, if there is any; the lines come without passwords.
    pub(crate) fn write(&mut self, result: &ScenarioResult) -> io::Result<()> {
        if result.transcript.is_empty() {
            return Ok(());
        }
        let mut base = path_of(&result.name);
        if self.are_many {
            base = Path::new(result.dialect.name).join(base);
        }
        let numbered = (2..).map(|n: u32| PathBuf::from(format!("{}~{n}", base.display())));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        let free = candidates.find(|path| self.taken.insert(path.clone()));
        let path = free.expect("there is always a number that is free");
        let file = self.folder.join(format!("{}.txt", path.display()));
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut text = format!(
            "# {}: {}\n",
            printable(&result.name),
            result.verdict.as_str()
        );
        for line in &result.transcript {
            text.push_str(line);
            text.push('\n');
        }
        fs::write(file, text)
    }
}

/// A scenario's name as a path below the folder: folders stay folders, and nothing in it leads out
/// or needs quoting.
fn path_of(name: &str) -> PathBuf {
    let (path, row) = name.find('[').map_or((name, ""), |at| name.split_at(at));
    let mut parts: Vec<String> = path.split('/').map(safe).collect();
    if let Some(last) = parts.last_mut() {
        last.push_str(&safe_row(row));
        let mut end = LONGEST.min(last.len());
        while !last.is_char_boundary(end) {
            end -= 1;
        }
        last.truncate(end);
    }
    parts.iter().collect()
}

fn safe(part: &str) -> String {
    match part {
        "" | "." | ".." => "_".to_owned(),
        part => safe_row(part).trim_start_matches('.').to_owned(),
    }
}

fn safe_row(text: &str) -> String {
    let keep = |char: char| {
        if char.is_alphanumeric() || "-_.=,[]@".contains(char) {
            char
        } else {
            '_'
        }
    };
    text.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_folder() {
        assert_eq!(
            path_of("auth/wrong-password"),
            Path::new("auth/wrong-password")
        );
        assert_eq!(path_of("a/b[x=../y,z=1 2]"), Path::new("a/b[x=.._y,z=1_2]"));
        assert_eq!(path_of("/../a\0b"), Path::new("_/_/a_b"));
        assert!(path_of(&"\u{e9}".repeat(400)).as_os_str().len() <= LONGEST);
    }
}

//! A file that takes the place of the one before only once all of it is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How many names beside the file are tried.
const TRIES: u32 = 16;

/// A file under way. Dropped before [`WholeFile::commit`], it leaves what stood there as it was.
pub(crate) struct WholeFile {
    /// What the user named, links followed.
    path: PathBuf,
    /// Where it is written meanwhile; `None` where only the path itself can be written.
    beside: Option<PathBuf>,
    file: BufWriter<File>,
}

impl WholeFile {
    /// Begins a file.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let known = fs::canonicalize(path).ok();
        let path = known.as_deref().unwrap_or(path);
        let before = fs::metadata(path).ok();
        if let Some(before) = &before {
            // What may not be written is not replaced either.
            let file = OpenOptions::new().append(true).open(path)?;
            if !before.is_file() {
                return Ok(Self::new(path, None, file));
            }
        }
        match beside(path) {
            Some((beside, file)) => {
                if let Some(before) = before {
                    file.set_permissions(before.permissions())?;
                }
                Ok(Self::new(path, Some(beside), file))
            }
            None => Ok(Self::new(path, None, File::create(path)?)),
        }
    }

    /// Writes all of it.
    pub(crate) fn finish(mut self, text: &str) -> io::Result<()> {
        self.write_all(text.as_bytes())?;
        self.commit()
    }

    fn new(path: &Path, beside: Option<PathBuf>, file: File) -> Self {
        Self {
            path: path.to_owned(),
            beside,
            file: BufWriter::new(file),
        }
    }

    /// All is written: from now on it stands at its path.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        self.file.flush()?;
        if let Some(beside) = &self.beside {
            fs::rename(beside, &self.path)?;
            self.beside = None;
        }
        Ok(())
    }
}

/// A new file in the same folder, by another name.
fn beside(path: &Path) -> Option<(PathBuf, File)> {
    let name = path.file_name()?.to_str()?;
    let process = std::process::id();
    (0..TRIES).find_map(|n| {
        let beside = path.with_file_name(format!(".{name}.{process}-{n}"));
        let options = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside);
        options.ok().map(|file| (beside, file))
    })
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // Where it cannot be removed, nothing better can be done.
            let _left = fs::remove_file(beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_file_before_stays_until_all_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        fs::write(&path, "yesterday").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "yesterday");
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "yesterday");
        WholeFile::create(&path).unwrap().finish("today").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "today");
        assert_eq!(names(folder.path()), ["r.json"]);
    }

    #[test]
    fn a_new_file_is_there_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let file = WholeFile::create(&path).unwrap();
        assert!(!path.exists());
        drop(file);
        assert!(names(folder.path()).is_empty());
        assert!(WholeFile::create(folder.path()).is_err());
        assert!(WholeFile::create(&folder.path().join("no/such/x")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "before").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        WholeFile::create(&link).unwrap().finish("after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let nowhere = WholeFile::create(Path::new("/dev/null")).unwrap();
        nowhere.finish("nothing").unwrap();
    }
}

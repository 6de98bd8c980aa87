//! Small files that are named on the command line.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use msnpspec::diagnostic::Source;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// A file's text; else why it cannot be had, in one line with its name.
pub(crate) fn read(path: &Path) -> Result<Arc<Source>, String> {
    read_up_to(path, LONGEST)
}

/// The same, with a limit of its own in bytes.
pub(crate) fn read_up_to(path: &Path, longest: u64) -> Result<Arc<Source>, String> {
    let bytes = bytes_up_to(path, longest)?;
    source(path, bytes)
}

/// A file's bytes, at most so many.
pub(crate) fn bytes_up_to(path: &Path, longest: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let unreadable = |error| format!("cannot read {shown}: {error}");
    let too_long = || format!("{shown} is longer than {longest} bytes");
    let file = File::open(path).map_err(unreadable)?;
    // Of a file that grows, or has no size, no more is read than that.
    let size = file.metadata().map_err(unreadable)?.len();
    if size > longest {
        return Err(too_long());
    }
    bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
    file.take(longest + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > longest {
        return Err(too_long());
    }
    Ok(bytes)
}

/// Whether a path stands for standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// How a file is named in messages.
pub(crate) fn shown(path: &Path) -> String {
    match is_stdin(path) {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// What a file or standard input holds, unpacked where it is compressed with gzip, at most so many
/// bytes.
pub(crate) fn recorded_up_to(path: &Path, longest: u64) -> Result<Vec<u8>, String> {
    let shown = shown(path);
    let bytes = match is_stdin(path) {
        false => bytes_up_to(path, longest)?,
        true => {
            let mut bytes = Vec::new();
            let input = std::io::stdin().lock();
            let read = input.take(longest + 1).read_to_end(&mut bytes);
            read.map_err(|error| format!("cannot read {shown}: {error}"))?;
            bytes
        }
    };
    let is_gzip = bytes.starts_with(b"\x1f\x8b");
    let bytes = match is_gzip {
        false => bytes,
        true => {
            let mut plain = Vec::new();
            let unpacked = flate2::read::MultiGzDecoder::new(&bytes[..]);
            let read = unpacked.take(longest + 1).read_to_end(&mut plain);
            read.map_err(|error| format!("{shown}: the compressed file is damaged: {error}"))?;
            plain
        }
    };
    match bytes.len() as u64 > longest {
        true => Err(format!("{shown} is longer than {longest} bytes")),
        false => Ok(bytes),
    }
}

/// The bytes of a file as its text.
pub(crate) fn source(path: &Path, bytes: Vec<u8>) -> Result<Arc<Source>, String> {
    let shown = path.display().to_string();
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(shown, text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().iter().take(at);
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            Err(format!("{shown}:{line}: the file is not UTF-8"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        std::fs::write(&path, b"a: 1\nb: \xff\n").unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .ends_with("x.yaml:2: the file is not UTF-8")
        );
        std::fs::write(&path, vec![b'#'; 5 << 20]).unwrap();
        assert!(read(&path).unwrap_err().contains("longer than"));
        std::fs::write(&path, "a: 1").unwrap();
        assert_eq!(read(&path).unwrap().text, "a: 1");
    }
}

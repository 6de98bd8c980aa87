//! From a tree to scenarios: keys, steps, lines, words, expressions.
//!
//! Parts are put in and rows of a matrix are told apart here, so what leaves is plain. Every
//! mistake that is found is told; reading goes on behind it where that makes sense.

mod compose;
mod expect;
mod file;
mod group;
mod line;
mod matrix;
mod part;
mod payload;
mod reader;
mod send;
mod step;
mod text;
mod users;

use std::sync::Arc;

pub use compose::Composer;
#[cfg(test)]
pub(super) use file::FILE_KEYS;
pub use file::load;
pub(super) use file::load_with;
pub(super) use reader::Parts;
#[cfg(test)]
pub(super) use step::step_keys;
pub(super) use text::RESERVED;

/// Where parts and payload files come from. Paths are relative to the suite's root, with `/`
/// between names and without `..`.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it cannot be read: the reason in words, such as
    /// `no such file`.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;

    /// The path as messages show it.
    fn display(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// Why a file that a scenario names cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("no such file")]
    Missing,
    /// It is larger than this many bytes.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// A link on the way to it leads somewhere else.
    #[error("a link leads out of the suite's folder")]
    Outside,
    /// It could not be read.
    #[error("{0}")]
    Unreadable(String),
}

/// No files at all, for scenarios that stand alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Arc<[u8]>, FileError> {
        Err(FileError::Missing)
    }
}

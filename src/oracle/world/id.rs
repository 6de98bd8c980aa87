//! What names a user.

/// A user within one transcript. Handles that differ in case alone are one user here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub(super) usize);

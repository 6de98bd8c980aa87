//! The scenarios that PATHs name, or the built-in suite.

use std::path::PathBuf;
use std::sync::Arc;

use msnpspec::diagnostic::Diagnostic;
use msnpspec::scenario::ast::Scenario;

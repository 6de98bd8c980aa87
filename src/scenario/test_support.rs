//! What tests share: scenarios.

use std::sync::Arc;

use crate::diagnostic::Source;
use crate::scenario::ast::{Needs, Scenario};
use crate::scenario::{NoFiles, load};

/// A scenario without steps.
pub(crate) fn scenario(name: &str, clauses: &[&str], tags: &[&str]) -> Arc<Scenario> {
    Arc::new(Scenario {
        name: name.into(),
        aliases: Vec::new(),
        source: Source::new(format!("{name}.yaml"), ""),
        description: name.into(),
        clauses: clauses.iter().map(|id| id.parse().unwrap()).collect(),
        tags: tags.iter().map(|&tag| tag.into()).collect(),
        dialects: Vec::new(),
        needs: Needs::default(),
        users: Vec::new(),
        strict: false,
        segments: None,
        timeout: None,
        setup: Vec::new(),
        steps: Vec::new(),
    })
}

/// A scenario with one user, who is online, and these steps (YAML, indented by two).
pub(crate) fn load_steps(steps: &str) -> Scenario {
    let head = "description: x\nclauses: [CHG-1]\nusers: { alice: { state: NLN } }";
    let source = Source::new("x.yaml", format!("{head}\nsteps:\n{steps}\n"));
    let loaded = load("x", &source, &NoFiles).unwrap_or_else(|errors| panic!("{}", errors[0]));
    loaded.into_iter().next().expect("one scenario")
}

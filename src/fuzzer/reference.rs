//! Scenarios in memory against the reference server, each in its own dialect.

use std::sync::Arc;

use crate::engine::{Ending, Executor, Outcome};
use crate::protocol::{DIALECTS, Dialect};
use crate::scenario::ast::Scenario;
use crate::server::{Config, FaultSet, Pattern};
use crate::sim::{self, SimOptions};
use crate::target::{Account, Environment, Lists};

/// The reference server, in virtual time: a fresh one for each scenario.
#[derive(Debug, Clone)]
pub struct Reference {
    config: Config,
    options: SimOptions,
    /// One for each dialect.
    environments: Vec<Arc<Environment>>,
    seed: u64,
}

fn environment(dialect: &'static Dialect) -> Arc<Environment> {
    Arc::new(Environment {
        dialect,
        ..sim::environment()
    })
}

impl Default for Reference {
    /// The reference server as it should be.
    fn default() -> Self {
        Self::with_faults(FaultSet::default())
    }
}

impl Reference {
    /// The reference server with these faults planted.
    #[must_use]
    pub fn with_faults(faults: FaultSet) -> Self {
        Self {
            config: Config {
                faults,
                ..Config::default()
            },
            options: SimOptions::default(),
            environments: DIALECTS.into_iter().map(environment).collect(),
            seed: 1,
        }
    }

    /// The same over another simulated network.
    #[must_use]
    pub fn over(mut self, options: SimOptions) -> Self {
        self.options = options;
        self
    }

    /// The same, with what is known of it in the environment's dialect: each case has a server of its
    /// own, which nobody cleans up behind it.
    #[must_use]
    pub fn known_as(mut self, known: Environment) -> Self {
        let is_it = |one: &&mut Arc<Environment>| one.dialect == known.dialect;
        if let Some(one) = self.environments.iter_mut().find(is_it) {
            *one = Arc::new(Environment {
                cleanup: false,
                ..known
            });
        }
        self
    }

    /// What a scenario comes to.
    #[must_use]
    pub fn execute(&self, scenario: &Scenario) -> Outcome {
        self.execute_shared(Arc::new(scenario.clone()))
    }

    /// The same, without a copy of the scenario.
    #[must_use]
    pub fn execute_shared(&self, scenario: Arc<Scenario>) -> Outcome {
        let count = scenario.needs.accounts.max(scenario.users.len());
        let pattern = Pattern::default();
        let accounts = (1..=count as u64).map(|number| {
            let account = pattern.account(number);
            Account {
                name: Some(account.name),
                lists: Lists::Clean,
                ..Account::new(account.handle, account.password)
            }
        });
        let environment = self.environment_for(&scenario);
        let executor = Executor::new(scenario, accounts.collect(), environment, self.seed);
        sim::run(executor, self.config.clone(), self.options)
    }

    fn environment_for(&self, scenario: &Scenario) -> Arc<Environment> {
        let dialect = scenario.own_dialect();
        let mut all = self.environments.iter();
        let own = all.find(|environment| environment.dialect == dialect);
        own.map_or_else(|| environment(dialect), Arc::clone)
    }

    /// Whether the server passes a scenario: every step is met, and no oracle accuses it.
    #[must_use]
    pub fn passes(&self, scenario: &Scenario) -> bool {
        let outcome = self.execute(scenario);
        outcome.ending == Ending::Passed && outcome.accusations.is_empty()
    }
}

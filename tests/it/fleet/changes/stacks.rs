//! The stacks that are deployed: each a rotation function and a sweep, with settings of their own.

use std::collections::BTreeMap;

use simulator::Simulator;

use super::super::{SWEEP, deploy_sweep_as};
use crate::stage::{ACCOUNT, FUNCTION, Lines, TOPIC, add_rotation, owned, set_up};

/// The environment of both functions of a stack.
pub(super) type Settings = BTreeMap<&'static str, &'static str>;

/// The functions of the first stack, of the one that takes its place, and so on.
const FUNCTIONS: [(&str, &str); 3] = [
    (FUNCTION, SWEEP),
    (
        "arn:aws:lambda:eu-west-1:111122223333:function:rotation-2",
        "arn:aws:lambda:eu-west-1:111122223333:function:sweep-2",
    ),
    (
        "arn:aws:lambda:eu-west-1:111122223333:function:rotation-3",
        "arn:aws:lambda:eu-west-1:111122223333:function:sweep-3",
    ),
];

/// How many stacks a story can have, one after the other.
pub(super) const MOST: usize = FUNCTIONS.len();

/// One stack.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    nth: usize,
    pub(super) settings: Settings,
}

impl Stack {
    pub(super) fn new(nth: usize, settings: Settings) -> Self {
        Self { nth, settings }
    }

    pub(super) fn nth(&self) -> usize {
        self.nth
    }

    pub(super) fn rotation(&self) -> &'static str {
        FUNCTIONS[self.nth].0
    }

    pub(super) fn sweep(&self) -> &'static str {
        FUNCTIONS[self.nth].1
    }

    /// The roles of its functions; a call's caller tells which stack made it.
    fn roles(&self) -> (String, String) {
        (format!("stack-{}-rotation", self.nth), format!("stack-{}-sweep", self.nth))
    }

    /// Whether a call came from this stack, and then whether its sweep made it.
    pub(super) fn made(&self, caller: &str) -> Option<bool> {
        let (rotation, sweep) = self.roles();
        let is = |role: &str| caller.contains(role);
        (is(&rotation) || is(&sweep)).then(|| is(&sweep))
    }

    /// Deploys both functions anew, with the settings as they are.
    pub(super) fn deploy(&self, sim: &Simulator, metrics: &Lines) {
        let mut all: Vec<(&str, &str)> = self.settings.iter().map(|(name, value)| (*name, *value)).collect();
        all.extend([("ROTATOR_ALERT_TOPIC_ARN", TOPIC), ("ROTATOR_ROTATION_FUNCTION_ARN", self.rotation())]);
        let (rotation, sweep) = self.roles();
        let variables = owned(&all);
        sim.set_up_function(self.rotation(), set_up(&variables, &rotation));
        let role = sim.role_session(ACCOUNT, &rotation);
        add_rotation(sim, self.rotation(), &role, variables, metrics);
        deploy_sweep_as(sim, self.sweep(), &sweep, &all, metrics);
    }

    /// Takes both functions away: their ARNs answer nothing from then on.
    pub(super) fn remove(&self, sim: &Simulator) {
        sim.remove_function(self.rotation());
        sim.remove_function(self.sweep());
    }
}

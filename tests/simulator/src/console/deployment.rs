//! How functions are set up, KMS keys, subscriptions, policies of roles.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::Simulator;
use crate::world::deployment::{FunctionSetup, KeyState, Subscription};

impl Simulator {
    /// What GetFunctionConfiguration tells of a function. A function that nobody set up is active,
    /// under the role `function-role`.
    pub fn set_up_function(&self, function_arn: &str, setup: FunctionSetup) {
        self.with(|state| state.world.deployment.functions.insert(function_arn.to_owned(), setup));
    }

    /// Takes a function away, with its set-up and policy.
    pub fn remove_function(&self, function_arn: &str) {
        self.with(|state| {
            state.functions.remove(function_arn);
            state.world.deployment.functions.remove(function_arn);
            state.world.deployment.policies.remove(function_arn);
            state.world.deployment.concurrency.remove(function_arn);
            state.world.deployment.function_tags.remove(function_arn);
        });
    }

    /// A function's reserved concurrency, without PutFunctionConcurrency's checks; `None` removes it.
    /// With 0, every invocation is throttled.
    pub fn set_reserved_concurrency(&self, function_arn: &str, reserved: Option<u64>) {
        self.with(|state| {
            let concurrency = &mut state.world.deployment.concurrency;
            match reserved {
                Some(reserved) => concurrency.insert(function_arn.to_owned(), reserved),
                None => concurrency.remove(function_arn),
            }
        });
    }

    /// A function's tags.
    #[must_use]
    pub fn function_tags(&self, function_arn: &str) -> BTreeMap<String, String> {
        self.with(|state| state.world.deployment.function_tags.get(function_arn).cloned().unwrap_or_default())
    }

    /// A function's resource policy; `None`: it has none. It decides nothing here:
    /// [`Simulator::add_permission`] does.
    pub fn set_function_policy(&self, function_arn: &str, policy: Option<&str>) {
        self.with(|state| {
            let policies = &mut state.world.deployment.policies;
            match policy {
                Some(policy) => policies.insert(function_arn.to_owned(), policy.to_owned()),
                None => policies.remove(function_arn),
            }
        });
    }

    /// Makes a KMS key, or changes its state.
    pub fn set_kms_key_state(&self, key_arn: &str, key_state: KeyState) {
        self.with(|state| state.world.deployment.kms_keys.insert(key_arn.to_owned(), key_state));
    }

    /// Subscribes to a topic.
    pub fn subscribe(&self, topic: &str, protocol: &str, endpoint: &str, confirmed: bool) {
        let (topic, protocol, endpoint) = (topic.to_owned(), protocol.to_owned(), endpoint.to_owned());
        self.with(|state| {
            state.world.deployment.subscriptions.push(Subscription { topic, protocol, endpoint, confirmed });
        });
    }

    /// An SES identity in the main account and region that waits for its verification.
    pub fn add_unverified_identity(&self, identity: &str) {
        self.with(|state| {
            let key = (state.options.account.clone(), state.options.region.clone());
            state.world.deployment.unverified.entry(key).or_default().push(identity.to_owned());
        });
    }

    /// Lines that a function of the main account and region wrote now, in place of those it had.
    pub fn set_log(&self, group: &str, lines: impl IntoIterator<Item = String>) {
        self.with(|state| {
            let key = (state.options.account.clone(), state.options.region.clone(), group.to_owned());
            let now = state.clock.now();
            let lines = lines.into_iter().map(|line| (now, line)).collect();
            state.world.deployment.logs.insert(key, lines);
        });
    }

    /// The identity policies of a role, for `SimulatePrincipalPolicy` alone.
    pub fn set_role_policies(&self, role_arn: &str, policies: Vec<Value>) {
        self.with(|state| state.world.deployment.role_policies.insert(role_arn.to_owned(), policies));
    }
}

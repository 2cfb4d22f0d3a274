//! Many accounts: which they are, the roles that lead into them, and what is told of them all.

mod accounts;
mod central;
mod conclude;
mod member;

use serde_json::{Value, json};
use simulator::{FunctionError, Options, Simulator};

use super::{ENFORCE, Fleet};
use crate::stage::{ACCOUNT, FUNCTION, REGION, days};

pub const MEMBER: &str = "444455556666";
pub const OTHER: &str = "555566667777";
pub const EXTERNAL_ID: &str = "iam-key-rotator-example";
pub const ROTATION_ROLE: &str = "arn:aws:iam::111122223333:role/rotation-function";
pub const SWEEP_ROLE: &str = "arn:aws:iam::111122223333:role/sweep-function";
/// A key that the organization's own policies let both functions and the users use.
pub const KMS_KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/secrets";

/// An organization of three accounts, whose roles let both functions in.
pub struct Organization {
    pub fleet: Fleet,
    pub sim: Simulator,
}

impl Organization {
    /// With these settings beside those that every organization has.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let fleet = Fleet::with(Options { page_size: 20, ..Options::default() }, &[]);
        let sim = fleet.sim.clone();
        sim.create_organization(ACCOUNT);
        let root = sim.root_id();
        for (account, name) in [(MEMBER, "build"), (OTHER, "shop")] {
            sim.add_account(account, name, &format!("{name}@example.com"), &root);
            sim.create_role(account, "key-rotation", vec![ROTATION_ROLE.into()], Some(EXTERNAL_ID.into()));
            sim.create_role(account, "key-sweep", vec![SWEEP_ROLE.into()], Some(EXTERNAL_ID.into()));
            sim.add_permission(FUNCTION, account);
        }
        let organization = Self { fleet, sim };
        organization.deploy(settings);
        organization
    }

    /// Deploys both functions anew, with other settings. Each has a role of its own in the members.
    pub fn deploy(&self, settings: &[(&str, &str)]) {
        let standing = [
            ("ROTATOR_MEMBER_EXTERNAL_ID", EXTERNAL_ID),
            ("ROTATOR_ROTATION_ROLE_ARN", ROTATION_ROLE),
            ("ROTATOR_KMS_KEY_ID", KMS_KEY),
            ("ROTATOR_SCOPE", "all"),
            ("ROTATOR_SECRETS_IN", "member"),
        ];
        let own = |role| {
            let set = |name: &str| settings.iter().any(|(other, _)| *other == name);
            let all = standing.iter().chain(&ENFORCE).filter(|(name, _)| !set(name));
            let mut all: Vec<(&str, &str)> = all.copied().collect();
            all.push(("ROTATOR_MEMBER_ROLE", role));
            // An empty value takes a setting away.
            all.extend(settings.iter().filter(|(_, value)| !value.is_empty()));
            all
        };
        self.fleet.deploy(&own("key-sweep"));
        self.fleet.stage.deploy(&own("key-rotation"));
    }

    /// The sweep of one account, as the state machine asks for it, and the rotations it asked for.
    pub async fn sweep(&self, account: &str) -> Result<Value, FunctionError> {
        let event = json!({"account": account, "name": "n", "email": "owner@example.com", "marker": null});
        let answer = self.fleet.send(event).await;
        for arn in self.secrets(account) {
            self.sim.rotation_finished(&arn).await;
        }
        answer
    }

    /// One that must succeed.
    pub async fn swept(&self, account: &str) -> Value {
        let answer = self.sweep(account).await;
        answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.fleet.stage.log.text()))
    }

    /// A user of an account with a key of this age; answers with the key's id.
    pub fn user(&self, account: &str, name: &str, age: u64) -> String {
        self.sim.create_user(account, name);
        self.sim.create_access_key_at(account, name, self.sim.now() - days(age)).access_key_id
    }

    pub fn secrets(&self, account: &str) -> Vec<String> {
        self.sim.secret_arns(account, REGION)
    }

    /// The key in AWSCURRENT of the secret of this name, which must work.
    pub fn working_key(&self, account: &str, secret: &str) -> String {
        let views = self.secrets(account).into_iter().map(|arn| self.sim.secret(&arn));
        let by_default = format!("iam-key/{secret}");
        let view = views.into_iter().find(|view| view.name == secret || view.name == by_default);
        let view = view.unwrap_or_else(|| panic!("no secret {secret} in {account}"));
        let value: Value = serde_json::from_str(view.stage("AWSCURRENT").unwrap().text().unwrap()).unwrap();
        let (id, key) = (value["AccessKeyId"].as_str().unwrap(), value["SecretAccessKey"].as_str().unwrap());
        assert!(self.sim.key_works(id, key), "{id} does not work");
        id.to_owned()
    }

    /// A user's keys and whether they are active, oldest first.
    pub fn keys(&self, account: &str, user: &str) -> Vec<(String, bool)> {
        let mut keys = self.sim.keys(account, user);
        keys.sort_by_key(|key| key.created);
        keys.into_iter().map(|key| (key.id, key.active)).collect()
    }

    /// The operations that changed something, called under either function's roles.
    pub fn changes(&self) -> Vec<String> {
        const READS: [&str; 8] =
            ["Get", "List", "Describe", "Generate", "Publish", "SendEmail", "AssumeRole", "Invoke"];
        let calls = self.sim.journal().into_iter();
        let changes = calls.filter(|call| {
            // On its own function's tags a sweep remembers what it has reported.
            !call.caller.ends_with(":root")
                && call.service != "lambda"
                && !READS.iter().any(|reads| call.operation.starts_with(reads))
        });
        changes.map(|call| call.operation).collect()
    }
}

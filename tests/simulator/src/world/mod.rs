//! What exists: plain data without AWS's manners. The services beside it have those.

pub(crate) mod credentials;
pub(crate) mod deployment;
pub(crate) mod identity;
pub(crate) mod messages;
pub(crate) mod organization;
mod replication;
pub(crate) mod secret;
pub(crate) mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use identity::{Account, DeletedKey, Session};
use messages::{Alert, Mail};
use organization::Organization;
use store::SecretStore;

use crate::ids::Ids;
use crate::lambda::Invoke;
use crate::rotation::report::{RotationEvent, RotationReport};

/// Everything the simulated AWS remembers.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The account that `test`/`test` belongs to.
    pub main_account: String,
    pub ids: Ids,
    pub accounts: BTreeMap<String, Account>,
    /// Access key id → (account, user's lookup name).
    pub key_owners: HashMap<String, (String, String)>,
    pub deleted_keys: HashMap<String, DeletedKey>,
    pub sessions: BTreeMap<String, Session>,
    pub stores: BTreeMap<(String, String), SecretStore>,
    /// When replicas follow, and the ARNs of their primaries.
    pub replications: Vec<(SystemTime, String)>,
    pub organizations: Vec<Organization>,
    /// Function ARN and who may invoke it from another account.
    pub function_permissions: BTreeSet<(String, String)>,
    /// How functions are set up, KMS keys, subscriptions, policies of roles.
    pub deployment: deployment::Deployment,
    pub topics: BTreeMap<String, SystemTime>,
    pub alerts: Vec<Alert>,
    pub identities: BTreeMap<(String, String), Vec<String>>,
    pub templates: BTreeMap<(String, String), messages::Template>,
    pub mails: Vec<Mail>,
    pub reports: Vec<RotationReport>,
    pub events: Vec<RotationEvent>,
    /// When CloudTrail was asked, by account and region.
    pub lookups: BTreeMap<(String, String), Vec<SystemTime>>,
    /// Every secret that was ever handed out, for searches in logs.
    pub canaries: Vec<String>,
    /// What a call set in motion, to be started once the world is unlocked.
    pub outbox: Vec<Effect>,
}

/// Something that a call sets in motion beyond its own answer.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Run the rotation that is staged on this secret.
    Rotate { arn: String, token: String },
    /// Run an asynchronous invocation, or drop it.
    Invoke { invoke: Invoke, dropped: bool },
}

impl World {
    pub(crate) fn new(main_account: &str, seed: u64) -> Self {
        Self {
            main_account: main_account.to_owned(),
            ids: Ids::new(seed),
            accounts: BTreeMap::new(),
            key_owners: HashMap::new(),
            deleted_keys: HashMap::new(),
            sessions: BTreeMap::new(),
            stores: BTreeMap::new(),
            replications: Vec::new(),
            organizations: Vec::new(),
            function_permissions: BTreeSet::new(),
            deployment: deployment::Deployment::default(),
            topics: BTreeMap::new(),
            alerts: Vec::new(),
            identities: BTreeMap::new(),
            templates: BTreeMap::new(),
            mails: Vec::new(),
            reports: Vec::new(),
            events: Vec::new(),
            lookups: BTreeMap::new(),
            canaries: Vec::new(),
            outbox: Vec::new(),
        }
    }

    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }

    pub(crate) fn store(&mut self, account: &str, region: &str) -> &mut SecretStore {
        self.stores.entry((account.to_owned(), region.to_owned())).or_default()
    }
}

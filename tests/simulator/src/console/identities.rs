//! Users, keys, roles and credentials.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::world::identity::KeyUse;
use crate::{KeyPair, Simulator};

/// An access key as it is, without any lag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// `AKIA…`.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Active or Inactive.
    pub active: bool,
    /// CreateDate.
    pub created: SystemTime,
    /// The last use there was, shown by AWS or not.
    pub last_used: Option<KeyUse>,
}

impl Simulator {
    /// The root pair of an account, which may do everything in it. `test`/`test` is another one,
    /// for the main account.
    #[must_use]
    pub fn root(&self, account: &str) -> KeyPair {
        let access_key_id = format!("AKIAROOT{account}");
        let secret = self.with(|state| state.world.root_secret(&access_key_id));
        KeyPair { secret_access_key: secret.unwrap_or_default(), access_key_id, session_token: None }
    }

    /// Temporary credentials of a role (made if missing), which may do everything in its account.
    /// They do not expire.
    #[must_use]
    pub fn role_session(&self, account: &str, role: &str) -> KeyPair {
        self.with(|state| {
            let now = state.clock.now();
            let session = "simulator-session";
            let (pair, _) = state.world.add_session(account, role, session, now, None);
            pair
        })
    }

    /// Makes a user, unless there is one of that name.
    pub fn create_user(&self, account: &str, name: &str) {
        self.with(|state| {
            let now = state.clock.now();
            state.world.add_user(account, name, "/", now);
        });
    }

    /// Has credential reports show another row for a user, as damaged ones do.
    pub fn set_report_row(&self, account: &str, name: &str, row: &str) {
        let lookup = crate::world::identity::lookup_name(name);
        self.with(|state| state.world.account(account).odd_rows.insert(lookup, row.to_owned()));
    }

    /// Deletes a user with all its keys.
    pub fn delete_user(&self, account: &str, name: &str) {
        for key in self.keys(account, name) {
            self.delete_access_key(&key.id);
        }
        self.with(|state| {
            let lookup = crate::world::identity::lookup_name(name);
            let account = state.world.account(account);
            account.groups.values_mut().for_each(|group| {
                group.members.remove(&lookup);
            });
            account.users.remove(&lookup);
        });
    }

    /// Sets a tag of a user.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn tag_user(&self, account: &str, name: &str, key: &str, value: &str) {
        self.with(|state| {
            let user = state.world.user(account, name);
            let user = user.unwrap_or_else(|| panic!("no user {name} in {account}"));
            user.tags.retain(|(existing, _)| existing != key);
            user.tags.push((key.to_owned(), value.to_owned()));
        });
    }

    /// Takes a tag off a user.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn untag_user(&self, account: &str, name: &str, key: &str) {
        self.with(|state| {
            let user = state.world.user(account, name);
            let user = user.unwrap_or_else(|| panic!("no user {name} in {account}"));
            user.tags.retain(|(existing, _)| existing != key);
        });
    }

    /// A user's tags; none if there is no such user.
    #[must_use]
    pub fn user_tags(&self, account: &str, name: &str) -> BTreeMap<String, String> {
        self.with(|state| state.world.user(account, name).map(|user| user.tags.iter().cloned().collect()))
            .unwrap_or_default()
    }

    /// Makes an access key that works at once. The limit of two is not enforced here.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn create_access_key(&self, account: &str, user: &str) -> KeyPair {
        let now = self.now();
        self.create_access_key_at(account, user, now)
    }

    /// Makes an access key that was created at that time.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn create_access_key_at(&self, account: &str, user: &str, created: SystemTime) -> KeyPair {
        self.with(|state| {
            let key = state.world.add_key(account, user, created, None);
            let key = key.unwrap_or_else(|| panic!("no user {user} in {account}"));
            if let Some(user) = state.world.user(account, user) {
                user.settle();
            }
            KeyPair { access_key_id: key.id, secret_access_key: key.secret, session_token: None }
        })
    }

    /// Activates or deactivates a key.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn set_key_status(&self, key_id: &str, active: bool) {
        self.with(|state| {
            let now = state.clock.now();
            let owner = state.world.key_owners.get(key_id).cloned();
            let (account, user) = owner.unwrap_or_else(|| panic!("no access key {key_id}"));
            state.world.set_key_active(key_id, active, now);
            if let Some(user) = state.world.user(&account, &user) {
                user.settle();
            }
        });
    }

    /// Deletes a key.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn delete_access_key(&self, key_id: &str) {
        self.with(|state| {
            let now = state.clock.now();
            let owner = state.world.key_owners.get(key_id).cloned();
            let (account, user) = owner.unwrap_or_else(|| panic!("no access key {key_id}"));
            state.world.remove_key(key_id, now);
            if let Some(user) = state.world.user(&account, &user) {
                user.settle();
            }
        });
    }

    /// Uses a key now, as an application would. `GetAccessKeyLastUsed` shows it after its lag.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn use_key(&self, key_id: &str, service: &str, region: &str) {
        let now = self.now();
        self.use_key_at(key_id, service, region, now);
    }

    /// Uses a key at that time, which must not be before its last use.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn use_key_at(&self, key_id: &str, service: &str, region: &str, at: SystemTime) {
        self.with(|state| {
            let lag = state.options.last_used_lag;
            let key = state.world.key_mut(key_id);
            let key = key.unwrap_or_else(|| panic!("no access key {key_id}"));
            key.uses.record(at, lag, service, region);
        });
    }

    /// The keys of a user, oldest first; empty if there is no such user.
    #[must_use]
    pub fn keys(&self, account: &str, user: &str) -> Vec<KeyView> {
        self.with(|state| {
            let user = state.world.user(account, user);
            user.map(|user| user.keys.iter())
                .into_iter()
                .flatten()
                .map(|key| KeyView {
                    id: key.id.clone(),
                    secret: key.secret.clone(),
                    active: key.active,
                    created: key.created,
                    last_used: key.uses.last().cloned(),
                })
                .collect()
        })
    }

    /// Whether STS in the main region would accept the pair now.
    #[must_use]
    pub fn key_works(&self, key_id: &str, secret: &str) -> bool {
        let region = self.options().region;
        self.key_works_in(key_id, secret, &region)
    }

    /// Whether STS in that region would accept the pair now.
    #[must_use]
    pub fn key_works_in(&self, key_id: &str, secret: &str, region: &str) -> bool {
        self.with(|state| {
            let now = state.clock.now();
            let propagation = state.options.propagation_in(region);
            let revocation = state.options.revocation;
            if let Some(key) = state.world.key_mut(key_id) {
                let mut key = key.clone();
                return key.secret == secret && key.is_usable(now, propagation, revocation, false);
            }
            let deleted = state.world.deleted_keys.get(key_id);
            deleted.is_some_and(|deleted| {
                deleted.key.secret == secret && deleted.key.active && now < deleted.at + revocation
            })
        })
    }

    /// Gives the account an alias, in place of the one that it has.
    pub fn set_account_alias(&self, account: &str, alias: &str) {
        self.with(|state| state.world.account(account).alias = Some(alias.to_owned()));
    }

    /// Makes a role, or replaces its trust: ARNs, account numbers or `*`.
    pub fn create_role(&self, account: &str, role: &str, trust: Vec<String>, external_id: Option<String>) {
        self.with(|state| {
            let now = state.clock.now();
            let role = state.world.role(account, role, now);
            role.trust = trust;
            role.external_id = external_id;
        });
    }

    /// Every secret access key, session token and RotationToken that was ever handed out: none of
    /// these may appear in a log.
    #[must_use]
    pub fn canaries(&self) -> Vec<String> {
        self.with(|state| state.world.canaries.clone())
    }
}

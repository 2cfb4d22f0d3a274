//! Who holds which key: users, access keys, roles and sessions in the world.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use crate::KeyPair;
use crate::world::World;
use crate::world::identity::{AccessKey, DeletedKey, Group, Role, Session, User, Uses, lookup_name};

/// How many deleted keys and expired sessions may pile up before those are forgotten that are over
/// for longer than `REMEMBERED`.
const MOST_REMEMBERED: usize = 10_000;
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

impl World {
    /// The account whose root pair this is: `test`, or `AKIAROOT` and the account's number.
    pub(crate) fn root_account(&self, access_key_id: &str) -> Option<String> {
        if access_key_id == "test" {
            return Some(self.main_account.clone());
        }
        let account = access_key_id.strip_prefix("AKIAROOT")?;
        let is_number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| account.to_owned())
    }

    pub(crate) fn root_secret(&self, access_key_id: &str) -> Option<String> {
        if access_key_id == "test" {
            return Some("test".to_owned());
        }
        let account = self.root_account(access_key_id)?;
        Some(format!("root/of/the/simulated/account/{account:0>9}"))
    }

    /// An existing access key by its id.
    /// Makes a user's keys those of its new name.
    pub(crate) fn rename_owner(&mut self, account: &str, old: &str, new: &str) {
        let owners = self.key_owners.values_mut();
        for (_, user) in owners.filter(|(of, user)| of == account && user == old) {
            new.clone_into(user);
        }
    }

    pub(crate) fn key_mut(&mut self, id: &str) -> Option<&mut AccessKey> {
        let (account, user) = self.key_owners.get(id)?;
        self.accounts.get_mut(account)?.users.get_mut(user)?.key_mut(id)
    }

    /// Makes a user; `None` if the name is taken.
    pub(crate) fn add_user(
        &mut self,
        account: &str,
        name: &str,
        path: &str,
        now: SystemTime,
    ) -> Option<&mut User> {
        let id = self.ids.iam("AIDA");
        let users = &mut self.account(account).users;
        let lookup = lookup_name(name);
        if users.contains_key(&lookup) {
            return None;
        }
        let user = User {
            name: name.to_owned(),
            path: path.to_owned(),
            id,
            arn: format!("arn:aws:iam::{account}:user{path}{name}"),
            created: now,
            tags: Vec::new(),
            password_changed: None,
            keys: Vec::new(),
            history: VecDeque::new(),
        };
        Some(users.entry(lookup).or_insert(user))
    }

    /// Makes a group; `None` if the name is taken.
    pub(crate) fn add_group(
        &mut self,
        account: &str,
        name: &str,
        path: &str,
        now: SystemTime,
    ) -> Option<&mut Group> {
        let id = self.ids.iam("AGPA");
        let groups = &mut self.account(account).groups;
        let lookup = lookup_name(name);
        if groups.contains_key(&lookup) {
            return None;
        }
        let group = Group {
            name: name.to_owned(),
            path: path.to_owned(),
            id,
            arn: format!("arn:aws:iam::{account}:group{path}{name}"),
            created: now,
            members: BTreeSet::new(),
        };
        Some(groups.entry(lookup).or_insert(group))
    }

    pub(crate) fn group(&mut self, account: &str, name: &str) -> Option<&mut Group> {
        self.accounts.get_mut(account)?.groups.get_mut(&lookup_name(name))
    }

    pub(crate) fn user(&mut self, account: &str, name: &str) -> Option<&mut User> {
        self.accounts.get_mut(account)?.users.get_mut(&lookup_name(name))
    }

    /// Makes an access key for an existing user, whatever the limit.
    pub(crate) fn add_key(
        &mut self,
        account: &str,
        user: &str,
        created: SystemTime,
        propagates_from: Option<SystemTime>,
    ) -> Option<AccessKey> {
        let slot = self.user(account, user)?.free_slot();
        let key = AccessKey {
            id: self.ids.iam("AKIA"),
            secret: self.ids.secret_key(),
            active: true,
            created,
            changed: None,
            slot,
            propagates_from,
            deactivated: None,
            early_calls: 0,
            uses: Uses::default(),
        };
        self.user(account, user)?.keys.push(key.clone());
        self.canaries.push(key.secret.clone());
        self.key_owners.insert(key.id.clone(), (account.to_owned(), lookup_name(user)));
        Some(key)
    }

    /// Sets a key's status; `false` if there is no such key.
    pub(crate) fn set_key_active(&mut self, id: &str, active: bool, now: SystemTime) -> bool {
        let Some(key) = self.key_mut(id) else {
            return false;
        };
        if key.active && !active {
            key.deactivated = Some(now);
        }
        if key.active != active {
            key.changed = Some(now);
        }
        key.active = active;
        true
    }

    /// Deletes a key; `false` if there is no such key.
    pub(crate) fn remove_key(&mut self, id: &str, now: SystemTime) -> bool {
        let Some((account, user)) = self.key_owners.remove(id) else {
            return false;
        };
        let Some(owner) = self.user(&account, &user) else {
            return false;
        };
        let Some(index) = owner.keys.iter().position(|key| key.id == id) else {
            return false;
        };
        let key = owner.keys.remove(index);
        if self.deleted_keys.len() > MOST_REMEMBERED {
            self.deleted_keys.retain(|_, deleted| now < deleted.at + REMEMBERED);
        }
        self.deleted_keys.insert(id.to_owned(), DeletedKey { key, account, user, at: now });
        true
    }

    /// A role by name, made if missing (trusting nobody).
    pub(crate) fn role(&mut self, account: &str, name: &str, now: SystemTime) -> &mut Role {
        if !self.account(account).roles.contains_key(name) {
            let id = self.ids.iam("AROA");
            let role = Role {
                name: name.to_owned(),
                id,
                arn: format!("arn:aws:iam::{account}:role/{name}"),
                created: now,
                trust: Vec::new(),
                external_id: None,
                document: String::new(),
            };
            self.account(account).roles.insert(name.to_owned(), role);
        }
        self.account(account).roles.get_mut(name).expect("the role was inserted above")
    }

    /// Temporary credentials of a role.
    pub(crate) fn add_session(
        &mut self,
        account: &str,
        role: &str,
        name: &str,
        now: SystemTime,
        expires: Option<SystemTime>,
    ) -> (KeyPair, String) {
        let role_id = self.role(account, role, now).id.clone();
        let pair = KeyPair {
            access_key_id: self.ids.iam("ASIA"),
            secret_access_key: self.ids.secret_key(),
            session_token: Some(self.ids.session_token()),
        };
        let token = pair.session_token.clone().unwrap_or_default();
        self.canaries.push(pair.secret_access_key.clone());
        self.canaries.push(token.clone());
        if self.sessions.len() > MOST_REMEMBERED {
            self.sessions.retain(|_, session| session.expires.is_none_or(|at| now < at + REMEMBERED));
        }
        self.sessions.insert(
            pair.access_key_id.clone(),
            Session {
                secret: pair.secret_access_key.clone(),
                token,
                account: account.to_owned(),
                role: role.to_owned(),
                role_id: role_id.clone(),
                name: name.to_owned(),
                expires,
            },
        );
        (pair, role_id)
    }
}

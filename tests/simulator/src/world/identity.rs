//! Accounts, users, access keys, roles and temporary credentials.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

/// How many uses may wait for their lag before the middle ones are forgotten.
const PENDING_USES: usize = 1_000;

/// One AWS account: users and groups by lower-case name, roles by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<String, Group>,
    pub roles: BTreeMap<String, Role>,
    /// What the account is called beside its number.
    pub alias: Option<String>,
    /// The newest credential report, finished or not.
    pub report: Option<CredentialReport>,
    /// Rows that credential reports show in the place of the users' own, by lower-case name.
    pub odd_rows: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: String,
    pub path: String,
    pub id: String,
    pub arn: String,
    pub created: SystemTime,
    /// Users by lower-case name.
    pub members: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct CredentialReport {
    /// When it is, or was, finished.
    pub generated: SystemTime,
    pub content: String,
}

/// User names are "not distinguished by case" (CreateUser).
pub(crate) fn lookup_name(name: &str) -> String {
    name.to_lowercase()
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub name: String,
    pub path: String,
    pub id: String,
    pub arn: String,
    pub created: SystemTime,
    pub tags: Vec<(String, String)>,
    /// When the console password was set, if there is one.
    pub password_changed: Option<SystemTime>,
    pub keys: Vec<AccessKey>,
    /// What ListAccessKeys would have answered, and since when.
    pub history: VecDeque<(SystemTime, Vec<KeyListing>)>,
}

/// A row of ListAccessKeys.
#[derive(Clone, Debug)]
pub(crate) struct KeyListing {
    pub id: String,
    pub active: bool,
    pub created: SystemTime,
}

#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    pub id: String,
    pub secret: String,
    pub active: bool,
    pub created: SystemTime,
    /// When its status last changed.
    pub changed: Option<SystemTime>,
    /// Which of the user's places for keys it has, from 1, for as long as it exists.
    pub slot: usize,
    /// When it starts to propagate; `None` for keys of the console, which work at once.
    pub propagates_from: Option<SystemTime>,
    pub deactivated: Option<SystemTime>,
    /// Calls met while propagating.
    pub early_calls: u32,
    pub uses: Uses,
}

/// When a key was used, as far as GetAccessKeyLastUsed shows it and beyond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    settled: Option<KeyUse>,
    pending: VecDeque<KeyUse>,
}

/// One use of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When.
    pub at: SystemTime,
    /// Of which service.
    pub service: String,
    /// In which region.
    pub region: String,
}

impl Uses {
    /// Notes a use. What any reader may know by now is kept as one: the rest would only take room.
    pub(crate) fn record(&mut self, at: SystemTime, lag: Duration, service: &str, region: &str) {
        self.visible(at, lag);
        if self.pending.len() >= PENDING_USES {
            self.pending.remove(PENDING_USES / 2);
        }
        self.pending.push_back(KeyUse { at, service: service.to_owned(), region: region.to_owned() });
    }

    /// The last use that is at least `lag` old.
    pub(crate) fn visible(&mut self, now: SystemTime, lag: Duration) -> Option<&KeyUse> {
        while self.pending.front().is_some_and(|use_| use_.at + lag <= now) {
            self.settled = self.pending.pop_front();
        }
        self.settled.as_ref()
    }

    /// The last use there was.
    pub(crate) fn last(&self) -> Option<&KeyUse> {
        self.pending.back().or(self.settled.as_ref())
    }
}

/// A key after DeleteAccessKey: it may still work for the revocation delay.
#[derive(Clone, Debug)]
pub(crate) struct DeletedKey {
    pub key: AccessKey,
    pub account: String,
    pub user: String,
    pub at: SystemTime,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub name: String,
    pub id: String,
    pub arn: String,
    pub created: SystemTime,
    pub trust: Vec<String>,
    pub external_id: Option<String>,
    /// The document as given to CreateRole.
    pub document: String,
}

/// Temporary credentials of an assumed role.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub secret: String,
    pub token: String,
    pub account: String,
    pub role: String,
    pub role_id: String,
    pub name: String,
    pub expires: Option<SystemTime>,
}

impl User {
    pub(crate) fn listing(&self) -> Vec<KeyListing> {
        self.keys
            .iter()
            .map(|key| KeyListing { id: key.id.clone(), active: key.active, created: key.created })
            .collect()
    }

    /// Notes the present keys for readers that lag behind.
    pub(crate) fn record(&mut self, now: SystemTime, lag: Duration) {
        let listing = self.listing();
        self.history.push_back((now, listing));
        self.forget_before(now, lag);
    }

    fn forget_before(&mut self, now: SystemTime, lag: Duration) {
        while self.history.get(1).is_some_and(|(at, _)| *at + lag <= now) {
            self.history.pop_front();
        }
    }

    /// The lowest place for a key that is free.
    pub(crate) fn free_slot(&self) -> usize {
        (1..).find(|slot| self.keys.iter().all(|key| key.slot != *slot)).unwrap_or(1)
    }

    /// Lets even the most lagging reader see the present keys.
    pub(crate) fn settle(&mut self) {
        let listing = self.listing();
        self.history.clear();
        self.history.push_back((SystemTime::UNIX_EPOCH, listing));
    }

    /// The keys as they were `lag` ago.
    pub(crate) fn listing_before(&mut self, now: SystemTime, lag: Duration) -> Vec<KeyListing> {
        if lag.is_zero() {
            return self.listing();
        }
        self.forget_before(now, lag);
        match self.history.front() {
            Some((at, listing)) if *at + lag <= now => listing.clone(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn key_mut(&mut self, id: &str) -> Option<&mut AccessKey> {
        self.keys.iter_mut().find(|key| key.id == id)
    }
}

impl AccessKey {
    /// Whether AWS would accept the key now in a region with this propagation and revocation delay.
    /// A flaky region accepts every other call while the key propagates.
    pub(crate) fn is_usable(
        &mut self,
        now: SystemTime,
        propagation: Duration,
        revocation: Duration,
        flaky: bool,
    ) -> bool {
        if !self.active && self.deactivated.is_none_or(|at| at + revocation <= now) {
            return false;
        }
        let early = self.propagates_from.is_some_and(|from| now < from + propagation);
        if early {
            self.early_calls += 1;
            return flaky && self.early_calls % 2 == 1;
        }
        true
    }
}

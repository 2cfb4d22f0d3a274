//! What may never be seen, whatever the settings were and are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use iam_key_rotator::model::{AccessKey, AccessKeyId, Intent, KeyStatus};
use serde_json::Value;
use simulator::{CallInfo, KeyView, SecretView, Simulator};

use super::stacks::{Settings, Stack};
use super::{ACCOUNT, EXEMPT_TAG, USER_TAG, secrets};
use crate::stage::{days, hours};

/// A key that was used so lately is in use.
const IN_USE: Duration = Duration::from_secs(34 * 24 * 60 * 60);
/// A use that last-used data may not show yet.
const UNSEEN: Duration = Duration::from_secs(4 * 60 * 60);
/// How much earlier than its time a sweep may delete a key whose deactivation it did not see.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of the world, to tell who did what and whether it was right.
pub(super) struct Watch {
    sim: Simulator,
    pub(super) stacks: Vec<Stack>,
    pub(super) denied: BTreeSet<&'static str>,
    pub(super) group: BTreeSet<&'static str>,
    users: Vec<&'static str>,
    keys: BTreeMap<&'static str, Vec<KeyView>>,
    /// The key in AWSCURRENT, by secret.
    current: BTreeMap<String, String>,
    /// Superseded keys, and since when each is.
    pub(super) superseded: BTreeMap<String, SystemTime>,
    inactive: BTreeMap<String, SystemTime>,
    /// Keys that no rotation made.
    pub(super) by_hand: BTreeSet<String>,
    /// Calls that may have changed something since nothing was under way; each takes effect after its hook.
    calls: Vec<CallInfo>,
    pub(super) wrongs: Vec<String>,
}

impl Watch {
    pub(super) fn new(sim: Simulator, users: Vec<&'static str>) -> Self {
        Self {
            sim,
            stacks: Vec::new(),
            denied: BTreeSet::new(),
            group: BTreeSet::new(),
            users,
            keys: BTreeMap::new(),
            current: BTreeMap::new(),
            superseded: BTreeMap::new(),
            inactive: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            calls: Vec::new(),
            wrongs: Vec::new(),
        }
    }

    /// A call is about to take effect; whatever came before it has.
    pub(super) fn call(&mut self, call: &CallInfo) {
        if !self.calls.is_empty() {
            self.look();
        }
        let changes = ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "UpdateSecretVersionStage"];
        if changes.contains(&call.operation.as_str()) {
            self.calls.push(call.clone());
        }
    }

    /// Takes the world as it is: an administrator has changed it.
    pub(super) fn accept(&mut self) {
        self.calls.clear();
        self.note(true);
    }

    /// Compares the world with what it was, and judges what was done to each key.
    pub(super) fn look(&mut self) {
        let calls = self.calls.clone();
        self.note_currents(false);
        for user in self.users.clone() {
            let (before, now) = (self.known(user), self.sim.keys(ACCOUNT, user));
            let call = calls.iter().rev().find(|call| call.target.as_deref() == Some(user));
            for key in &before {
                let after = now.iter().find(|known| known.id == key.id);
                if after.is_none_or(|after| key.active && !after.active) {
                    self.judge_loss(user, key, after.is_none(), &now, call);
                }
            }
            if now.iter().any(|key| !before.iter().any(|known| known.id == key.id)) {
                self.judge_new(user, call);
            }
        }
        self.note(false);
    }

    fn known(&self, user: &'static str) -> Vec<KeyView> {
        self.keys.get(user).cloned().unwrap_or_default()
    }

    fn judge_new(&mut self, user: &'static str, call: Option<&CallInfo>) {
        let Some((stack, sweep)) = call.and_then(|call| self.maker(call)) else {
            return self.wrongs.push(format!("{user} got a key from nobody"));
        };
        if sweep || self.is_exempt(user, &stack.settings) || self.denied.contains(user) {
            self.wrongs.push(format!("{user} got a key, by the sweep or although it was to be left alone"));
        }
    }

    /// A key went inactive or was deleted.
    fn judge_loss(
        &mut self,
        user: &'static str,
        key: &KeyView,
        deleted: bool,
        left: &[KeyView],
        call: Option<&CallInfo>,
    ) {
        let id = &key.id;
        let Some((stack, sweep)) = call.and_then(|call| self.maker(call)) else {
            return self.wrongs.push(format!("{id} of {user} was lost to nobody"));
        };
        let (settings, now) = (stack.settings.clone(), self.sim.now());
        let mut problems: Vec<String> = Vec::new();
        let mut wrong = |is: bool, what: &str| problems.extend(is.then(|| what.to_owned()));
        wrong(key.active && !left.iter().any(|other| other.active), "it was the only key that worked");
        wrong(self.current.values().any(|current| current == id), "it is AWSCURRENT's");
        wrong(self.is_exempt(user, &settings), "the user is exempt");
        wrong(sweep && !self.is_in_sweeps_scope(user, &stack), "the user is out of the sweep's scope");
        problems.extend(self.judge_time(user, key, deleted, sweep, &settings, now));
        let who = if sweep { "a sweep" } else { "the rotation function" };
        let how = if deleted { "deleted" } else { "deactivated" };
        let told = problems.into_iter().map(|problem| format!("{who} {how} {id} of {user}: {problem}"));
        self.wrongs.extend(told);
    }

    /// Whether a key's time had come under the settings of now.
    fn judge_time(
        &self,
        user: &str,
        key: &KeyView,
        deleted: bool,
        sweep: bool,
        settings: &Settings,
        now: SystemTime,
    ) -> Option<String> {
        let of = |name: &str, default: &str| parse(settings.get(name).copied().unwrap_or(default));
        let (overlap, recovery) = (of("ROTATOR_OVERLAP", "24h"), of("ROTATOR_RECOVERY", "7d"));
        let since = |time: SystemTime| now.duration_since(time).unwrap_or_default();
        if !key.active {
            let inactive = self.inactive.get(&key.id).map_or(Duration::ZERO, |time| since(*time));
            let early = deleted && sweep && inactive + GRACE < recovery;
            return early.then(|| format!("it was inactive for {inactive:?} and {user} has {recovery:?}"));
        }
        let Some(superseded) = self.superseded.get(&key.id) else {
            let policy = settings.get("ROTATOR_UNKNOWN_KEYS").copied().unwrap_or("delete-inactive");
            let stranger = self.by_hand.contains(&key.id) && policy != "delete-oldest";
            return stranger.then(|| "it was made by hand and active".to_owned());
        };
        if since(*superseded) < overlap {
            return Some(format!(
                "it was superseded {:?} ago, and the overlap is {overlap:?}",
                since(*superseded)
            ));
        }
        let waits = settings.get("ROTATOR_IN_USE") != Some(&"deactivate") && !overlap.is_zero();
        let used = key.last_used.as_ref().map(|used| used.at).filter(|used| used > superseded)?;
        let in_use = waits && since(used) < IN_USE && since(used) > UNSEEN;
        in_use.then(|| format!("it was used {:?} ago", since(used)))
    }

    fn maker(&self, call: &CallInfo) -> Option<(Stack, bool)> {
        self.stacks.iter().find_map(|stack| Some((stack.clone(), stack.made(&call.caller)?)))
    }

    pub(super) fn is_exempt(&self, user: &str, settings: &Settings) -> bool {
        let named = settings
            .get("ROTATOR_EXEMPT_USERS")
            .is_some_and(|names| names.split(',').any(|name| name == user));
        named || self.group.contains(user) || self.sim.user_tags(ACCOUNT, user).contains_key(EXEMPT_TAG)
    }

    /// Whether a sweep of the stack may take a key of the user away.
    pub(super) fn is_in_sweeps_scope(&self, user: &str, stack: &Stack) -> bool {
        if stack.settings.get("ROTATOR_MODE") == Some(&"audit") {
            return false;
        }
        let own: Vec<SecretView> = secrets(&self.sim, user);
        let enrolled = own.iter().any(|secret| secret.rotation_function.as_deref() == Some(stack.rotation()));
        match stack.settings.get("ROTATOR_SCOPE").copied().unwrap_or("enrolled") {
            "enrolled" => enrolled,
            "all" => enrolled || own.iter().all(|secret| secret.rotation_function.is_none()),
            list => own.iter().any(|secret| list.split(';').any(|name| name == secret.name)),
        }
    }

    fn note(&mut self, by_hand: bool) {
        let now = self.sim.now();
        for user in self.users.clone() {
            let keys = self.sim.keys(ACCOUNT, user);
            for key in &keys {
                match key.active {
                    true => drop(self.inactive.remove(&key.id)),
                    false => drop(self.inactive.entry(key.id.clone()).or_insert(now)),
                }
            }
            self.keys.insert(user, keys);
        }
        self.note_currents(by_hand);
    }

    /// Of a key from which AWSCURRENT was moved back by hand, the overlap began when it became current.
    fn note_currents(&mut self, by_hand: bool) {
        let now = self.sim.now();
        for user in self.users.clone() {
            for secret in secrets(&self.sim, user) {
                let since = if by_hand { secret.last_rotated.unwrap_or(now) } else { now };
                self.note_current(&secret, since);
            }
        }
    }

    fn note_current(&mut self, secret: &SecretView, since: SystemTime) {
        let Some((id, value)) = current_pair(secret) else { return };
        if !self.sim.key_works(&id, &value) {
            self.wrongs.push(format!("AWSCURRENT of {} holds {id}, which does not work", secret.name));
        }
        self.superseded.remove(&id);
        let old = self.current.insert(secret.arn.clone(), id.clone());
        // A secret's first key supersedes the one that its user was enrolled with, which a label names.
        let adopted = secret.versions.iter().flat_map(|version| &version.stages);
        let adopted = adopted.filter(|label| old.is_none() && label.starts_with("AKIA")).cloned();
        for old in adopted.chain(old.clone()).filter(|old| *old != id) {
            self.superseded.insert(old, since);
        }
    }

    /// Between two steps: no key is lost, and no user has two secrets.
    pub(super) fn check_at_rest(&mut self) {
        self.look();
        self.calls.clear();
        for user in self.users.clone() {
            let own = secrets(&self.sim, user);
            if own.len() > 1 {
                self.wrongs.push(format!("{user} has {} secrets", own.len()));
            }
            for key in self.known(user) {
                let held = own.iter().any(|secret| secret.stage(&key.id).is_some());
                if !held
                    && !self.by_hand.contains(&key.id)
                    && !own.iter().any(|secret| explains(secret, &key))
                {
                    self.wrongs.push(format!("{} of {user} is in no version and no record", key.id));
                }
            }
        }
    }
}

/// Whether the record that an attempt left explains a key.
fn explains(secret: &SecretView, key: &KeyView) -> bool {
    let intent = secret.tags.get("iam-key-rotator:intent").and_then(|tag| Intent::from_tag(tag));
    let key = AccessKey {
        id: AccessKeyId::new(key.id.as_str()),
        status: KeyStatus::Active,
        created: key.created.try_into().unwrap(),
        last_use: None,
    };
    intent.is_some_and(|intent| intent.explains(&key))
}

/// The pair in AWSCURRENT, in whichever of the shapes that the stories use; `None` while it waits for its first.
pub(super) fn current_pair(secret: &SecretView) -> Option<(String, String)> {
    let value: Value = serde_json::from_str(secret.stage("AWSCURRENT")?.text()?).unwrap();
    let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(*name)?.as_str().map(str::to_owned));
    let id = text(["AccessKeyId", "access_key_id"]).filter(|id| !id.is_empty())?;
    Some((id, text(["SecretAccessKey", "secret_access_key"])?))
}

fn parse(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.len() - usize::from(text != "0"));
    let number: u64 = number.parse().unwrap();
    match unit {
        "d" => days(number),
        "h" => hours(number),
        _ => Duration::ZERO,
    }
}

/// What binds a secret to its user.
pub(super) fn is_of(secret: &SecretView, user: &str) -> bool {
    secret.tags.get(USER_TAG).is_some_and(|tag| tag == user)
}

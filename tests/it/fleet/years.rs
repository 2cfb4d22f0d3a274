//! A year of daily sweeps, or as many as `YEARS` says, over three hundred users of all kinds.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::Value;
use simulator::{Fault, FaultKind};

use super::{Fleet, MAILS};
use crate::stage::{ACCOUNT, days, setting};

const OVERLAP: u64 = 5;
const MAX_AGE: u64 = 100;
/// A sweep a day and a rotation of some minutes: what comes on top of a bound counted in days.
const SLACK: u64 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Plain,
    Exempt,
    Idle,
    TwoKeys,
    Late,
    Meddled,
}

struct Years {
    fleet: Fleet,
    rng: Rng,
    users: BTreeMap<String, Kind>,
    /// Superseded keys, and the day since when each is.
    superseded: BTreeMap<String, u64>,
    /// The key in AWSCURRENT, by user.
    current: BTreeMap<String, String>,
    /// Whom the latest sweep found something about, and whether it left anybody out.
    found: BTreeSet<String>,
    left_out: bool,
    /// What users have read, and whether today it cannot be noted that they did.
    read: BTreeSet<(Vec<String>, String)>,
    forgetful: bool,
    mails: usize,
}

impl Years {
    fn begin(seed: u64) -> Self {
        let settings = [
            ("ROTATOR_SCOPE", "all"),
            ("ROTATOR_OVERLAP", "5d"),
            ("ROTATOR_RECOVERY", "5d"),
            ("ROTATOR_MAX_AGE", "100d"),
        ];
        let fleet = Fleet::new(&[settings.as_slice(), &MAILS].concat());
        let mut rng = Rng::with_seed(seed);
        let mut users = BTreeMap::new();
        fleet.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
        for nth in 0..150_u32 {
            let kind = match nth % 30 {
                0 => Kind::Exempt,
                1 => Kind::Idle,
                2 => Kind::TwoKeys,
                3 | 4 => Kind::Late,
                5 | 6 => Kind::Meddled,
                _ => Kind::Plain,
            };
            let name = format!("{kind:?}-{nth:03}").to_lowercase();
            let key = fleet.user(&name, rng.u64(0..200));
            match kind {
                Kind::Exempt => fleet.sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", &name),
                Kind::Idle => fleet.sim.set_key_status(&key.access_key_id, false),
                Kind::TwoKeys => drop(fleet.key(&name, rng.u64(0..200))),
                _ => {}
            }
            users.insert(name, kind);
        }
        Self {
            fleet,
            rng,
            users,
            superseded: BTreeMap::new(),
            current: BTreeMap::new(),
            found: BTreeSet::new(),
            left_out: false,
            read: BTreeSet::new(),
            forgetful: false,
            mails: 0,
        }
    }

    async fn day(&mut self, today: u64) {
        self.use_keys(today);
        if self.rng.u8(0..4) == 0 {
            self.meddle();
        }
        self.forgetful = false;
        let fault = self.fault();
        self.fleet.sim.advance(days(1));
        self.fleet.sim.run_due_rotations().await;
        let answer = self.fleet.send(serde_json::json!({})).await;
        self.fleet.sim.clear_faults();
        match answer {
            Ok(answer) => {
                let found = answer["found"].as_array().unwrap().iter();
                self.found = found
                    .filter_map(Value::as_str)
                    .map(|line| line.split(':').next().unwrap().into())
                    .collect();
                self.left_out = answer["failures"].as_u64().unwrap() > 0;
                self.check_ages(&answer, today);
            }
            Err(error) => {
                assert!(fault, "day {today}: {error:?}");
                self.left_out = true;
            }
        }
        self.check_keys(today);
        self.check_mails();
    }

    /// Everybody uses the key of AWSCURRENT; late users go on using the old one for a while.
    fn use_keys(&mut self, today: u64) {
        for (user, current) in &self.current {
            for (key, _) in self.fleet.keys(user).into_iter().filter(|(_, active)| *active) {
                let late = self.users[user] == Kind::Late
                    && self.superseded.get(&key).is_some_and(|since| today < since + 15);
                if key == *current || late {
                    self.fleet.sim.use_key(&key, "s3", "eu-west-1");
                }
            }
        }
    }

    /// An administrator does something to a key by hand.
    fn meddle(&mut self) {
        let meddled: Vec<&String> =
            self.users.iter().filter(|(_, kind)| **kind == Kind::Meddled).map(|(name, _)| name).collect();
        let user = meddled[self.rng.usize(0..meddled.len())].clone();
        let keys = self.fleet.keys(&user);
        match (self.rng.u8(0..4), keys.first()) {
            (0, Some((key, active))) => self.fleet.sim.set_key_status(key, !active),
            (1, Some((key, _))) => self.fleet.sim.delete_access_key(key),
            (2, _) if keys.len() < 2 => drop(self.fleet.key(&user, 0)),
            _ => {
                if let Some((key, active)) = keys.last() {
                    self.fleet.sim.set_key_status(key, !active);
                }
            }
        }
    }

    /// One day in ten something is throttled, denied or broken for a while.
    fn fault(&mut self) -> bool {
        let operations = [
            "ListAccessKeys",
            "GetAccessKeyLastUsed",
            "GetGroup",
            "ListSecrets",
            "RotateSecret",
            "TagResource",
            "SendEmail",
            "CreateAccessKey",
            "PutSecretValue",
            "GetCredentialReport",
        ];
        if self.rng.u8(0..10) > 0 {
            return false;
        }
        let operation = operations[self.rng.usize(0..operations.len())];
        let kind = match self.rng.u8(0..3) {
            0 => FaultKind::Throttle,
            1 => FaultKind::Denied,
            _ => FaultKind::Error5xx,
        };
        let nth = if self.rng.bool() { 0 } else { self.rng.u32(1..40) };
        self.fleet.sim.add_fault(Fault::on(operation, nth, kind));
        self.forgetful = operation == "TagResource";
        true
    }

    /// Nobody's active key is too old unless a finding said so.
    ///
    /// The credential report dates a key by its last change. Of a user without a secret there is
    /// nothing else to go by, so a key that was switched off and on looks younger than it is.
    fn check_ages(&self, answer: &Value, today: u64) {
        let now = self.fleet.sim.now();
        for (user, kind) in &self.users {
            if *kind == Kind::Meddled && !self.current.contains_key(user) {
                continue;
            }
            let keys = self.fleet.sim.keys(ACCOUNT, user);
            let limit = days(MAX_AGE + SLACK);
            let old = keys.iter().any(|key| key.active && now.duration_since(key.created).unwrap() > limit);
            assert!(
                !old || self.found.contains(user) || self.left_out,
                "day {today}, {user}: {keys:#?} {answer}"
            );
        }
    }

    /// AWSCURRENT works, and a superseded key has its overlap and not much more.
    fn check_keys(&mut self, today: u64) {
        for arn in self.fleet.secrets() {
            let view = self.fleet.sim.secret(&arn);
            let value: Value =
                serde_json::from_str(view.stage("AWSCURRENT").unwrap().text().unwrap()).unwrap();
            let (id, secret) =
                (value["AccessKeyId"].as_str().unwrap(), value["SecretAccessKey"].as_str().unwrap());
            if id.is_empty() {
                continue;
            }
            let user = view.name.strip_prefix("iam-key/").unwrap_or(&view.name);
            let meddled = self.users[user] == Kind::Meddled;
            assert!(meddled || self.fleet.sim.key_works(id, secret), "day {today}: {} of {}", id, view.name);
            if let Some(old) = self.current.insert(view.name.clone(), id.to_owned())
                && old != id
            {
                self.superseded.insert(old, today);
            }
            for (key, active) in self.fleet.keys(&view.name) {
                let Some(since) = self.superseded.get(&key).copied().filter(|_| !meddled) else { continue };
                let age = today - since;
                assert!(active || age >= OVERLAP, "day {today}: {key} of {} after {age} days", view.name);
                let held = self.found.contains(&view.name) || self.left_out;
                assert!(
                    !active || held || age <= OVERLAP + 10,
                    "day {today}: {key} of {}, {age} days",
                    view.name
                );
            }
        }
    }

    /// Nobody reads the same words twice, but when it could not be noted that they had been said.
    fn check_mails(&mut self) {
        for mail in self.fleet.sim.mails_after(self.mails) {
            self.mails += 1;
            if mail.to.iter().any(|to| to.starts_with("admin@")) {
                continue;
            }
            let words = (mail.to.clone(), mail.text.unwrap_or_default());
            let first = self.forgetful || self.read.insert(words);
            assert!(first, "twice: {} to {:?}", mail.subject, mail.to);
        }
    }
}

async fn live_through(seed: u64, years: u64) {
    let mut life = Years::begin(seed);
    let (mut calls, mut visited) = (0, 0);
    for today in 0..years * 365 {
        life.fleet.sim.clear_journal();
        life.fleet.stage.log.clear();
        life.day(today).await;
        calls += life.fleet.sweep_calls().values().sum::<usize>();
        visited += life.fleet.sweep_calls().get("ListUserTags").copied().unwrap_or_default();
    }
    let sweeps = usize::try_from(years * 365).unwrap();
    // Lists: the report, the group, a few pages of secrets; a digest or an alert. Of each visit, what
    // is read, done and noted.
    assert!(calls < sweeps * 12 + visited * 8, "{calls} calls, {visited} visits");
    println!("seed {seed}: {calls} calls of {sweeps} sweeps, {visited} visits");
    for (user, kind) in &life.users {
        let keys = life.fleet.keys(user);
        match kind {
            Kind::Plain => assert!((1..=2).contains(&keys.len()), "{user}: {keys:?}"),
            Kind::Idle => assert_eq!(keys.len(), 1, "{user}: never used, never replaced"),
            Kind::TwoKeys | Kind::Exempt => assert!(keys.iter().all(|(_, active)| *active), "{user}"),
            Kind::Late | Kind::Meddled => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn years_of_an_account() {
    let (seeds, years) = (setting("LIVES").unwrap_or(1), setting("YEARS").unwrap_or(1));
    for seed in 0..seeds {
        live_through(seed, years).await;
    }
}

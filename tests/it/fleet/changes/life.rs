//! An account in which days pass, people use their keys, and somebody changes things.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, Options, SecretView, Simulator};

use super::change::Handover;
use super::stacks::Stack;
use super::watch::{Watch, current_pair};
use super::{ACCOUNT, EXEMPT_GROUP, secrets};
use crate::fleet::Fleet;
use crate::stage::{days, hours};

/// How long a late user goes on using a superseded key.
const LATE: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// What IAM refuses for a user who is out of the scope of the functions' roles.
const MUTATIONS: [&str; 3] = ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"];

pub(super) struct Life {
    /// The stage logs everything for tests that read it; here that would take most of the time.
    _quiet: tracing::subscriber::DefaultGuard,
    pub(super) fleet: Fleet,
    pub(super) users: Vec<&'static str>,
    /// Those who use a superseded key for a while.
    pub(super) late: Vec<&'static str>,
    watch: Arc<Mutex<Watch>>,
    began: SystemTime,
    pub(super) story: String,
    /// What the latest sweep of the newest stack found, by user.
    pub(super) found: BTreeMap<String, Vec<String>>,
}

impl Life {
    /// An account of these users, with these stacks.
    pub(super) fn new(options: Options, users: &[&'static str], stacks: Vec<Stack>) -> Self {
        let fleet = Fleet::with(Options { page_size: 1000, ..options }, &[]);
        fleet.sim.remove_function(crate::stage::FUNCTION);
        fleet.sim.remove_function(crate::fleet::SWEEP);
        let quiet = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
        fleet.sim.create_group(ACCOUNT, EXEMPT_GROUP);
        for user in users {
            fleet.sim.create_user(ACCOUNT, user);
        }
        stacks.iter().for_each(|stack| stack.deploy(&fleet.sim, &fleet.metrics));
        let mut watch = Watch::new(fleet.sim.clone(), users.to_vec());
        watch.stacks = stacks;
        let watch = Arc::new(Mutex::new(watch));
        let watching = watch.clone();
        fleet.sim.on_call(move |call| {
            watching.lock().unwrap().call(call);
            Box::pin(async {})
        });
        let began = fleet.sim.now();
        let (users, found) = (users.to_vec(), BTreeMap::new());
        Self { _quiet: quiet, fleet, users, late: Vec::new(), watch, began, story: String::new(), found }
    }

    pub(super) fn sim(&self) -> &Simulator {
        &self.fleet.sim
    }

    pub(super) fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap()
    }

    pub(super) fn tell(&mut self, line: &str) {
        let at = self.fleet.sim.now().duration_since(self.began).unwrap_or_default().as_secs();
        let _ = writeln!(self.story, "day {:>3} {:>2}h {line}", at / 86_400, at % 86_400 / 3600);
    }

    pub(super) fn newest(&self) -> Stack {
        self.watch().stacks.last().unwrap().clone()
    }

    pub(super) fn set(&mut self, name: &'static str, value: &'static str) {
        let stack = {
            let mut watch = self.watch();
            let stack = watch.stacks.last_mut().unwrap();
            stack.settings.insert(name, value);
            stack.clone()
        };
        stack.deploy(&self.fleet.sim, &self.fleet.metrics);
    }

    pub(super) fn add_stack(&mut self) {
        let newest = self.newest();
        let stack = Stack::new(newest.nth() + 1, newest.settings.clone());
        stack.deploy(&self.fleet.sim, &self.fleet.metrics);
        self.watch().stacks.push(stack);
    }

    pub(super) fn remove_old_stacks(&mut self) {
        let (newest, mut old) = (self.newest(), std::mem::take(&mut self.watch().stacks));
        old.retain(|stack| stack.nth() != newest.nth());
        old.iter().for_each(|stack| stack.remove(&self.fleet.sim));
        self.watch().stacks = vec![newest];
    }

    /// RotateSecret with the newest function's ARN, as the operator who moves a secret calls it.
    pub(super) async fn hand_over(&mut self, handover: Handover) {
        let function = self.newest().rotation();
        let theirs: Vec<String> = self
            .all_secrets()
            .into_iter()
            .filter(|secret| secret.rotation_function.as_deref().is_some_and(|arn| arn != function))
            .map(|secret| secret.arn)
            .collect();
        let handed = match handover {
            Handover::All => theirs.len(),
            Handover::First => 1,
            Handover::None => 0,
        };
        for arn in theirs.into_iter().take(handed) {
            let request = json!({"SecretId": arn, "RotationLambdaARN": function});
            let root = self.fleet.sim.root(ACCOUNT);
            let answer = self.fleet.sim.call_as(&root, "secretsmanager", "RotateSecret", request).await;
            // A rotation that has not ended is taken up again, by the function that was just named.
            self.tell(&format!("handed over {arn}: {:?}", answer.map(drop)));
            self.fleet.settle().await;
            self.watch().check_at_rest();
        }
    }

    pub(super) fn exempt_by_group(&mut self, user: &'static str, member: bool) {
        if member {
            self.fleet.sim.add_to_group(ACCOUNT, EXEMPT_GROUP, user);
            self.watch().group.insert(user);
        } else {
            self.fleet.sim.remove_from_group(ACCOUNT, EXEMPT_GROUP, user);
            self.watch().group.remove(user);
        }
    }

    pub(super) fn deny(&mut self, user: &'static str, denied: bool) {
        match denied {
            true => self.watch().denied.insert(user),
            false => self.watch().denied.remove(user),
        };
        self.arm_denials();
    }

    /// Takes every fault away but the refusals of users who are out of scope.
    pub(super) fn arm_denials(&self) {
        self.fleet.sim.clear_faults();
        for user in self.watch().denied.clone() {
            for operation in MUTATIONS {
                let fault = Fault::on(operation, 0, FaultKind::Denied).about(user).by("stack-");
                self.fleet.sim.add_fault(fault);
            }
        }
    }

    pub(super) fn all_secrets(&self) -> Vec<SecretView> {
        self.fleet.secrets().into_iter().map(|arn| self.fleet.sim.secret(&arn)).collect()
    }

    pub(super) fn secret_of(&self, user: &str) -> Option<SecretView> {
        secrets(&self.fleet.sim, user).into_iter().next()
    }

    /// So many days pass; on the last of them people use their keys, Secrets Manager's schedules run and
    /// every stack sweeps.
    pub(super) async fn pass(&mut self, by: u64) {
        self.fleet.sim.clear_journal();
        self.fleet.sim.advance(days(by - 1) + hours(12));
        self.use_keys();
        self.fleet.sim.advance(hours(12));
        for report in self.fleet.sim.run_due_rotations().await {
            let error = report.error().map_or_else(String::new, ToString::to_string);
            self.tell(&format!("schedule: {} {} {error}", report.secret_arn, report.succeeded));
        }
        let stacks = self.watch().stacks.clone();
        for stack in stacks {
            let answer = self.fleet.sim.invoke(stack.sweep(), json!({})).await;
            self.fleet.settle().await;
            match answer {
                Ok(answer) => self.note_answer(stack.nth(), &answer),
                Err(error) => self.watch().wrongs.push(format!("sweep {}: {error}", stack.nth())),
            }
        }
        self.watch().check_at_rest();
    }

    fn note_answer(&mut self, nth: usize, answer: &Value) {
        let lines = |field: &str| -> Vec<String> {
            let lines = answer[field].as_array().into_iter().flatten();
            lines.filter_map(|line| line.as_str().map(str::to_owned)).collect()
        };
        for line in lines("plan") {
            self.tell(&format!("sweep {nth}: {line}"));
        }
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines("found") {
            let (user, what) = line.split_once(": ").unwrap();
            found.entry(user.to_owned()).or_default().push(what.to_owned());
        }
        if found != self.found {
            self.tell(&format!("sweep {nth} found {found:?}"));
        }
        self.found = found;
    }

    /// Everybody uses the key of AWSCURRENT, late users the one before it for a while; who has no secret uses
    /// every active key.
    fn use_keys(&self) {
        let now = self.fleet.sim.now();
        for user in &self.users {
            let secret = self.secret_of(user);
            let current = secret.as_ref().and_then(current_pair).map(|(id, _)| id);
            for key in self.fleet.sim.keys(ACCOUNT, user).into_iter().filter(|key| key.active) {
                let superseded = self.watch().superseded.get(&key.id).copied();
                let lately =
                    superseded.is_some_and(|since| now.duration_since(since).unwrap_or_default() < LATE);
                let late = self.late.contains(user) && lately;
                let reads = current.as_ref().is_none_or(|current| *current == key.id);
                if reads || late {
                    self.fleet.sim.use_key(&key.id, "s3", "eu-west-1");
                }
            }
        }
    }

    /// Deletes inactive keys of the user that are in no version, by hand.
    pub(super) fn delete_unneeded(&mut self, user: &'static str) {
        let secret = self.secret_of(user);
        for key in self.fleet.sim.keys(ACCOUNT, user).into_iter().filter(|key| !key.active) {
            if secret.as_ref().is_none_or(|secret| secret.stage(&key.id).is_none()) {
                self.tell(&format!("the operator deletes {} of {user}", key.id));
                self.fleet.sim.delete_access_key(&key.id);
            }
        }
        self.watch().accept();
    }

    /// What is wrong, with the story.
    pub(super) fn verdict(&self) -> Result<(), String> {
        let wrongs = &self.watch().wrongs;
        match wrongs.is_empty() {
            true => Ok(()),
            false => Err(format!("{}\n{wrongs:#?}", self.story)),
        }
    }
}

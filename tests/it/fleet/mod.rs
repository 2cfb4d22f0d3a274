//! An account with many users, both functions deployed in it.

mod bad_input;
mod calls;
mod changes;
mod coming_from;
mod continuation;
mod default;
mod defects;
mod enrollment;
mod exemptions;
mod exposed;
mod guarded;
mod leftovers;
mod lifecycle;
mod notices;
mod odd;
pub mod organization;
mod retirement;
mod rotation;
mod subjects;
mod triage;
mod years;

use std::sync::Arc;
use std::time::Duration;

use iam_key_rotator::aws::Aws;
use iam_key_rotator::config::SweepConfig;
use iam_key_rotator::event::Invocation;
use iam_key_rotator::lambda::Function as _;
use iam_key_rotator::sweep::Sweeper;
use iam_key_rotator::telemetry::Metrics;
use serde_json::{Value, json};
use simulator::{FunctionError, KeyPair, Options, SecretView, Simulator};
use tokio::time::Instant;

use crate::stage::{ACCOUNT, FUNCTION, Lines, Stage, TOPIC, days, owned, sdk_config, set_up};

pub const SWEEP: &str = "arn:aws:lambda:eu-west-1:111122223333:function:sweep";
/// What most tests run with: act, on whoever has a secret.
pub const ENFORCE: [(&str, &str); 3] = [
    ("ROTATOR_MODE", "enforce"),
    ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION),
    ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
];
pub const MAILS: [(&str, &str); 3] = [
    ("ROTATOR_EMAIL_FROM", "keys@example.com"),
    ("ROTATOR_EMAIL_DOMAIN", "example.com"),
    ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
];

/// A simulated AWS with both functions deployed in it, and no user but the stage's own.
pub struct Fleet {
    pub stage: Stage,
    pub sim: Simulator,
    pub metrics: Lines,
}

impl Fleet {
    /// With these settings beside [`ENFORCE`], which they may override.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        Self::with(Options { page_size: 1000, ..Options::default() }, settings)
    }

    pub fn with(options: Options, settings: &[(&str, &str)]) -> Self {
        let options = Options { function_timeout: Duration::from_secs(900), ..options };
        let stage = Stage::new(options, &[]);
        stage.sim.delete_user(ACCOUNT, crate::stage::USER);
        let sim = stage.sim.clone();
        let fleet = Self { stage, sim, metrics: Lines::default() };
        fleet.deploy(settings);
        fleet
    }

    /// Deploys both functions anew, with other settings.
    pub fn deploy(&self, settings: &[(&str, &str)]) {
        let mut all: Vec<(&str, &str)> =
            ENFORCE.into_iter().filter(|(name, _)| !settings.iter().any(|(set, _)| set == name)).collect();
        all.extend(settings);
        self.stage.deploy(&all);
        deploy_sweep(&self.sim, &all, &self.metrics);
    }

    /// One sweep, which must succeed, and the rotations that it asked for.
    pub async fn sweep(&self) -> Value {
        self.send(json!({})).await.unwrap_or_else(|error| panic!("{error:?}\n{}", self.stage.log.text()))
    }

    /// One event, and the rotations that it asked for.
    pub async fn send(&self, event: Value) -> Result<Value, FunctionError> {
        let answer = self.sim.invoke(SWEEP, event).await;
        self.settle().await;
        answer
    }

    /// Waits until all that was begun is over.
    pub async fn settle(&self) {
        self.sim.events_finished().await;
        for arn in self.secrets() {
            self.sim.rotation_finished(&arn).await;
        }
    }

    /// A day goes by: Secrets Manager's own schedules run, then the daily sweep.
    pub async fn day(&self) -> Value {
        self.sim.advance(days(1));
        self.sim.run_due_rotations().await;
        self.sweep().await
    }

    /// A user with a key that is this many days old.
    pub fn user(&self, name: &str, age: u64) -> KeyPair {
        self.sim.create_user(ACCOUNT, name);
        self.key(name, age)
    }

    pub fn key(&self, user: &str, age: u64) -> KeyPair {
        self.sim.create_access_key_at(ACCOUNT, user, self.sim.now() - days(age))
    }

    /// A user whose secret holds a key of this age, labelled as by a rotation, rotated by the
    /// function at the sweep's call.
    pub fn enrolled(&self, name: &str, age: u64) -> (KeyPair, String) {
        let key = self.user(name, age);
        let arn = self.holding(name, &key);
        (key, arn)
    }

    /// A secret of the user's that holds this key, with its label.
    pub fn holding(&self, name: &str, key: &KeyPair) -> String {
        self.holding_as(name, name, key)
    }

    /// The same, under a name of its own.
    pub fn holding_as(&self, secret: &str, user: &str, key: &KeyPair) -> String {
        let value = json!({"UserName": user, "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key});
        let tags = [("iam-key-rotator:user", user)];
        let arn = self.sim.create_secret(secret, Some(&value.to_string()), &tags);
        let version = self.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
        self.sim.set_label(&arn, &version, &key.access_key_id);
        self.sim.set_rotation(&arn, FUNCTION);
        arn
    }

    pub fn secrets(&self) -> Vec<String> {
        self.sim.secret_arns(ACCOUNT, crate::stage::REGION)
    }

    /// The secret of this name.
    pub fn secret(&self, name: &str) -> SecretView {
        let views = self.secrets().into_iter().map(|arn| self.sim.secret(&arn));
        let by_default = format!("iam-key/{name}");
        let is_named = |view: &SecretView| view.name == name || view.name == by_default;
        views.into_iter().find(is_named).unwrap_or_else(|| panic!("no secret {name}"))
    }

    /// The user's keys and whether they are active, oldest first.
    pub fn keys(&self, user: &str) -> Vec<(String, bool)> {
        let mut keys = self.sim.keys(ACCOUNT, user);
        keys.sort_by_key(|key| key.created);
        keys.into_iter().map(|key| (key.id, key.active)).collect()
    }

    /// The key in AWSCURRENT, which must work.
    pub fn working_key(&self, secret: &str) -> String {
        let view = self.secret(secret);
        let value: Value = serde_json::from_str(view.stage("AWSCURRENT").unwrap().text().unwrap()).unwrap();
        let text = |field: &str| value[field].as_str().unwrap().to_owned();
        let (id, key) = (text("AccessKeyId"), text("SecretAccessKey"));
        assert!(self.sim.key_works(&id, &key), "{id} does not work");
        id
    }

    /// The operations that the sweep called, with how often.
    pub fn sweep_calls(&self) -> std::collections::BTreeMap<String, usize> {
        let mut calls = std::collections::BTreeMap::new();
        for call in self.sim.journal() {
            if call.caller.contains("sweep-function") {
                *calls.entry(call.operation).or_default() += 1;
            }
        }
        calls
    }

    /// Subjects of the mails to an address.
    pub fn mails(&self, to: &str) -> Vec<String> {
        let mails = self.sim.mails().into_iter();
        mails.filter(|mail| mail.to.iter().any(|address| address == to)).map(|mail| mail.subject).collect()
    }

    /// The subjects of all alerts.
    pub fn alerts(&self) -> Vec<String> {
        self.sim.alerts().into_iter().filter_map(|alert| alert.subject).collect()
    }
}

/// Deploys the sweep with these settings.
pub fn deploy_sweep(sim: &Simulator, settings: &[(&str, &str)], metrics: &Lines) {
    deploy_sweep_as(sim, SWEEP, "sweep-function", settings, metrics);
}

/// Deploys a sweep of this ARN, under this role.
fn deploy_sweep_as(
    sim: &Simulator,
    function: &'static str,
    role: &str,
    settings: &[(&str, &str)],
    metrics: &Lines,
) {
    let settings = owned(settings);
    sim.set_up_function(function, set_up(&settings, role));
    let config = SweepConfig::from_variables(settings);
    let sink = metrics.clone();
    let metrics = Metrics::new(move |line| {
        let _ = std::io::Write::write_all(&mut sink.clone(), format!("{line}\n").as_bytes());
    });
    let role = sim.role_session(ACCOUNT, role);
    let sweeper = Arc::new(Sweeper::new(Aws::new(sdk_config(sim, &role)), config, metrics));
    let simulator = sim.clone();
    sim.add_function(function, move |event, invocation| {
        let (sweeper, sim) = (sweeper.clone(), simulator.clone());
        Box::pin(async move {
            let left = invocation.deadline.duration_since(sim.now()).unwrap_or_default();
            let invocation = Invocation {
                request_id: invocation.request_id,
                function_arn: function.to_owned(),
                deadline: Instant::now() + left,
            };
            sweeper.handle(event, invocation).await.map_err(|error| {
                let diagnostic = lambda_runtime::Diagnostic::from(error);
                FunctionError::answered(diagnostic.error_type, diagnostic.error_message)
            })
        })
    });
}

/// The plan's lines.
pub fn plan_of(answer: &Value) -> Vec<String> {
    answer["plan"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

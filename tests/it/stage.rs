//! One secret, one user, one rotation function: what most tests begin with.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use iam_key_rotator::aws::Aws;
use iam_key_rotator::config::Config;
use iam_key_rotator::event::Invocation;
use iam_key_rotator::lambda::Function as _;
use iam_key_rotator::rotation::Rotator;
use iam_key_rotator::telemetry::{Metrics, subscriber};
use serde_json::{Value, json};
use simulator::{FunctionError, FunctionSetup, KeyPair, Options, RotationReport, Simulator};
use tokio::time::Instant;

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-west-1";
pub const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:rotation";
pub const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alerts";
pub const USER: &str = "ci-bot";
pub const TAG: (&str, &str) = ("iam-key-rotator:user", USER);

/// Lines that something wrote.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Forgets what was written, as a story of years must.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// How much was written.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Forgets what was written after that much.
    pub fn truncate(&self, len: usize) {
        self.0.lock().unwrap().truncate(len);
    }

    pub fn json(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a process of the function begins with.
#[derive(Clone)]
struct Deployed {
    settings: Vec<(String, String)>,
    role: KeyPair,
}

/// A simulated AWS with the rotation function deployed in it.
pub struct Stage {
    pub sim: Simulator,
    pub log: Lines,
    pub metrics: Lines,
    deployed: Mutex<Option<Deployed>>,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.sim.close();
    }
}

impl Stage {
    /// An AWS with the user [`USER`], who has no key, and a function with these settings.
    pub fn new(options: Options, settings: &[(&str, &str)]) -> Self {
        let sim = Simulator::new(options);
        sim.create_user(ACCOUNT, USER);
        assert_eq!(sim.create_topic("alerts"), TOPIC);
        sim.verify_identity("example.com");
        let (log, metrics) = (Lines::default(), Lines::default());
        let writer = log.clone();
        let subscriber = subscriber(Some("TRACE"), None, move || writer.clone());
        let deployed = Mutex::default();
        let stage =
            Self { sim, log, metrics, deployed, _subscriber: tracing::subscriber::set_default(subscriber) };
        stage.deploy(settings);
        stage
    }

    pub fn plain() -> Self {
        Self::new(Options::default(), &[])
    }

    /// Deploys the function anew, with other settings.
    pub fn deploy(&self, settings: &[(&str, &str)]) {
        let settings = owned(settings);
        let role = self.sim.role_session(ACCOUNT, "rotation-function");
        self.sim.set_up_function(FUNCTION, set_up(&settings, "rotation-function"));
        let invokes = json!({"Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": FUNCTION,
            "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}});
        let policy = json!({"Version": "2012-10-17", "Statement": [invokes]});
        self.sim.set_function_policy(FUNCTION, Some(&policy.to_string()));
        *self.deployed.lock().unwrap() = Some(Deployed { settings, role });
        self.restart();
    }

    /// Puts a new process in the place of the function's, which remembers nothing.
    pub fn restart(&self) {
        let Deployed { settings, role } = self.deployed.lock().unwrap().clone().unwrap();
        add_rotation(&self.sim, FUNCTION, &role, settings, &self.metrics);
    }

    /// A key for the user and a secret that holds it, made 100 days ago, with rotation turned on.
    pub fn adopted(&self) -> (KeyPair, String) {
        let created = self.sim.now() - days(100);
        let key = self.sim.create_access_key_at(ACCOUNT, USER, created);
        let arn = self.secret(&value_of(&key));
        (key, arn)
    }

    /// A secret of the user's with this value, with rotation turned on.
    pub fn secret(&self, value: &str) -> String {
        let arn = self.sim.create_secret("keys/ci-bot", Some(value), &[TAG]);
        self.sim.set_rotation(&arn, FUNCTION);
        arn
    }

    /// The steady state: a secret whose current version was stored by a rotation, and no other key.
    pub async fn steady(&self) -> String {
        let (old, arn) = self.adopted();
        self.rotated(&arn).await;
        self.sim.delete_access_key(&old.access_key_id);
        let holder = self.sim.secret(&arn).stage(&old.access_key_id).unwrap().id.clone();
        self.sim.remove_label(&arn, &holder, &old.access_key_id);
        self.sim.advance(days(90));
        self.sim.clear_journal();
        arn
    }

    /// A rotation that must succeed.
    pub async fn rotated(&self, arn: &str) -> RotationReport {
        let report = self.sim.rotate(arn).await;
        assert!(report.succeeded, "{report:#?}\n{}", self.log.text());
        report
    }

    /// A rotation that must fail, and the error it failed with.
    pub async fn failed(&self, arn: &str) -> FunctionError {
        let report = self.sim.rotate(arn).await;
        assert!(!report.succeeded, "{report:#?}");
        report.error().cloned().unwrap_or_else(|| panic!("{report:#?}"))
    }

    /// `rotate-secret --no-rotate-immediately`: testSecret alone.
    pub async fn tested(&self, arn: &str) -> RotationReport {
        let request = json!({"SecretId": arn, "RotateImmediately": false});
        let root = self.sim.root(ACCOUNT);
        self.sim.call_as(&root, "secretsmanager", "RotateSecret", request).await.unwrap();
        self.sim.rotation_finished(arn).await;
        self.sim.rotation_reports(arn).pop().unwrap()
    }

    /// Invokes one step.
    pub async fn step(&self, step: &str, arn: &str, token: &str) -> Result<Value, FunctionError> {
        self.sim.invoke(FUNCTION, json!({"Step": step, "SecretId": arn, "ClientRequestToken": token})).await
    }

    /// AWSCURRENT's value.
    pub fn current(&self, arn: &str) -> Value {
        self.staged(arn, "AWSCURRENT").unwrap()
    }

    /// The value of the version that carries a label, if there is one.
    pub fn staged(&self, arn: &str, stage: &str) -> Option<Value> {
        let secret = self.sim.secret(arn);
        secret.stage(stage)?.text().map(|text| serde_json::from_str(text).unwrap())
    }

    /// AWSCURRENT's key id, which must be active, the user's, and work.
    pub fn working_key(&self, arn: &str) -> String {
        let value = self.current(arn);
        let (id, secret) =
            (value["AccessKeyId"].as_str().unwrap(), value["SecretAccessKey"].as_str().unwrap());
        assert!(self.sim.key_works(id, secret), "{id} does not work");
        assert!(self.keys().contains(&(id.to_owned(), true)), "{id} is not an active key of {USER}");
        id.to_owned()
    }

    /// The user's keys and whether they are active, oldest first.
    pub fn keys(&self) -> Vec<(String, bool)> {
        let mut keys = self.sim.keys(ACCOUNT, USER);
        keys.sort_by_key(|key| key.created);
        keys.into_iter().map(|key| (key.id, key.active)).collect()
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.sim.journal().iter().filter(|call| call.operation == operation).count()
    }

    /// The operations that the function called, in the order of their arrival; those that arrived
    /// at the same time by name.
    pub fn operations(&self) -> Vec<String> {
        let mut calls = self.sim.journal();
        calls.retain(|call| !call.caller.ends_with(":root"));
        calls.sort_by(|a, b| (a.at, &a.operation).cmp(&(b.at, &b.operation)));
        calls.into_iter().map(|call| call.operation).collect()
    }
}

/// A process of a rotation function with these settings, under this role.
pub fn add_rotation(
    sim: &Simulator,
    function: &str,
    role: &KeyPair,
    settings: Vec<(String, String)>,
    metrics: &Lines,
) {
    let sink = metrics.clone();
    let metrics = Metrics::new(move |line| {
        let _ = io::Write::write_all(&mut sink.clone(), format!("{line}\n").as_bytes());
    });
    let aws = Aws::new(sdk_config(sim, role));
    let config = Config::from_variables(settings);
    let rotator = Arc::new(Rotator::new(aws, config, metrics));
    let simulator = sim.clone();
    sim.add_function(function, move |event, invocation| {
        let (rotator, sim) = (rotator.clone(), simulator.clone());
        Box::pin(async move {
            let left = invocation.deadline.duration_since(sim.now()).unwrap_or_default();
            let invocation = Invocation {
                request_id: invocation.request_id,
                function_arn: invocation.function_arn,
                deadline: Instant::now() + left,
            };
            match rotator.handle(event, invocation).await {
                Ok(answer) => Ok(serde_json::to_value(answer).unwrap()),
                Err(error) => {
                    let diagnostic = lambda_runtime::Diagnostic::from(error);
                    Err(FunctionError::answered(diagnostic.error_type, diagnostic.error_message))
                }
            }
        })
    });
}

/// Settings as a process has them.
pub fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What Lambda shows of a function with these settings, under this role of its account.
pub fn set_up(settings: &[(String, String)], role: &str) -> FunctionSetup {
    let variables = settings.iter().cloned().collect();
    FunctionSetup { variables, ..FunctionSetup::of_role(format!("arn:aws:iam::{ACCOUNT}:role/{role}")) }
}

/// An SDK that talks to the simulator in process, by its clock, as the function's role.
pub fn sdk_config(sim: &Simulator, role: &KeyPair) -> SdkConfig {
    let credentials = Credentials::new(
        role.access_key_id.clone(),
        role.secret_access_key.clone(),
        role.session_token.clone(),
        None,
        "role",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(sim.http_client())
        .time_source(sim.time_source())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}

pub fn value_of(key: &KeyPair) -> String {
    json!({"UserName": USER, "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key})
        .to_string()
}

/// SMTP credentials of Amazon SES, and nothing else.
pub fn smtp_value_of(key: &KeyPair) -> String {
    let secret = iam_key_rotator::model::Sensitive::new(key.secret_access_key.as_str());
    let password = iam_key_rotator::model::ses_smtp_password(&secret, SMTP_REGION);
    let host = format!("email-smtp.{SMTP_REGION}.amazonaws.com");
    json!({"smtp_server": host, "smtp_username": key.access_key_id, "smtp_password": password.expose()})
        .to_string()
}

/// Not the function's own.
pub const SMTP_REGION: &str = "us-east-1";

pub fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 60 * 60)
}

impl Stage {
    /// A second secret of the user's, whose current version carries its key's label already.
    pub fn secret_labelled(&self, key: &KeyPair) -> String {
        let arn = self.sim.create_secret("keys/labelled", Some(&value_of(key)), &[TAG]);
        let current = self.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
        self.sim.set_label(&arn, &current, &key.access_key_id);
        self.sim.set_rotation(&arn, FUNCTION);
        arn
    }
}

/// A number that `make prove` gives, and `make test` leaves at its default.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment how much to do")]
pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

//! A small company: its account, its users, and what uses their keys.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use serde_json::{Value, json};
use simulator::{FunctionError, Options, Server, Simulator};

use crate::DAY;
use crate::function::Function;

pub const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const ROTATION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:rotation";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:key-alerts";
const ADMIN: &str = "admin@example.com";

/// Users whose keys are looked after, and how many days old these are in the beginning.
pub const ROTATED: [(&str, u32); 5] =
    [("deploy-bot", 200), ("backup-nas", 95), ("ci-bot", 60), ("smtp-relay", 30), ("anna@example.com", 10)];
/// Users who are left alone: by a tag, by a group, and because their only key is inactive.
pub const LEFT_ALONE: [&str; 3] = ["vendor-erp", "break-glass", "old-report-job"];

const SHARED: [(&str, &str); 6] = [
    ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
    ("ROTATOR_EMAIL_FROM", "Key rotation <keys@example.com>"),
    ("ROTATOR_EMAIL_DOMAIN", "example.com"),
    ("ROTATOR_ADMIN_EMAIL", ADMIN),
    ("ROTATOR_OVERLAP", "10d"),
    ("ROTATOR_RECOVERY", "7d"),
];
/// What EventBridge delivers when AWS has found a key: the sample of the runbook's drill.
const FOUND: &str = include_str!("../../../../../docs/samples/exposed-key-health.json");
const OF_THE_SWEEP: [(&str, &str); 5] = [
    ("ROTATOR_SCOPE", "all"),
    ("ROTATOR_ROTATE_AFTER", "90d"),
    ("ROTATOR_WARN_BEFORE", "7d"),
    ("ROTATOR_EXPOSED", "revoke"),
    ("ROTATOR_ROTATION_FUNCTION_ARN", ROTATION),
];

/// A user's keys: their ids, and whether they are active.
pub type Keys = BTreeMap<String, bool>;

pub struct Company {
    pub sim: Simulator,
    pub rotation: Function,
    pub sweep: Function,
    server: Server,
    /// The key that the backup appliance holds a copy of, until somebody changes that.
    pub copy: Option<String>,
}

impl Company {
    pub async fn found() -> io::Result<Self> {
        let sim = Simulator::new(Options { page_size: 100, ..Options::default() });
        let server = sim.serve(0).await?;
        sim.create_topic("key-alerts");
        sim.verify_identity("example.com");
        let [vendor, break_glass, idle] = LEFT_ALONE;
        for (user, age) in ROTATED.into_iter().chain([(vendor, 400), (break_glass, 300), (idle, 500)]) {
            sim.create_user(ACCOUNT, user);
            let key = sim.create_access_key_at(ACCOUNT, user, sim.now() - age * DAY);
            if user == idle {
                sim.set_key_status(&key.access_key_id, false);
            }
        }
        sim.tag_user(ACCOUNT, vendor, "iam-key-rotator:exempt", "the vendor rotates it: contract 4711");
        sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
        sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", break_glass);
        let rotation = Function::deploy(&sim, &server.url(), "rotation", &SHARED).await?;
        let sweep = sweep(&sim, &server, "audit").await?;
        let mut company = Self { sim, rotation, sweep, server, copy: None };
        company.copy = company.keys("backup-nas").into_keys().next();
        Ok(company)
    }

    /// What the audits said is done from now on.
    pub async fn enforce(&mut self) -> io::Result<()> {
        self.sweep = sweep(&self.sim, &self.server, "enforce").await?;
        Ok(())
    }

    /// Night falls, and the clock moves on to the next day's sweep: Secrets Manager's own schedules
    /// run, EventBridge invokes the sweep, and the rotations that it asks for run.
    pub async fn night(&self) -> Result<Value, FunctionError> {
        self.sim.advance(DAY);
        self.sim.run_due_rotations().await;
        // A report takes IAM a moment; somebody else has asked for today's already. Whether that
        // worked is the sweep's to find out.
        let root = self.sim.root(ACCOUNT);
        let _ = self.sim.call_as(&root, "iam", "GenerateCredentialReport", json!({})).await;
        let event = json!({"detail-type": "Scheduled Event", "source": "aws.events", "account": ACCOUNT});
        let answer = self.sim.invoke(&self.sweep.arn, event).await;
        for arn in self.secrets() {
            self.sim.rotation_finished(&arn).await;
        }
        answer
    }

    /// AWS finds the user's key in a public place, and tells the sweep.
    pub async fn leak(&self, user: &str) -> Result<Value, FunctionError> {
        let key = self.current(user).unwrap_or_default();
        let event = FOUND.replace("AKIAIOSFODNN7EXAMPLE", &key).replace("\"ci-bot\"", &format!("{user:?}"));
        let event = serde_json::from_str(&event).unwrap_or_default();
        self.sim.invoke(&self.sweep.arn, event).await
    }

    /// The company works: every program uses its key. Answers with those whose key was refused.
    pub fn work(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (user, _) in ROTATED {
            let key = if user == "backup-nas" { self.copy.clone() } else { None };
            let Some(key) = key.or_else(|| self.current(user)) else { continue };
            let keys = self.sim.keys(ACCOUNT, user);
            if keys.iter().any(|known| known.id == key && self.sim.key_works(&key, &known.secret)) {
                self.sim.use_key(&key, "s3", REGION);
            } else if !keys.is_empty() {
                broken.push(user.to_owned());
            }
        }
        broken
    }

    /// The user's keys; none if there is no such user.
    pub fn keys(&self, user: &str) -> Keys {
        self.sim.keys(ACCOUNT, user).into_iter().map(|key| (key.id, key.active)).collect()
    }

    /// When a key was made.
    pub fn created(&self, user: &str, key: &str) -> Option<SystemTime> {
        self.sim.keys(ACCOUNT, user).into_iter().find(|known| known.id == key).map(|known| known.created)
    }

    pub fn secrets(&self) -> Vec<String> {
        self.sim.secret_arns(ACCOUNT, REGION)
    }

    /// The ARN of the user's secret, if there is one.
    pub fn secret(&self, user: &str) -> Option<String> {
        self.secrets().into_iter().find(|arn| self.sim.secret(arn).name == format!("iam-key/{user}"))
    }

    /// The key in AWSCURRENT; before there is a secret, the user's own copy of its only key.
    pub fn current(&self, user: &str) -> Option<String> {
        let held = self.secret(user).and_then(|arn| {
            let secret = self.sim.secret(&arn);
            let value: Value = serde_json::from_str(secret.stage("AWSCURRENT")?.text()?).ok()?;
            value["AccessKeyId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned)
        });
        held.or_else(|| self.keys(user).into_keys().next())
    }
}

async fn sweep(sim: &Simulator, server: &Server, mode: &str) -> io::Result<Function> {
    let settings = [SHARED.as_slice(), &OF_THE_SWEEP, &[("ROTATOR_MODE", mode)]].concat();
    Function::deploy(sim, &server.url(), "sweep", &settings).await
}

//! The stage: a simulated AWS with one user, one secret, and the real function.

use std::io;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use simulator::{Options, RotationReport, Server, Simulator};

use crate::DAY;
use crate::function::Function;
use crate::show::{heading, quote, say, table};

const ACCOUNT: &str = "111122223333";
const USER: &str = "ci-bot";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:rotation";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What the functions are told.
pub struct Settings {
    pub overlap: &'static str,
}

pub struct Scene {
    pub sim: Simulator,
    pub server: Server,
    pub function: Function,
    /// Its mode is the default, `retire`.
    sweep: Function,
    arn: String,
}

impl Scene {
    pub async fn set(port: u16, settings: &Settings) -> io::Result<Self> {
        let sim = Simulator::new(Options { page_size: 100, ..Options::default() });
        let server = sim.serve(port).await?;
        let topic = sim.create_topic("key-alerts");
        sim.verify_identity("example.com");
        sim.create_user(ACCOUNT, USER);
        sim.tag_user(ACCOUNT, USER, "email", "ci-team@example.com");
        let key = sim.create_access_key_at(ACCOUNT, USER, sim.now() - 89 * DAY);
        let value = json!({
            "UserName": USER,
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "Bucket": "build-artifacts",
            "Limits": {"MaxUploads": 20},
        });
        let arn =
            sim.create_secret("keys/ci-bot", Some(&value.to_string()), &[("iam-key-rotator:user", USER)]);
        sim.set_rotation(&arn, FUNCTION);
        sim.set_rotation_days(&arn, 90);

        let settings = [
            ("ROTATOR_ALERT_TOPIC_ARN", topic.as_str()),
            ("ROTATOR_EMAIL_FROM", "Key rotation <keys@example.com>"),
            ("ROTATOR_OVERLAP", settings.overlap),
            ("ROTATOR_PROPAGATION_TIMEOUT", "5s"),
        ];
        let of_the_rotation = [&settings[..], &[("ROTATOR_MODE", "retire")]].concat();
        let function = Function::deploy(&sim, &server.url(), "rotation", &of_the_rotation).await?;
        let of_the_sweep = [&settings[..], &[("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)]].concat();
        let sweep = Function::deploy(&sim, &server.url(), "sweep", &of_the_sweep).await?;
        Ok(Self { sim, server, function, sweep, arn })
    }

    /// How long it takes from now on until a new key is accepted.
    pub fn delay_new_keys(&self, delay: Duration) {
        self.sim.update(|options| options.propagation = delay);
    }

    /// Rotates as `rotate-secret` does; what was called before is forgotten.
    pub async fn rotate(&self) -> RotationReport {
        self.sim.clear_journal();
        self.sim.rotate(&self.arn).await
    }

    /// Hours go by, and after each the sweep runs on its schedule. Days in which nothing is due are left out.
    pub async fn sweep_hourly(&self, hours: u32) -> io::Result<()> {
        for _ in 0..hours {
            self.sim.advance(HOUR);
            self.sweep().await?;
        }
        Ok(())
    }

    async fn sweep(&self) -> io::Result<()> {
        let answer = self.sim.invoke(&self.sweep.arn, json!({})).await;
        let answer =
            answer.map_err(|error| io::Error::other(format!("the sweep failed: {}", error.message)))?;
        for line in answer["plan"].as_array().into_iter().flatten() {
            say(&format!("{}  sweep: {}", time(self.sim.now()), line.as_str().unwrap_or_default()));
        }
        Ok(())
    }

    /// Days go by without a sweep in between, then one comes.
    pub async fn sweep_after(&self, days: u32) -> io::Result<()> {
        self.sim.advance(days * DAY);
        self.sweep().await
    }

    /// Whether the user has a key of this id, and whether it is active.
    pub fn status(&self, id: Option<&str>) -> Option<bool> {
        let mut keys = self.sim.keys(ACCOUNT, USER).into_iter();
        keys.find(|key| Some(key.id.as_str()) == id).map(|key| key.active)
    }

    /// AWSCURRENT's key id, if the key works.
    pub fn working_key(&self) -> Option<String> {
        let value = self.current()?;
        let (id, secret) = (value["AccessKeyId"].as_str()?, value["SecretAccessKey"].as_str()?);
        self.sim.key_works(id, secret).then(|| id.to_owned())
    }

    /// Whether one of the user's keys works.
    pub fn works(&self, id: Option<&str>) -> bool {
        let keys = self.sim.keys(ACCOUNT, USER);
        keys.iter().any(|key| Some(key.id.as_str()) == id && self.sim.key_works(&key.id, &key.secret))
    }

    pub fn extra_fields_survive(&self) -> bool {
        self.current().is_some_and(|value| {
            let names: Vec<_> = value.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
            names == ["UserName", "AccessKeyId", "SecretAccessKey", "Bucket", "Limits"]
                && value["Bucket"] == "build-artifacts"
                && value["Limits"] == json!({"MaxUploads": 20})
        })
    }

    pub fn mails_hold_a_secret(&self) -> bool {
        let mails: String = self.sim.mails().iter().map(|mail| format!("{mail:?}")).collect();
        self.sim.canaries().iter().any(|secret| mails.contains(secret.as_str()))
    }

    fn current(&self) -> Option<Value> {
        serde_json::from_str(self.sim.secret(&self.arn).stage("AWSCURRENT")?.text()?).ok()
    }

    /// The user's keys, and which version of the secret holds each.
    pub fn show(&self) {
        let secret = self.sim.secret(&self.arn);
        let mut rows =
            vec![["KEY", "STATUS", "CREATED", "STAGING LABELS OF ITS VERSION"].map(str::to_owned).to_vec()];
        let mut keys = self.sim.keys(ACCOUNT, USER);
        keys.sort_by_key(|key| key.created);
        for key in keys {
            let holds = |text: &str| text.contains(&key.id);
            let version = secret.versions.iter().find(|version| version.text().is_some_and(holds));
            let labels = version.map(|version| version.stages.iter().cloned().collect::<Vec<_>>().join(" "));
            let status = if key.active { "Active" } else { "Inactive" };
            rows.push(vec![key.id, status.to_owned(), date(key.created), labels.unwrap_or_default()]);
        }
        println!();
        table(&rows);
        println!();
    }

    /// The steps of a rotation, how long each took, and the calls it made.
    pub fn show_steps(&self, report: &RotationReport) {
        let mut rows = vec![["STEP", "TOOK", "AWS CALLS"].map(str::to_owned).to_vec()];
        let mut journal = self.sim.journal();
        journal.retain(|call| call.at >= report.started && call.at <= report.ended);
        let mut begun = report.started;
        for step in &report.steps {
            let ended = begun + step.duration;
            let calls = journal.iter().filter(|call| call.at >= begun && call.at < ended);
            rows.push(vec![
                step.step.to_owned(),
                format!("{} ms", step.duration.as_millis()),
                counted(calls.map(|call| call.operation.as_str())),
            ]);
            begun = ended;
        }
        println!();
        table(&rows);
        for step in &report.steps {
            let answered = |answer: &Value| answer["actions"].as_array().cloned().unwrap_or_default();
            for action in step.result.as_ref().map(answered).unwrap_or_default() {
                say(&format!("{}: {}", step.step, action.as_str().unwrap_or_default()));
            }
            if let Err(error) = &step.result {
                say(&format!("{} failed: {}", step.step, error.error_type));
            }
        }
    }

    pub fn show_mail(&self) {
        if let Some(mail) = self.sim.mails().last() {
            heading(&format!("   The mail to {}: {}", mail.to.join(", "), mail.subject));
            quote(mail.text.as_deref().unwrap_or_default());
        }
    }

    /// Alerts of rotations that failed; the sweep's digests go to the same topic.
    pub fn failures(&self) -> usize {
        let subjects = self.sim.alerts().into_iter().filter_map(|alert| alert.subject);
        subjects.filter(|subject| subject.contains("rotation failed")).count()
    }

    pub fn show_alert(&self) {
        if let Some(alert) = self.sim.alerts().last() {
            heading(&format!("   The alert: {}", alert.subject.as_deref().unwrap_or_default()));
            quote(&alert.message);
        }
    }
}

/// `GetSecretValue ×2` for two calls in a row of the same operation.
fn counted<'c>(operations: impl Iterator<Item = &'c str>) -> String {
    let mut runs: Vec<(&str, usize)> = Vec::new();
    for operation in operations {
        match runs.last_mut() {
            Some((last, count)) if *last == operation => *count += 1,
            _ => runs.push((operation, 1)),
        }
    }
    let texts = runs
        .into_iter()
        .map(|(name, count)| if count == 1 { name.to_owned() } else { format!("{name} ×{count}") });
    texts.collect::<Vec<_>>().join(", ")
}

pub fn date(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn time(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map(|time| time.strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

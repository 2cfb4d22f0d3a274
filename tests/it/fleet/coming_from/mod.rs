//! The moves from five systems: what each of them documents, replayed over simulated months with the
//! very settings that `docs/migrating.md` gives its users.

mod daily;
mod function;
mod list;
mod organization;
mod page;
mod rules;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use simulator::{KeyPair, Simulator};

use super::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, REGION, days};

pub type Settings = Vec<(&'static str, &'static str)>;

/// A simulated AWS with one system's settings, and the time at which it began.
struct Move {
    fleet: Fleet,
    begin: SystemTime,
}

impl Move {
    /// With the settings of the page's section, and these, which override them.
    fn from(system: &str, more: &[(&'static str, &'static str)]) -> Self {
        let settings = page::blocks(system).swap_remove(0);
        Self::with(&[&settings, more].concat())
    }

    fn with(settings: &[(&'static str, &'static str)]) -> Self {
        // Lists as short as they can be, and what AWS takes its time for.
        let options = simulator::Options {
            page_size: 2,
            propagation: Duration::from_secs(8),
            revocation: Duration::from_secs(3),
            list_lag: Duration::from_secs(300),
            iam_list_lag: Duration::from_secs(4),
            latency: Duration::from_millis(30),
            ..simulator::Options::default()
        };
        let fleet = Fleet::with(options, settings);
        let begin = fleet.sim.now();
        Self { fleet, begin }
    }

    /// Enrolls a secret that the old system made, as the page has an operator do it: bind it, and name the
    /// function that rotates it. The present key is tested, and nothing is rotated.
    async fn enroll(&self, arn: &str, user: &str, every_days: u64) {
        let sim = &self.fleet.sim;
        sim.tag_secret(arn, "iam-key-rotator:user", user);
        let request = json!({"SecretId": arn, "RotationLambdaARN": FUNCTION, "RotateImmediately": false,
            "RotationRules": {"AutomaticallyAfterDays": every_days}});
        sim.call_as(&sim.root(ACCOUNT), "secretsmanager", "RotateSecret", request).await.unwrap();
        sim.rotation_finished(arn).await;
    }

    /// How many days have gone by.
    fn today(&self) -> u64 {
        self.day_of(self.fleet.sim.now())
    }

    fn day_of(&self, time: SystemTime) -> u64 {
        time.duration_since(self.begin).unwrap_or_default().as_secs() / days(1).as_secs()
    }

    /// Daily sweeps up to and including this day.
    async fn sweep_to(&self, day: u64) {
        while self.today() < day {
            self.fleet.day().await;
        }
    }

    /// All that people were told, a line a message: the day, to whom, the subject. Dates in it are
    /// told as days too, and key ids as `KEY`.
    fn told(&self) -> Vec<String> {
        let mails = self.fleet.sim.mails().into_iter().map(|mail| (mail.at, mail.to.join(" "), mail.subject));
        let alerts = self.fleet.sim.alerts().into_iter();
        let alerts = alerts.map(|alert| (alert.at, "alert".to_owned(), alert.subject.unwrap_or_default()));
        let mut all: Vec<_> = mails.chain(alerts).collect();
        all.sort_by_key(|(at, ..)| *at);
        all.into_iter()
            .map(|(at, to, subject)| format!("{} {to}: {}", self.day_of(at), self.plain(&subject)))
            .collect()
    }

    fn plain(&self, subject: &str) -> String {
        let day = |date: &str| {
            let time: jiff::Timestamp = format!("{date}T00:00:00Z").parse().ok()?;
            Some(self.day_of(SystemTime::from(time)).to_string())
        };
        let mut plain = Vec::new();
        let mut words = subject.split(' ');
        while let Some(word) = words.next() {
            if let Some(day) = day(word) {
                plain.push(format!("day {day}"));
                // The hour and the minute, and whose.
                let _ = (words.next(), words.next());
            } else if word.starts_with("AKIA") {
                plain.push("KEY".to_owned());
            } else {
                plain.push(word.to_owned());
            }
        }
        plain.join(" ")
    }

    /// The user's keys, oldest first, as the days on which they were made, `-` for an inactive one.
    fn keys(&self, account: &str, user: &str) -> Vec<String> {
        let mut keys = self.fleet.sim.keys(account, user);
        keys.sort_by_key(|key| key.created);
        let sign = |active| if active { '+' } else { '-' };
        keys.iter().map(|key| format!("{}{}", self.day_of(key.created), sign(key.active))).collect()
    }
}

/// The value in a version of a secret.
fn value_of(sim: &Simulator, arn: &str, stage: &str) -> Value {
    let secret = sim.secret(arn);
    let version = secret.stage(stage).unwrap_or_else(|| panic!("{} has no {stage}", secret.name));
    serde_json::from_str(version.text().unwrap()).unwrap()
}

/// The key in AWSCURRENT under these two names, which must work, and is used by this.
fn key_in_use(sim: &Simulator, arn: &str, [id, secret]: [&str; 2]) -> String {
    let value = value_of(sim, arn, "AWSCURRENT");
    let text = |field: &str| value[field].as_str().unwrap_or_else(|| panic!("no {field}")).to_owned();
    assert!(sim.key_works(&text(id), &text(secret)), "{} in {arn} does not work", text(id));
    sim.use_key(&text(id), "s3", REGION);
    text(id)
}

/// What the page has done to a secret that another system made: each version gets its key's label.
fn label_versions(sim: &Simulator, arn: &str, field: &str) {
    for stage in ["AWSCURRENT", "AWSPREVIOUS"] {
        let secret = sim.secret(arn);
        let Some(version) = secret.stage(stage) else { continue };
        let value: Value = serde_json::from_str(version.text().unwrap()).unwrap();
        sim.set_label(arn, &version.id, value[field].as_str().unwrap());
    }
}

fn works(sim: &Simulator, key: &KeyPair) -> bool {
    sim.key_works(&key.access_key_id, &key.secret_access_key)
}

//! What holds after every run, whatever failed in it: `docs/invariants.md`, as code.

use std::collections::BTreeMap;

use iam_key_rotator::model::{Sensitive, ses_smtp_password};
use simulator::{SecretView, Simulator};

use crate::stage::{ACCOUNT, SMTP_REGION, Stage, USER};

/// The user's keys and the secret's versions with every id replaced by a name, so that two runs can
/// be compared: key names are given by the caller for keys it knows, `new` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Each key with whether it is active.
    keys: Vec<(String, bool)>,
    /// The labels of each version that has any, key ids named; AWSPENDING aside, which AWS may or
    /// may not leave behind.
    versions: Vec<Vec<String>>,
}

impl End {
    pub fn of(stage: &Stage, account: &str, user: &str, arn: &str, known: &BTreeMap<String, String>) -> Self {
        let name = |id: &str| known.get(id).cloned().unwrap_or_else(|| "new".to_owned());
        let mut keys: Vec<_> =
            stage.sim.keys(account, user).into_iter().map(|key| (name(&key.id), key.active)).collect();
        keys.sort();
        let mut versions: Vec<Vec<String>> = Vec::new();
        for version in stage.sim.secret(arn).versions {
            let labels = version.stages.iter().filter(|label| *label != "AWSPENDING");
            let mut labels: Vec<_> = labels
                .map(|label| if label.starts_with("AKIA") { name(label) } else { label.clone() })
                .collect();
            labels.sort();
            if !labels.is_empty() {
                versions.push(labels);
            }
        }
        versions.sort();
        Self { keys, versions }
    }
}

/// Invariant 1: AWSCURRENT holds a key that works, if it holds one.
pub fn broken_current(sim: &Simulator, arn: &str) -> Option<String> {
    let secret = sim.secret(arn);
    if let Some((id, password)) = current_texts(&secret, "smtp_username", "smtp_password") {
        let of_user = |account| sim.keys(account, USER).into_iter().find(|key| key.id == id);
        let key = of_user(ACCOUNT).filter(|key| key.active);
        let derived = key.map(|key| ses_smtp_password(&Sensitive::new(key.secret), SMTP_REGION));
        let works = derived.is_some_and(|derived| derived.expose() == password);
        return (!works).then(|| format!("AWSCURRENT's SMTP password of key {id} does not work"));
    }
    let (id, value) = current_pair(&secret)?;
    (!sim.key_works(&id, &value)).then(|| format!("AWSCURRENT's key {id} does not work"))
}

/// Invariant 2: every key of the user is in a version that carries its label.
pub fn keys_in_no_version(stage: &Stage, account: &str, user: &str, arn: &str) -> Vec<String> {
    let secret = stage.sim.secret(arn);
    let keys = stage.sim.keys(account, user).into_iter().map(|key| key.id);
    keys.filter(|id| secret.stage(id).is_none()).collect()
}

/// Invariant 6: nothing that was written anywhere holds a secret.
pub fn leaks(stage: &Stage) -> Vec<String> {
    let mut written = vec![stage.log.text(), stage.metrics.text()];
    written.extend(stage.sim.alerts().into_iter().map(|alert| format!("{alert:?}")));
    written.extend(stage.sim.mails().into_iter().map(|mail| format!("{mail:?}")));
    let canaries = stage.sim.canaries().into_iter();
    canaries.filter(|canary| written.iter().any(|text| text.contains(canary.as_str()))).collect()
}

fn current_pair(secret: &SecretView) -> Option<(String, String)> {
    current_texts(secret, "AccessKeyId", "SecretAccessKey")
}

fn current_texts(secret: &SecretView, first: &str, second: &str) -> Option<(String, String)> {
    let text = secret.stage("AWSCURRENT")?.text()?;
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some((text(first)?, text(second)?))
}

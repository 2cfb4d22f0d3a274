//! createSecret: a new key in the version being made.

use super::{Action, Outcome, Plan, Planned, Stage, because, ownership, room, stage};
use crate::error::{Error, Result};
use crate::model::{Intent, Observation, Policy};

/// Plans createSecret.
pub fn create_secret(seen: &Observation, policy: &Policy) -> Plan {
    match decide(seen, policy) {
        Ok(plan) => plan,
        Err(error) => error.into(),
    }
}

fn decide(seen: &Observation, policy: &Policy) -> Result<Plan> {
    if stage(&seen.secret, &seen.token)? == Stage::Current {
        return Ok(Plan::idle(Outcome::AlreadyDone("this version is already AWSCURRENT".into())));
    }
    if let Some(document) = &seen.pending {
        // A version's content can never be replaced, so what is stored is what there will be.
        return match document.credential() {
            Some(key) => {
                Ok(Plan::idle(Outcome::AlreadyDone(format!("this version holds key {}", key.key_id))))
            }
            None => Err(Error::VersionNotStaged {
                secret: seen.secret.arn.clone(),
                token: seen.token.to_string(),
                problem: "already holds a value that has no key in it",
            }),
        };
    }
    ownership::check_current_key(seen)?;
    // Old labels first: a secret that has all its twenty takes no other.
    let mut actions: Vec<Planned> = room::stale_labels(seen);
    actions.extend(adopt(seen));
    actions.extend(room::make(seen, policy)?);
    let intent = Intent::new(&seen.token, &seen.keys, seen.secret.intent().as_ref());
    let reason = match seen.secret.current().and_then(|version| version.key.as_ref()) {
        Some(current) => format!("to supersede {current}"),
        None => "the secret waits for its first key".into(),
    };
    actions.push(because(Action::IssueAccessKey { intent }, reason));
    Ok(Plan::done(actions))
}

/// A current version that was not stored by us gets its key's label, by which everybody who may
/// not read the value can later tell which key was superseded.
fn adopt(seen: &Observation) -> Option<Planned> {
    let current = seen.secret.current().filter(|version| !version.is_labelled())?;
    let key = current.key.clone().filter(|key| seen.keys.iter().any(|known| known.id == *key))?;
    let action = Action::LabelVersion { version: current.id.clone(), key };
    Some(because(action, "this version was not stored by a rotation"))
}

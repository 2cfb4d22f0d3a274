//! createSecret: a new key in the version being made.

use jiff::{SignedDuration, Timestamp};

use super::{Action, Outcome, Plan, Stage, changes, smtp, stage};
use crate::error::{Error, Result};
use crate::model::names::TAG_REFUSED;
use crate::model::{
    AccessKeyId, DocumentError, ISSUE_WINDOW, Intent, KeyRole, KeyStatus, LIST_LAG, Observation, Policy,
    Version,
};
use crate::plan::{Change, Planned, authority, because, room};

/// After this long a stored value is taken to show in every read. By then a CreateAccessKey that was not
/// answered has made its key or never will, too.
const READ_LAG: SignedDuration = ISSUE_WINDOW;

/// Plans createSecret. `name_template`: how secrets are named after users.
pub(crate) fn create_secret(seen: &Observation, policy: &Policy, name_template: &str) -> Plan {
    match decide(seen, policy, name_template) {
        Ok(plan) => plan,
        Err(error) => error.into(),
    }
}

fn decide(seen: &Observation, policy: &Policy, name_template: &str) -> Result<Plan> {
    if stage(&seen.secret, &seen.token)? == Stage::Current {
        return Ok(Plan::idle(Outcome::AlreadyDone("this version is already AWSCURRENT".into())));
    }
    if let Some(document) = &seen.pending {
        // A version's content can never be replaced, so what is stored is what there will be.
        return match document.key_id() {
            Some(key) => match document.is_smtp_only().then(|| smtp::check(seen, &key)) {
                Some(Err(error)) => Ok(not_stored_by_us(seen, key, error)),
                _ => Ok(stored(seen, &key)),
            },
            None => Err(Error::VersionNotStaged {
                secret: seen.secret.arn.clone(),
                token: seen.token.to_string(),
                problem: "already holds a value that has no key in it",
            }),
        };
    }
    if let Some(reason) = may_be_stored(seen) {
        return Ok(Plan::idle(Outcome::Wait(reason.into())));
    }
    authority::check(seen, name_template)?;
    no_other_key(seen)?;
    // Old labels first: a secret that has all its twenty takes no other.
    let mut actions: Vec<Planned<Action>> = changes(room::stale_labels(seen.keyring())).collect();
    actions.extend(adopt(seen));
    let room =
        room::make(seen.keyring(), &seen.claims, policy).map_err(|blocked| blocked.error(&seen.user))?;
    let told = tell_deleted(seen, &room);
    actions.extend(changes(room));
    actions.extend(told);
    let intent = Intent::new(&seen.token, &seen.keys, seen.intent().as_ref());
    let mut reason = match seen.secret.current().and_then(|version| version.key.as_ref()) {
        Some(current) => format!("to supersede {current}"),
        None => "the secret waits for its first key".into(),
    };
    if seen.stores_smtp {
        reason.push_str("; STS proves it before its SMTP credentials are stored");
    }
    actions.push(because(Action::IssueAccessKey { intent }, reason));
    if seen.secret.tags.contains_key(TAG_REFUSED) {
        actions.push(because(Action::ForgetRefusal, "the rotation is no longer refused"));
    }
    Ok(Plan::done(actions))
}

/// Users are notified when an active key of theirs is deleted.
fn tell_deleted(seen: &Observation, room: &[Planned<Change>]) -> Option<Planned<Action>> {
    room.iter().find_map(|planned| {
        let Change::DeleteKey { key } = &planned.action else { return None };
        let known = seen.keys.iter().find(|known| known.id == *key)?;
        if known.status == KeyStatus::Inactive || seen.role(known) == KeyRole::Orphan {
            return None;
        }
        let action = Action::TellDeleted { key: key.clone(), evidence: planned.reason.clone() };
        Some(because(action, "nobody deactivated it before"))
    })
}

/// A key of the user's in a field that a rotation leaves as it is has consumers of its own: it must not pass for
/// a key that nobody needs.
fn no_other_key(seen: &Observation) -> Result<()> {
    let Some(document) = &seen.current else { return Ok(()) };
    let current = document.key_id();
    for key in seen.keys.iter().filter(|key| Some(&key.id) != current.as_ref()) {
        if let Some(field) = document.mention(&key.id) {
            let problem = DocumentError::AnotherKey(field, key.id.to_string());
            return Err(Error::SecretMalformed { secret: seen.secret.arn.clone(), problem });
        }
    }
    Ok(())
}

/// The version being made holds a key already: the step is done, unless that key is gone. A write
/// whose answer was lost may have stored it after it had been deleted as an orphan.
fn stored(seen: &Observation, key: &AccessKeyId) -> Plan {
    if seen.keys.iter().any(|known| known.id == *key) {
        return Plan::idle(Outcome::AlreadyDone(format!("this version holds key {key}")));
    }
    let attempt = seen.intent().and_then(|intent| intent.attempts.into_iter().max());
    let changed = attempt.max(seen.secret.changed);
    if changed.is_some_and(|changed| seen.now.duration_since(changed) < LIST_LAG) {
        return Plan::idle(Outcome::Wait(format!("ListAccessKeys does not show key {key} yet")));
    }
    let action = Change::RemovePending { version: seen.token.clone() };
    let error = Error::CredentialRejected {
        key: key.clone(),
        user: seen.user.clone(),
        problem: "was deleted before it could be promoted, so the rotation that made it was given up".into(),
        remedy: "Start another, which makes a new key: `aws secretsmanager rotate-secret`. The schedule and the sweep do so too.",
    };
    let reason = format!("its key {key} is gone, and a version's content can never be replaced");
    let actions = vec![because(action.into(), reason)];
    Plan { actions, outcome: Outcome::Refuse(error) }
}

/// SMTP credentials that nothing shows to be proved can never be promoted, nor replaced in their version. Once no
/// read lags, the version is given up, so that the next rotation makes another.
fn not_stored_by_us(seen: &Observation, key: AccessKeyId, error: Error) -> Plan {
    let is_pending = seen.secret.pending().unfinished().is_some_and(|version| version.id == seen.token);
    let is_settled = seen.secret.changed.is_some_and(|changed| seen.now.duration_since(changed) >= LIST_LAG);
    if !is_pending || !is_settled || !matches!(error, Error::VersionNotStaged { .. }) {
        return error.into();
    }
    let action = Change::RemovePending { version: seen.token.clone() };
    let reason = format!("nothing shows that the SMTP credentials of its key {key} were proved");
    let actions = vec![because(action.into(), reason)];
    Plan { actions, outcome: Outcome::Refuse(error) }
}

/// Why the version being made may hold a key that GetSecretValue does not show. Were it ignored, that
/// key would pass for an orphan and be deleted.
fn may_be_stored(seen: &Observation) -> Option<&'static str> {
    if seen.secret.version(&seen.token).is_some_and(Version::is_labelled) {
        return Some("the version is labelled with its key, and its value does not show yet");
    }
    let intent = seen.intent().filter(|intent| intent.token == seen.token)?;
    let recent = |attempt: &Timestamp| seen.now.duration_since(*attempt) < READ_LAG;
    let recent = intent.attempts.iter().any(recent);
    recent.then_some("an attempt made seconds ago may have stored a key that does not show yet")
}

/// A current version that was not stored by us gets its key's label, by which everybody who may
/// not read the value can later tell which key was superseded.
fn adopt(seen: &Observation) -> Option<Planned<Action>> {
    let current = seen.secret.current().filter(|version| !version.is_labelled())?;
    let key = current.key.clone().filter(|key| seen.keys.iter().any(|known| known.id == *key))?;
    let action = Change::LabelVersion { version: current.id.clone(), key };
    Some(because(action.into(), "this version was not stored by a rotation"))
}

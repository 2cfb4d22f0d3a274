//! Room under the two-key limit, by proof of ownership.
//!
//! IAM allows [two access keys a user](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html),
//! inactive ones included. Before a new one can be made, at most one may be left.

use super::{Action, Planned, because, retire};
use crate::error::{Error, Result};
use crate::model::names::AWSCURRENT;
use crate::model::{AccessKey, KeyRole, KeyStatus, LastUse, Observation, Policy, UnknownKeys, Version};

const LIMIT: usize = 2;

/// What must go before a key can be made, or the key that is in the way and may not go.
pub(super) fn make(seen: &Observation, policy: &Policy) -> Result<Vec<Planned>> {
    let mut actions = orphans(seen);
    if seen.keys.len() - actions.len() < LIMIT {
        return Ok(actions);
    }
    let mut verdicts: Vec<(&AccessKey, std::result::Result<String, Refusal>)> = seen
        .keys
        .iter()
        .filter(|key| seen.role(key) != KeyRole::Orphan)
        .map(|key| {
            (key, may_remove(key, seen, policy).and_then(|reason| nobody_else_holds(key, seen, reason)))
        })
        .collect();
    // What may go comes first; among those an inactive key, then the older one.
    verdicts.sort_by_key(|(key, verdict)| (verdict.is_err(), key.status == KeyStatus::Active, key.created));
    for (key, verdict) in verdicts {
        match verdict {
            Ok(reason) => {
                actions.extend(delete(seen, key, reason.clone()));
                if key.status == KeyStatus::Active {
                    let action = Action::TellDeleted { key: key.id.clone(), evidence: reason };
                    actions.push(because(action, "nobody deactivated it before"));
                }
                return Ok(actions);
            }
            Err(Refusal { other: Some(other), remedy, .. }) => {
                let (key, user) = (key.id.clone(), seen.user.clone());
                return Err(Error::SecretConflict { key, user, other, remedy });
            }
            Err(refusal) if seen.role(key) != KeyRole::Current => {
                return Err(Error::KeyLimit {
                    user: seen.user.clone(),
                    key: key.id.clone(),
                    problem: format!("{}, created {}; {}", key.status, key.created, refusal.problem),
                    remedy: refusal.remedy,
                });
            }
            Err(_) => {}
        }
    }
    Ok(actions)
}

/// Deletes keys that nobody holds the secret of. Asked for after every lost answer.
pub(super) fn orphans(seen: &Observation) -> Vec<Planned> {
    seen.orphans()
        .into_iter()
        .flat_map(|key| delete(seen, key, "made by an attempt of this rotation whose answer was lost".into()))
        .collect()
}

/// Deletes a key, and its label with it.
pub(super) fn delete(seen: &Observation, key: &AccessKey, reason: String) -> Vec<Planned> {
    let mut actions = vec![because(Action::DeleteKey { key: key.id.clone() }, reason)];
    if let Some(version) = seen.secret.holder(&key.id).filter(|version| version.is_labelled()) {
        let action = Action::RemoveLabel { version: version.id.clone(), key: key.id.clone() };
        actions.push(because(action, "its key is deleted"));
    }
    actions
}

/// Takes the labels of keys that are gone off superseded versions, as a crash between the deletion
/// of a key and that of its label leaves them. A secret may have twenty labels.
pub(super) fn stale_labels(seen: &Observation) -> Vec<Planned> {
    let superseded = |version: &&Version| !version.has(AWSCURRENT) && version.id != seen.token.as_str();
    let labelled = seen.secret.versions.iter().filter(superseded).filter(|version| version.is_labelled());
    let gone = labelled.filter_map(|version| {
        let key = version.key.clone().filter(|key| !seen.keys.iter().any(|known| known.id == *key))?;
        Some(because(Action::RemoveLabel { version: version.id.clone(), key }, "its key is gone"))
    });
    gone.collect()
}

struct Refusal {
    problem: String,
    remedy: &'static str,
    /// The secret whose AWSCURRENT may hold the key.
    other: Option<String>,
}

/// A key that another secret's consumers may use is not deleted, whatever it is to this secret.
fn nobody_else_holds(
    key: &AccessKey,
    seen: &Observation,
    reason: String,
) -> std::result::Result<String, Refusal> {
    match seen.claims.holder_elsewhere(key, seen.now) {
        None => Ok(reason),
        Some(other) => Err(Refusal {
            problem: String::new(),
            remedy: "The user has two keys, and this one must be deleted before another can be created: move the consumers of one secret to the other, and delete the secret that is not needed.",
            other: Some(other.to_owned()),
        }),
    }
}

fn may_remove(key: &AccessKey, seen: &Observation, policy: &Policy) -> std::result::Result<String, Refusal> {
    let refuse = |problem: &str, remedy| Err(Refusal { problem: problem.into(), remedy, other: None });
    match seen.role(key) {
        KeyRole::Current | KeyRole::Pending | KeyRole::Orphan => refuse("it is in use by this secret", ""),
        KeyRole::Abandoned => match &key.last_use {
            None => refuse("its last use was not read", "Rotate again."),
            Some(used) if !retire::is_nobodys(key, seen.now) => refuse(
                &format!("left by a rotation that was given up, yet {used}"),
                "Find who uses it, move them to AWSCURRENT and delete it by hand.",
            ),
            // Whoever puts a value can label it with the id of any key.
            Some(_) if key.status == KeyStatus::Active && !seen.claims.is_held(&key.id) => refuse(
                "a label says that a version of this secret holds it, and the version's value does not",
                "Check who labelled the version (CloudTrail: PutSecretValue, UpdateSecretVersionStage), and take the label off.",
            ),
            Some(LastUse::Never) => Ok("left by a rotation that was given up, never used".into()),
            Some(LastUse::At { .. }) => {
                Ok("left by a rotation that was given up, used for its proof alone".into())
            }
        },
        KeyRole::Previous if key.status == KeyStatus::Inactive => Ok("superseded and inactive".into()),
        KeyRole::Previous => {
            let Some(superseded) = seen.current_since() else {
                return refuse(
                    "it is in an older version, and AWSCURRENT holds no key of this user",
                    "Check which key is in use, then delete the other by hand.",
                );
            };
            let policy = after_a_rescue(key, seen, policy)?;
            retire::may_deactivate(key, superseded, &policy, seen.now).map_err(|problem| Refusal {
                problem,
                other: None,
                remedy: "Let its users fetch AWSCURRENT and rotate again after that, or deactivate it by hand.",
            })
        }
        KeyRole::Unknown => match (policy.unknown_keys, key.status) {
            (UnknownKeys::Refuse, _) => refuse(
                "it is in no version of this secret",
                "Delete it by hand if nobody needs it, or set ROTATOR_UNKNOWN_KEYS.",
            ),
            (_, KeyStatus::Inactive) => Ok("in no version, and inactive".into()),
            (UnknownKeys::DeleteOldest, KeyStatus::Active) => {
                Ok("in no version, and ROTATOR_UNKNOWN_KEYS is delete-oldest".into())
            }
            (UnknownKeys::DeleteInactive, KeyStatus::Active) => refuse(
                "it is in no version of this secret and somebody may use it",
                "Deactivate it by hand if nobody does, then rotate again.",
            ),
        },
    }
}

/// What counts for a superseded key that somebody made active again: it is held for its overlap, a day at
/// least, and then only goes when nobody uses it, whatever the overlap. The sweep notes on the secret that a
/// key was inactive.
fn after_a_rescue(
    key: &AccessKey,
    seen: &Observation,
    policy: &Policy,
) -> std::result::Result<Policy, Refusal> {
    let ledger = super::sweep::ledger_of(Some(&seen.secret), seen.now);
    // A sweep that acts notes the rescue. Where none does any more, the note that it was inactive stays for good.
    let noted = |since| retire::after(since, policy.recovery + retire::QUIET).min(seen.now);
    let again = ledger.active_again(&key.id).or_else(|| ledger.inactive_since(&key.id).map(noted));
    let Some(again) = again else { return Ok(*policy) };
    let until = retire::after(again, policy.overlap.max(retire::HELD));
    if seen.now < until {
        return Err(Refusal {
            problem: format!("it was deactivated and somebody made it active again; it stays until {until}"),
            remedy: "Move what uses it to AWSCURRENT; then deactivate it, or rotate again after that time.",
            other: None,
        });
    }
    Ok(Policy { overlap: policy.overlap.max(retire::SHORTEST), ..*policy })
}

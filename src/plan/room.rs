//! Room under the two-key limit, by proof of ownership.
//!
//! IAM allows [two access keys a user](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html),
//! inactive ones included. Before a new one can be made, at most one may be left.

use super::{Change, Planned, because, deletion, retire};
use crate::error::Error;
use crate::model::names::AWSCURRENT;
use crate::model::{
    AccessKey, AccessKeyId, Claims, KeyRole, KeyStatus, Keyring, LastUse, Ledger, Phrase, Policy,
    UnknownKeys, UserRef, Version, phrase,
};

const LIMIT: usize = 2;

/// A key that is in the way of the next one and may not go.
pub(super) struct Blocked {
    key: AccessKeyId,
    refusal: Refusal,
}

struct Refusal {
    problem: Phrase,
    remedy: &'static str,
    /// The secret whose AWSCURRENT may hold the key.
    other: Option<String>,
}

impl Blocked {
    /// What the rotation fails with.
    pub(super) fn error(self, user: &UserRef) -> Error {
        let (key, user) = (self.key, user.clone());
        let Refusal { problem, remedy, other } = self.refusal;
        match other {
            Some(other) => Error::SecretConflict { key, user, other, remedy },
            None => Error::KeyLimit { key, user, problem: problem.to_string(), remedy },
        }
    }

    /// The key that is in the way.
    pub(super) fn key(&self) -> &AccessKeyId {
        &self.key
    }

    /// What stands in the way, without what to do about it.
    pub(super) fn problem(&self) -> Phrase {
        match &self.refusal.other {
            Some(other) => {
                phrase!("key ", &self.key, format_args!(" stays: AWSCURRENT of secret {other} may hold it"))
            }
            None => {
                let limit = "the user has two access keys, the limit, and ";
                phrase!(limit, &self.key, " may not be removed: ", &self.refusal.problem)
            }
        }
    }

    /// What a sweep finds.
    pub(super) fn evidence(&self) -> Phrase {
        let Refusal { problem, remedy, other } = &self.refusal;
        let remedy = remedy.trim_end_matches('.');
        match other {
            Some(other) => {
                let why = format_args!(
                    " stays: AWSCURRENT of secret {other} may hold it, so its consumers may use it. "
                );
                phrase!("key ", &self.key, why, "Nothing was changed. ", remedy)
            }
            None => {
                let limit = "the user has two access keys, the limit, and ";
                phrase!(limit, &self.key, " may not be removed: ", problem, ". Nothing was changed. ", remedy)
            }
        }
    }
}

/// What must go before a key can be made, or the key that is in the way and may not go.
pub(super) fn make(
    seen: Keyring<'_>,
    claims: &Claims,
    policy: &Policy,
) -> Result<Vec<Planned<Change>>, Blocked> {
    let mut actions = orphans(seen);
    if seen.keys.len() - actions.len() < LIMIT {
        return Ok(actions);
    }
    let mut verdicts: Vec<(&AccessKey, Result<Phrase, Refusal>)> = seen
        .keys
        .iter()
        .filter(|key| seen.role(key) != KeyRole::Orphan)
        .map(|key| {
            (
                key,
                may_remove(key, seen, claims, policy)
                    .and_then(|reason| nobody_else_holds(key, seen, claims, reason)),
            )
        })
        .collect();
    // What may go comes first; among those an inactive key, then the older one.
    verdicts.sort_by_key(|(key, verdict)| (verdict.is_err(), key.status == KeyStatus::Active, key.created));
    for (key, verdict) in verdicts {
        match verdict {
            Ok(reason) => {
                actions.extend(deletion(seen.secret, &key.id, reason));
                return Ok(actions);
            }
            Err(mut refusal) if refusal.other.is_some() || seen.role(key) != KeyRole::Current => {
                let state = format_args!("{}, created ", key.status);
                refusal.problem = phrase!(state, key.created, "; ", &refusal.problem);
                return Err(Blocked { key: key.id.clone(), refusal });
            }
            Err(_) => {}
        }
    }
    Ok(actions)
}

/// What stands in the way of a rotation's new key, as far as labels and keys tell.
pub(crate) fn blocked(seen: Keyring<'_>, user: &UserRef, policy: &Policy) -> Option<Error> {
    make(seen, &Claims::default(), policy).err().map(|blocked| blocked.error(user))
}

/// Deletes keys that nobody holds the secret of. Asked for after every lost answer.
pub(super) fn orphans(seen: Keyring<'_>) -> Vec<Planned<Change>> {
    seen.orphans()
        .into_iter()
        .flat_map(|key| {
            deletion(seen.secret, &key.id, "made by an attempt of this rotation whose answer was lost")
        })
        .collect()
}

/// Takes the labels of keys that are gone off superseded versions, as a crash between the deletion
/// of a key and that of its label leaves them. A secret may have twenty labels.
pub(super) fn stale_labels(seen: Keyring<'_>) -> Vec<Planned<Change>> {
    let versions = seen.secret.map_or(&[][..], |secret| &secret.versions);
    let superseded = |version: &&Version| !version.has(AWSCURRENT) && Some(&version.id) != seen.making;
    let labelled = versions.iter().filter(superseded).filter(|version| version.is_labelled());
    let gone = labelled.filter_map(|version| {
        let key = version.key.clone().filter(|key| seen.find(key).is_none())?;
        Some(because(Change::RemoveLabel { version: version.id.clone(), key }, "its key is gone"))
    });
    gone.collect()
}

/// A key that another secret's consumers may use is not deleted, whatever it is to this secret.
fn nobody_else_holds(
    key: &AccessKey,
    seen: Keyring<'_>,
    claims: &Claims,
    reason: Phrase,
) -> Result<Phrase, Refusal> {
    match claims.holder_elsewhere(key, seen.now) {
        None => Ok(reason),
        Some(other) => Err(Refusal {
            problem: phrase!(format_args!("AWSCURRENT of secret {other} may hold it")),
            remedy: "The user has two keys, and this one must be deleted before another can be created: move the consumers of one secret to the other, and delete the secret that is not needed.",
            other: Some(other.to_owned()),
        }),
    }
}

fn may_remove(
    key: &AccessKey,
    seen: Keyring<'_>,
    claims: &Claims,
    policy: &Policy,
) -> Result<Phrase, Refusal> {
    let refuse = |problem: &str, remedy| Err(Refusal { problem: problem.into(), remedy, other: None });
    match seen.role(key) {
        KeyRole::Current | KeyRole::Pending | KeyRole::Orphan => refuse("it is in use by this secret", ""),
        KeyRole::Abandoned => match &key.last_use {
            None => refuse("its last use was not read", "Rotate again."),
            Some(used) if !retire::is_nobodys(key, seen.now) => Err(Refusal {
                problem: phrase!("left by a rotation that was given up, yet ", used),
                remedy: "Find who uses it, move them to AWSCURRENT and delete it by hand.",
                other: None,
            }),
            // Whoever puts a value can label it with the id of any key.
            Some(_) if key.status == KeyStatus::Active && !claims.is_held(&key.id) => refuse(
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
fn after_a_rescue(key: &AccessKey, seen: Keyring<'_>, policy: &Policy) -> Result<Policy, Refusal> {
    let ledger = Ledger::of(seen.secret, seen.now);
    // A sweep that acts notes the rescue. Where none does any more, the note that it was inactive stays for good.
    let noted = |since| retire::after(since, policy.recovery + retire::QUIET).min(seen.now);
    let again = ledger.active_again(&key.id).or_else(|| ledger.inactive_since(&key.id).map(noted));
    let Some(again) = again else { return Ok(*policy) };
    let until = retire::after(again, policy.overlap.max(retire::HELD));
    if seen.now < until {
        return Err(Refusal {
            problem: phrase!("it was deactivated and somebody made it active again; it stays until ", until),
            remedy: "Move what uses it to AWSCURRENT; then deactivate it, or rotate again after that time.",
            other: None,
        });
    }
    Ok(Policy { overlap: policy.overlap.max(retire::SHORTEST), ..*policy })
}

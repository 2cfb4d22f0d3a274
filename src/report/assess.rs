//! What a visit saw of one user becomes evidence. Pure: what it says was read before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::controls::{CONTROLS, questions_of};
use super::evidence::{Event, Finding, Key, Policy, Secret, Source, Use, User, Validation, What};
use crate::config::{Scope, SweepConfig};
use crate::model::{
    AccessKey, AccessKeyId, FindingKind, KeyRole, KeyStatus, Keyring, LastUse, Ledger, Phrase, SecretState,
    VersionId, duration_text, filled, phrase,
};
use crate::plan::deactivation_time;
use crate::sweep::Visit;

/// What is seen to come, of one user.
const MOST_NEXT: usize = 8;
/// What to do about an old key that nothing rotates.
pub(super) const NOT_ENROLLED: &str = "Nothing rotates this key. Enroll the user: `iam-key-rotator enroll USER`. If no program needs the key, delete it instead.";

/// All of one user, from a visit in audit mode and the dates of the secret's versions.
pub(super) fn user(
    visit: &Visit,
    stored: &BTreeMap<VersionId, Timestamp>,
    config: &SweepConfig,
    now: Timestamp,
) -> User {
    let seen = visit.keyring(now);
    let mut keys: Vec<&AccessKey> = visit.keys.iter().collect();
    keys.sort_by_key(|key| key.created);
    let secret = visit.secret.as_ref();
    let applies = visit.exempt.is_none() && (secret.is_some() || config.scope == Scope::All);
    User {
        name: visit.user.name.to_string(),
        arn: visit.user.arn(),
        exemption: visit.exempt.clone(),
        policy: applies.then(|| policy(config, secret)),
        keys: keys.into_iter().map(|key| self::key(key, seen, secret.is_some().then_some(config))).collect(),
        secret: secret.map(|secret| self::secret(secret, stored)),
        validation: secret.map(|secret| validation(secret, &visit.keys)),
        findings: visit.findings.iter().map(|found| finding(found, visit)).collect(),
        unmet: Vec::new(),
        next: next(visit),
        history: history(seen, secret, stored),
        failure: visit.failure.as_ref().map(|error| shortened(&error.chain())),
    }
}

/// The policy in words; a secret whose tags cannot be read has the settings' and a finding.
pub(super) fn policy(config: &SweepConfig, secret: Option<&SecretState>) -> Policy {
    let settings = config.shared.policy;
    let own = secret.and_then(|secret| settings.with_tags(&secret.tags).ok()).unwrap_or(settings);
    Policy {
        rotate_after: duration_text(config.rotate_after),
        overlap: duration_text(own.overlap),
        recovery: duration_text(own.recovery),
        by_tags: own != settings,
    }
}

/// What AWS said, with the key ids in it shortened.
fn shortened(text: &str) -> String {
    let short = |word: &str| {
        let id = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        match AccessKeyId::from_label(id) {
            Some(key) => format!("…{}{}", key.suffix(), &word[id.len()..]),
            None => word.to_owned(),
        }
    };
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(short).collect()
}

/// One key; `config` only where a secret holds the user's keys.
fn key(key: &AccessKey, seen: Keyring<'_>, config: Option<&SweepConfig>) -> Key {
    let role = if config.is_some() { seen.role(key).name() } else { "not enrolled" };
    Key {
        suffix: key.id.suffix(),
        created: key.created,
        age_days: seen.now.duration_since(key.created).as_hours() / 24,
        active: key.status == KeyStatus::Active,
        role: role.to_owned(),
        last_used: match &key.last_use {
            Some(LastUse::At { time, service, region }) => {
                Some(Use { at: *time, service: service.clone(), region: region.clone() })
            }
            Some(LastUse::Never) | None => None,
        },
        overlap_ends: config.and_then(|config| overlap_ends(key, seen, config)),
    }
}

/// When the plan deactivates an active superseded key, if nobody uses it. A key that is younger than the
/// current one was not superseded: AWSCURRENT was moved back.
fn overlap_ends(key: &AccessKey, seen: Keyring<'_>, config: &SweepConfig) -> Option<Timestamp> {
    let is_superseded = seen.role(key) == KeyRole::Previous && !seen.is_younger_than_current(key);
    if seen.current().is_none() || !is_superseded || key.status != KeyStatus::Active {
        return None;
    }
    let settings = config.shared.policy;
    let policy = seen.secret.and_then(|secret| settings.with_tags(&secret.tags).ok()).unwrap_or(settings);
    Some(deactivation_time(seen.current_since()?, &policy))
}

fn secret(secret: &SecretState, stored: &BTreeMap<VersionId, Timestamp>) -> Secret {
    let version = secret.current().map(|version| &version.id);
    Secret {
        name: secret.name.clone(),
        arn: secret.arn.clone(),
        version_stored: version.and_then(|version| stored.get(version).copied()),
        version: version.map(|version| version.as_str().to_owned()),
        last_rotated: secret.last_rotated,
        next_rotation: secret.next_rotation.filter(|_| secret.rotation_enabled && secret.rotation_scheduled),
        // Nothing rotates a secret that is scheduled for deletion.
        rotation_enabled: secret.rotation_enabled && secret.deleted.is_none(),
    }
}

fn validation(secret: &SecretState, keys: &[AccessKey]) -> Validation {
    let label = secret.current().and_then(|version| version.key.as_ref());
    let key = label.and_then(|label| keys.iter().find(|key| key.id == *label));
    Validation {
        labelled: label.is_some(),
        listed: key.is_some(),
        active: key.is_some_and(|key| key.status == KeyStatus::Active),
    }
}

fn finding(finding: &crate::model::Finding, visit: &Visit) -> Finding {
    let questions = questions_of(finding.kind);
    let controls = CONTROLS.iter().filter(|control| questions.contains(&control.question));
    let mut controls: Vec<String> = controls.map(ToString::to_string).collect();
    controls.dedup();
    Finding {
        kind: finding.kind.to_string(),
        key: finding.key.as_ref().map(AccessKeyId::suffix),
        evidence: finding.evidence.for_auditors(),
        remedy: match finding.kind {
            FindingKind::KeyOverdue if visit.secret.is_none() => {
                filled(NOT_ENROLLED, &visit.user.name, None, None)
            }
            _ => shortened(&finding.remedy),
        },
        questions: questions.iter().map(|question| question.name().to_owned()).collect(),
        controls,
    }
}

fn next(visit: &Visit) -> Vec<Phrase> {
    let due = visit.actions.iter().map(|planned| phrase!("due: ", &planned.said().for_auditors()));
    let coming = visit.coming.iter().map(|coming| {
        let what = coming.event.as_str();
        Phrase::from(format!("{}: {what} of …{}", coming.at.strftime("%Y-%m-%d"), coming.key.suffix()))
    });
    due.chain(coming).take(MOST_NEXT).collect()
}

/// What AWS keeps of what happened: when keys were made that are still there, when versions were
/// stored, when the last rotation ended; and since when the sweep knows a key to be inactive.
fn history(
    seen: Keyring<'_>,
    secret: Option<&SecretState>,
    stored: &BTreeMap<VersionId, Timestamp>,
) -> Vec<Event> {
    let exact = |what, key, at, source| Event { what, key, at, not_before: None, source };
    let mut events: Vec<Event> =
        seen.keys.iter().map(|key| exact(What::Created, key.id.suffix(), key.created, Source::Iam)).collect();
    let Some(secret) = secret else { return events };
    let holds_listed_key = |id: &VersionId| {
        let version = secret.version(id);
        let key = version.and_then(|version| version.key.as_ref());
        key.is_some_and(|key| seen.find(key).is_some())
    };
    let gone = stored.iter().filter(|(id, _)| !holds_listed_key(id));
    events.extend(gone.map(|(_, at)| exact(What::Stored, String::new(), *at, Source::SecretsManager)));
    if let Some((key, rotated)) =
        seen.current().zip(secret.last_rotated).filter(|(key, at)| *at >= key.created)
    {
        events.push(exact(What::Promoted, key.id.suffix(), rotated, Source::SecretsManager));
    }
    let ledger = Ledger::of(Some(secret), seen.now);
    for key in seen.keys.iter().filter(|key| key.status == KeyStatus::Inactive) {
        if let Some(since) = ledger.inactive_since(&key.id) {
            events.push(exact(What::Deactivated, key.id.suffix(), since, Source::Sweep));
        }
    }
    events.sort_by_key(|event| event.at);
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ids_are_shortened_wherever_they_stand_in_a_text() {
        assert_eq!(
            shortened("AKIAIOSFODNN7EXAMPLE and (AKIAIOSFODNN7EXAMPL2): both active"),
            "…MPLE and (…MPL2): both active"
        );
        assert_eq!(
            shortened("AKIA is no key, nor is AWSCURRENT, naïve"),
            "AKIA is no key, nor is AWSCURRENT, naïve"
        );
    }
}

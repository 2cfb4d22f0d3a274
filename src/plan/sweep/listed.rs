//! A user's keys as lists alone show them: the credential report, which dates them and does not name them, and
//! staging labels, which name them.

use jiff::SignedDuration;

use crate::model::names::AWSPREVIOUS;
use crate::model::{AccessKey, AccessKeyId, KeyStatus, Ledger, ReportedKey, SecretState};

/// A rotation makes its key before it ends, and its steps are repeated for hours at most.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);
/// The report dates a key to the second, and rotations end by another clock of AWS.
const CLOCKS: SignedDuration = SignedDuration::from_secs(60);

/// The user's keys by their ids; a key whose id no list shows has a number instead. Their dates are those of the
/// last change, and up to four hours old: enough to show, and nothing is ever done on their word.
///
/// `None` where lists may be mistaken: the user must be asked about at IAM.
pub(crate) fn keys_of_lists(
    reported: &[ReportedKey],
    secret: Option<&SecretState>,
    ledger: &Ledger,
) -> Option<Vec<AccessKey>> {
    let named = |key: &ReportedKey, id: AccessKeyId| {
        Some(AccessKey {
            id,
            status: if key.active { KeyStatus::Active } else { KeyStatus::Inactive },
            created: key.changed?,
            last_use: key.last_use.clone(),
        })
    };
    let numbered = |key: &ReportedKey| named(key, AccessKeyId::numbered(key.nth));
    let Some(secret) = secret else { return reported.iter().map(numbered).collect() };
    if secret.deleted.is_some() || secret.pending().not_current().is_some() {
        return None;
    }
    let previous = secret.staged(AWSPREVIOUS).and_then(|version| version.key.clone());
    // Which key a value holds that was stored by hand, no list shows.
    let current = secret.current()?.key.clone()?;
    // The report may show nothing of an inactive key, which the ledger remembers.
    let inactive = previous.as_ref().and_then(|key| ledger.inactive_since(key));
    match reported {
        [only] if only.active && is_of_labels(only, secret) => {
            let current = named(only, current)?;
            let remembered = previous.zip(inactive).map(|(id, since)| AccessKey {
                id,
                status: KeyStatus::Inactive,
                created: since.min(current.created),
                last_use: None,
            });
            Some(remembered.into_iter().chain([current]).collect())
        }
        [first, second] => {
            let (older, newer) = match (first.active, second.active) {
                (false, true) => (first, second),
                (true, false) => (second, first),
                (true, true) if first.changed <= second.changed => (first, second),
                (true, true) => (second, first),
                (false, false) => return None,
            };
            // The report is older than the deactivation, or somebody made the key active again.
            let in_doubt = older.active && inactive.is_some();
            // A key that was made in the same day may be the one that somebody made active again.
            let told_apart = match (older.changed.zip(secret.last_rotated), older.active) {
                (Some((changed, rotated)), true) => changed.duration_since(rotated) < -ROTATION,
                (Some(_), false) => true,
                (None, _) => false,
            };
            if in_doubt || !told_apart || !is_of_labels(newer, secret) {
                return None;
            }
            // An inactive key was changed last when it was deactivated; made it was before its successor.
            let (older, newer) = (named(older, previous?)?, named(newer, current)?);
            Some(vec![AccessKey { created: older.created.min(newer.created), ..older }, newer])
        }
        _ => None,
    }
}

/// Whether the key can be the one that the labels name. The last rotation made it; where there was none, it was there
/// when the secret was made. A key that was changed before is of an older report; one that was changed later was made
/// active again, or put in the place of another.
fn is_of_labels(key: &ReportedKey, secret: &SecretState) -> bool {
    let Some(changed) = key.changed else { return false };
    match (secret.last_rotated, secret.created) {
        (Some(rotated), _) => {
            let since_end = changed.duration_since(rotated);
            -ROTATION <= since_end && since_end <= CLOCKS
        }
        (None, Some(created)) => changed.duration_since(created) <= CLOCKS,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names::{AWSCURRENT, AWSPENDING, TAG_NOTICES};
    use crate::plan::sample::{DAY, HOUR, NEW, OLD, at, id, version};

    /// The secret of a user whose old key was superseded at second 0.
    fn secret() -> SecretState {
        SecretState {
            versions: vec![version("v1", &[AWSPREVIOUS, OLD]), version("v2", &[AWSCURRENT, NEW])],
            last_rotated: Some(at(0)),
            ..SecretState::default()
        }
    }

    /// Keys as the report shows them: active, and the second of their last change.
    fn shown(keys: &[(bool, i64)], secret: Option<&SecretState>) -> Option<Vec<String>> {
        let reported: Vec<ReportedKey> = (1..)
            .zip(keys)
            .map(|(nth, (active, changed))| ReportedKey {
                nth,
                active: *active,
                changed: Some(at(*changed)),
                last_use: None,
            })
            .collect();
        let keys = keys_of_lists(&reported, secret, &Ledger::of(secret, at(9 * DAY)))?;
        Some(keys.iter().map(|key| format!("{} {}", key.id.as_str(), key.status)).collect())
    }

    fn are(keys: &[(bool, i64)], expected: &[(&str, &str)]) {
        let expected: Vec<String> =
            expected.iter().map(|(name, status)| format!("{} {status}", id(name).as_str())).collect();
        assert_eq!(shown(keys, Some(&secret())), Some(expected), "{keys:?}");
    }

    #[test]
    fn a_user_without_a_secret_has_numbered_keys() {
        let keys = shown(&[(true, 5), (false, 3)], None);
        assert_eq!(keys, Some(vec!["key 1 active".into(), "key 2 inactive".into()]));
        assert_eq!(shown(&[], None), Some(Vec::new()));
    }

    #[test]
    fn labels_name_the_keys_whichever_the_report_numbers_first() {
        are(&[(true, -60)], &[(NEW, "active")]);
        for (old, new) in [((true, -90 * DAY), (true, -60)), ((false, 8 * DAY), (true, -60))] {
            let expected = [(OLD, if old.0 { "active" } else { "inactive" }), (NEW, "active")];
            are(&[old, new], &expected);
            are(&[new, old], &expected);
        }
    }

    fn remembering() -> SecretState {
        let mut ledger = Ledger::default();
        ledger.note_status(&id(OLD), true, at(7 * DAY));
        let mut secret = secret();
        secret.tags.insert(TAG_NOTICES.into(), ledger.to_tag());
        secret
    }

    #[test]
    fn an_inactive_key_that_the_report_leaves_out_is_known_by_the_ledger() {
        let keys = shown(&[(true, -60)], Some(&remembering()));
        assert_eq!(keys, Some(vec![format!("{OLD} inactive"), format!("{NEW} active")]));
    }

    #[test]
    fn a_superseded_key_is_never_younger_than_its_successor() {
        let reported =
            |nth, active, changed| ReportedKey { nth, active, changed: Some(at(changed)), last_use: None };
        let both = [reported(1, false, 8 * DAY), reported(2, true, -60)];
        for keys in [&both[..], &both[1..]] {
            let secret = remembering();
            let ledger = Ledger::of(Some(&secret), at(9 * DAY));
            let keys = keys_of_lists(keys, Some(&secret), &ledger).unwrap();
            assert_eq!(keys.iter().map(|key| key.created).collect::<Vec<_>>(), [at(-60), at(-60)]);
        }
    }

    #[test]
    fn where_lists_may_be_mistaken_they_name_no_key() {
        for keys in [
            // A report from before the rotation.
            &[(true, -90 * DAY)][..],
            &[(true, -90 * DAY), (true, -30 * DAY)],
            // Another key in the place of the current one, or that one made active again.
            &[(true, 2 * HOUR)],
            &[(true, 61)],
            // The old key, made active again within the hour, and two keys of one day.
            &[(true, 600), (true, -60)],
            &[(true, -5 * HOUR), (true, -60)],
            // The old key, made active again: it looks younger than the new one.
            &[(true, 5 * DAY), (true, -60)],
            &[(true, 2 * HOUR), (true, -60)],
            // A key in use that is inactive, and a user without one.
            &[(false, 5 * DAY)],
            &[(false, 5 * DAY), (false, -60)],
            &[],
        ] {
            assert_eq!(shown(keys, Some(&secret())), None, "{keys:?}");
        }
        // The ledger has the old key inactive, and the report shows it active.
        assert_eq!(shown(&[(true, -90 * DAY), (true, -60)], Some(&remembering())), None);
        let one = |stages: &[&str]| SecretState { versions: vec![version("v2", stages)], ..secret() };
        let two = &[(true, -90 * DAY), (true, -60)];
        // Never rotated: the key is as old as the secret, or another is in its place.
        let fresh = |created| SecretState { last_rotated: None, created, ..one(&[AWSCURRENT, NEW]) };
        assert!(shown(&[(true, -60)], Some(&fresh(Some(at(0))))).is_some());
        assert_eq!(shown(&[(true, 61)], Some(&fresh(Some(at(0))))), None);
        assert_eq!(shown(&[(true, -60)], Some(&fresh(None))), None);
        // A second key that is in no version, a value stored by hand, and a rotation under way.
        assert_eq!(shown(two, Some(&one(&[AWSCURRENT, NEW]))), None);
        assert_eq!(shown(&[(true, -60)], Some(&one(&[AWSCURRENT]))), None);
        let mut making = secret();
        making.versions.push(version("v3", &[AWSPENDING]));
        assert_eq!(shown(&[(true, -60)], Some(&making)), None);
        let deleted = SecretState { deleted: Some(at(0)), ..secret() };
        assert_eq!(shown(&[(true, -60)], Some(&deleted)), None);
    }
}

//! When may a superseded key go?

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{AccessKey, InUse, LastUse, Phrase, Policy, phrase};

/// How long GetAccessKeyLastUsed may lag behind a use
/// ([IAM user guide](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html#Using_RotateAccessKey)).
pub(super) const LAST_USED_LAG: Duration = Duration::from_secs(4 * 60 * 60);

/// How long a key that was used after it was superseded counts as being in use: longer than a
/// monthly job sleeps.
pub(super) const QUIET: Duration = Duration::from_secs(35 * 24 * 60 * 60);

/// How long at least a key stays active that somebody made active again.
pub(super) const HELD: Duration = Duration::from_secs(24 * 60 * 60);
/// An overlap that is none, and yet asks for the proof of disuse.
pub(super) const SHORTEST: Duration = Duration::from_secs(1);

/// Whether a superseded, still active key may be deactivated now: the reason, or the reason not to.
///
/// The overlap must be over, and unless the policy says otherwise nobody may have used the key
/// since its successor was promoted, or not for so long that a late-comer has moved on. An overlap
/// of zero asks for no such proof: it means at once.
pub(super) fn may_deactivate(
    key: &AccessKey,
    superseded: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> Result<Phrase, Phrase> {
    if policy.overlap.is_zero() {
        return Ok(phrase!("superseded ", superseded, ", and the overlap is 0"));
    }
    let over = deactivation_time(superseded, policy);
    if now < over {
        return Err(phrase!("superseded ", superseded, ", it stays active until ", over));
    }
    let Some(last_use) = &key.last_use else {
        return Err("its last use was not read".into());
    };
    match used_since(key, superseded) {
        Some(used) if policy.in_use == InUse::Wait && now < quiet(used) => {
            let until = quiet(used);
            Err(phrase!(
                "superseded ",
                superseded,
                " but still in use, ",
                used,
                "; unless used again it stays until ",
                until
            ))
        }
        _ => Ok(phrase!("superseded ", superseded, ", overlap over ", over, ", ", last_use)),
    }
}

/// Until when a key that was used counts as being in use.
pub(super) fn quiet(used: &LastUse) -> Timestamp {
    match used {
        LastUse::Never => Timestamp::MIN,
        LastUse::At { time, .. } => after(*time, QUIET),
    }
}

/// Whether nobody uses a key of a rotation that was given up. createSecret asks STS whether the secret really holds
/// such a key, which IAM shows as a use at that time: one that may have been the last counts for as long as any
/// other late use.
pub(crate) fn is_nobodys(key: &AccessKey, now: Timestamp) -> bool {
    let proved = |used: &LastUse| matches!(used, LastUse::At { service, .. } if service == "sts");
    key.is_unused() || key.last_use.as_ref().is_some_and(|used| proved(used) && now >= quiet(used))
}

/// When a key that was superseded then may be deactivated: after its overlap, and under `wait` not before its
/// disuse can be known. Plans, mails, status and digests all name this time.
pub(crate) fn deactivation_time(superseded: Timestamp, policy: &Policy) -> Timestamp {
    let proof = match policy.in_use {
        InUse::Wait if !policy.overlap.is_zero() => policy.overlap.max(LAST_USED_LAG),
        InUse::Wait | InUse::Deactivate => policy.overlap,
    };
    after(superseded, proof)
}

/// A policy's durations are at most ten years; a sum beyond the calendar means never.
pub(super) fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

/// Whether a key was used since its successor was promoted, as far as last-used data tell.
pub(super) fn used_since(key: &AccessKey, superseded: Timestamp) -> Option<&LastUse> {
    key.last_use.as_ref().filter(|used| matches!(used, LastUse::At { time, .. } if *time >= superseded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccessKeyId, KeyStatus};

    const HOUR: i64 = 3600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn used(second: i64) -> Option<LastUse> {
        Some(LastUse::At { time: at(second), service: "s3".into(), region: "eu-west-1".into() })
    }

    fn decide(
        overlap_hours: u64,
        in_use: InUse,
        last_use: Option<LastUse>,
        hours: i64,
    ) -> Result<Phrase, Phrase> {
        let key = AccessKey {
            id: AccessKeyId::new("AKIAA"),
            status: KeyStatus::Active,
            created: at(-99),
            last_use,
        };
        let policy =
            Policy { overlap: Duration::from_secs(overlap_hours * 3600), in_use, ..Policy::default() };
        may_deactivate(&key, at(0), &policy, at(hours * HOUR))
    }

    #[test]
    fn not_before_the_overlap_is_over() {
        assert!(decide(24, InUse::Wait, Some(LastUse::Never), 23).is_err());
        assert!(decide(24, InUse::Wait, Some(LastUse::Never), 24).is_ok());
        assert!(decide(0, InUse::Wait, None, 0).is_ok());
    }

    #[test]
    fn a_key_used_since_the_promotion_waits_unless_the_policy_says_otherwise() {
        let refusal = decide(24, InUse::Wait, used(HOUR), 48).unwrap_err().to_string();
        assert!(refusal.contains("s3") && refusal.contains("eu-west-1"), "{refusal}");
        assert!(decide(24, InUse::Deactivate, used(HOUR), 48).is_ok());
        assert!(decide(24, InUse::Wait, used(-HOUR), 48).is_ok());
    }

    #[test]
    fn a_late_comer_has_moved_on_when_not_even_a_monthly_job_has_used_the_key() {
        assert!(decide(24, InUse::Wait, used(HOUR), 34 * 24).is_err());
        assert!(decide(24, InUse::Wait, used(HOUR), 36 * 24).is_ok());
    }

    #[test]
    fn disuse_is_shown_only_beyond_the_lag_of_last_used_data() {
        assert!(decide(1, InUse::Wait, Some(LastUse::Never), 3).is_err());
        assert!(decide(1, InUse::Wait, Some(LastUse::Never), 4).is_ok());
        assert!(decide(1, InUse::Deactivate, Some(LastUse::Never), 1).is_ok());
    }

    #[test]
    fn a_last_use_nobody_read_is_not_taken_as_none() {
        assert!(decide(24, InUse::Deactivate, None, 48).is_err());
    }
}

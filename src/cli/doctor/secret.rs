//! The secret itself: what DescribeSecret shows.

use jiff::SignedDuration;

use super::super::Session;
use super::super::target::Target;
use super::checks::Checks;
use crate::model::names::{TAG_OVERLAP, TAG_RECOVERY, TAG_USER};
use crate::model::{Pending, UserRef, parse_duration};
use crate::plan::unstick::at_work;

const AREA: &str = "secret";
/// A secret has at most this many staging labels
/// ([quotas](https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html)).
const MOST_LABELS: usize = 20;
/// What a rotation needs: AWSPENDING, and the new key's.
const LABELS_NEEDED: usize = 2;
/// How late a schedule may be: its window is a day long at most.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// Looks at what is there of it.
pub(super) fn check(report: &mut Checks, target: &Target<'_>) {
    let secret = &target.secret;
    let described = "secretsmanager:DescribeSecret";
    match secret.deleted {
        Some(at) => report.error(
            AREA,
            "it is scheduled for deletion",
            format!("{described}: DeletedDate {at}"),
            format!(
                "`aws secretsmanager restore-secret --secret-id '{}'`, if it is still needed.",
                secret.arn
            ),
        ),
        None => report.ok(AREA, format!("it exists: {}", secret.arn)),
    }
    match (secret.rotation_enabled, &secret.rotation_function) {
        (true, Some(function)) => report.ok(AREA, format!("it is rotated by {function}")),
        (false, Some(_)) => report.error(
            AREA,
            "rotation is turned off",
            format!("{described}: RotationEnabled is false"),
            "`iam-key-rotator rotate` turns it on again, with a new key.",
        ),
        (_, None) => report.error(
            AREA,
            "it has no rotation function",
            format!("{described}: no RotationLambdaARN"),
            "`iam-key-rotator enroll` gives it one.",
        ),
    }
    check_user(report, target);
    check_settings(report, target);
    check_labels(report, target);
    let now = target.account.now();
    if let Some(next) = secret.next_rotation.filter(|next| now.duration_since(*next) > LATE) {
        report.error(
            AREA,
            "its schedule has not rotated it in time",
            format!("{described}: NextRotationDate {next} has passed"),
            "Look at the last rotation, below; then `iam-key-rotator rotate --wait`.",
        );
    } else if secret.rotation_enabled && !secret.rotation_scheduled {
        report.note(AREA, "it has no schedule of its own: the sweep has it rotated");
    }
}

fn check_user(report: &mut Checks, target: &Target<'_>) {
    let secret = &target.secret;
    let (partition, _, account) = secret.home();
    match (secret.tags.get(TAG_USER), &target.user) {
        (Some(tag), _) if UserRef::parse(tag, partition, account).is_err() => report.error(
            "tag",
            "the tag names no IAM user",
            format!("{TAG_USER} is {tag:?}"),
            "Set it to the user's name, or to the ARN of a user of another account.",
        ),
        (Some(_), _) => report.ok("tag", "it names the secret's user"),
        (None, Some(user)) => report.note(
            "tag",
            format!("none; by its name the secret is {}'s, unless its value names another", user.name),
        ),
        (None, None) => report.error(
            "tag",
            "nothing but its value can tell whose keys it holds",
            format!("no tag {TAG_USER}, and no user of its name"),
            format!("Tag it {TAG_USER} with the name of its IAM user."),
        ),
    }
}

fn check_settings(report: &mut Checks, target: &Target<'_>) {
    for tag in [TAG_OVERLAP, TAG_RECOVERY] {
        let unreadable = target.secret.tags.get(tag).filter(|value| parse_duration(value).is_none());
        if let Some(value) = unreadable {
            report.error(
                "tag",
                "a setting of its own cannot be read",
                format!("{tag} is {value:?}"),
                "Write a duration such as 24h or 7d, or remove the tag.",
            );
        }
    }
}

fn check_labels(report: &mut Checks, target: &Target<'_>) {
    let secret = &target.secret;
    let labels: usize = secret.versions.iter().map(|version| version.stages.len()).sum();
    if labels + LABELS_NEEDED > MOST_LABELS {
        report.error(
            "labels",
            "it has no room for the new key's label",
            format!("{labels} of {MOST_LABELS} staging labels are taken"),
            "Take labels off versions that nobody reads; `iam-key-rotator unstick` takes those of keys that are gone.",
        );
    }
    let pending = secret.pending().not_current();
    let Some(pending) = pending else {
        return report.ok("labels", "no rotation is stuck");
    };
    let found = match secret.pending() {
        Pending::RolledBack(_) => {
            "AWSPENDING is on a version that was current before; the next rotation is refused"
        }
        _ => "a rotation has begun and not ended; the next is refused",
    };
    match at_work(secret, target.account.now()) {
        Some(wait) => report.note("labels", wait.to_string()),
        None => report.error(
            "labels",
            found,
            format!("AWSPENDING is on version {}, which is not AWSCURRENT", pending.id),
            "`iam-key-rotator unstick` shows the way to a clean state.",
        ),
    }
}

/// Whether another secret names the same user.
pub(super) async fn check_rivals(report: &mut Checks, target: &Target<'_>) {
    let Some(user) = &target.user else { return };
    match target.account.candidate(&user.name).await {
        Ok(candidate) => {
            let others: Vec<String> =
                candidate.all_secrets().filter(|arn| *arn != target.secret.arn).map(str::to_owned).collect();
            if others.is_empty() {
                report.ok(AREA, "no other secret names its user");
            } else {
                report.error(
                    AREA,
                    "another secret names the same user: each would take the other's key for a stranger's",
                    others.join(", "),
                    format!("Leave the tag {TAG_USER} on one of them."),
                );
            }
        }
        Err(crate::error::Error::AccessDenied { source, .. }) => report.not_checked(AREA, &source),
        Err(error) => report.warning(
            AREA,
            "not checked: whether another secret names its user",
            error.to_string(),
            "Look again.",
        ),
    }
}

/// Whether its KMS key works.
pub(super) async fn check_kms(report: &mut Checks, session: &Session, target: &Target<'_>) {
    const KMS: &str = "kms";
    let Some(key) = &target.secret.kms_key_id else {
        return report.ok(KMS, "the account's default key");
    };
    match report.answer(KMS, session.aws.kms().key_state(key).await) {
        None => {}
        Some(Some(state)) if state == "Enabled" => report.ok(KMS, format!("{key} is enabled")),
        Some(Some(state)) => report.error(
            KMS,
            "the secret's key does not work: nobody can read the secret",
            format!("kms:DescribeKey: {key} is {state}"),
            "Enable the key, or cancel its deletion.",
        ),
        Some(None) => report.error(
            KMS,
            "the secret's key does not exist",
            format!("kms:DescribeKey: there is no {key}"),
            "The value is lost with the key. Store a new one under another key (`update-secret --kms-key-id`).",
        ),
    }
}

//! What a sweep tells a person, because no rule may decide it.

use std::fmt;

use super::{AccessKeyId, Phrase};

/// The kinds of findings. Their names are stable: digests, alerts and `--json` carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum FindingKind {
    /// AWS reported a key as exposed, and it is active, or its consumers have no other one.
    KeyExposed,
    /// An active key is older than the policy allows.
    KeyOverdue,
    /// The overlap of a superseded key has ended, and the key is still used.
    StillInUse,
    /// An active key is in no version of the user's secret.
    UnknownKey,
    /// A user without a secret has two active keys: which of them counts cannot be told.
    TwoActiveKeys,
    /// A key that is due was never used.
    NeverUsed,
    /// A rotation began long ago and has not ended.
    RotationStuck,
    /// Rotation is turned off, and the key is due.
    RotationOff,
    /// Nothing rotates the secret, and the key is due.
    NoRotationFunction,
    /// A key is in the way of the next rotation and may not be removed.
    RotationBlocked,
    /// The secret's own schedule did not rotate it in time.
    ScheduleMissed,
    /// More than one secret names the user.
    SecretConflict,
    /// The secret's name belongs to another secret.
    NameTaken,
    /// AWSCURRENT's key is none of the user's.
    CurrentKeyMissing,
    /// AWSCURRENT's key is inactive.
    CurrentKeyInactive,
    /// AWSCURRENT was moved back to an older key.
    RolledBack,
    /// There is no such user.
    UserMissing,
    /// An exempt user's key is older than the policy allows.
    ExemptButOld,
    /// A setting on the secret cannot be read.
    UnreadableSetting,
    /// A secret is tagged with the user, and nobody with authority enrolled it.
    NotEnrolled,
    /// A superseded key was made active again after its deactivation.
    Reactivated,
    /// A superseded key is active long after the time of its deactivation.
    NotRetired,
    /// The tag that the sweep remembers by held what the sweep did not write.
    NotesDropped,
    /// The user's secret is scheduled for deletion.
    SecretDeleted,
    /// The user's name holds a character that no secret's name and no tag may hold.
    NameUnusable,
    /// A tag that names where a user's mails go holds no mail address.
    UnusableAddress,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The key it is about, if it is about one.
    pub(crate) key: Option<AccessKeyId>,
    pub(crate) evidence: Phrase,
    /// What to do about it.
    pub(crate) remedy: String,
    /// Whether it has not been reported yet, as far as the ledger remembers.
    pub new: bool,
}

const SECRET_CONFLICT: &str = "Decide which secret holds the user's keys, move the consumers of the other secret to it, and delete the other secret. Until then no key of the user is deactivated or deleted.";
const NAME_TAKEN: &str = "Check who created that secret. If it is the user's, enroll it: `iam-key-rotator enroll USER --secret NAME`. If not, delete it, or choose another `ROTATOR_SECRET_NAME`.";
const NOT_ENROLLED: &str = "If that secret should hold the user's keys, enroll it: `iam-key-rotator enroll USER --secret NAME`. If not, remove its tag `iam-key-rotator:user`, and check who set it (CloudTrail: TagResource, CreateSecret). Until then nothing is changed.";

impl FindingKind {
    /// All of them, each with its letter in the ledger.
    pub(crate) const LETTERS: [(char, Self); 26] = [
        ('8', Self::KeyExposed),
        ('o', Self::KeyOverdue),
        ('u', Self::StillInUse),
        ('s', Self::UnknownKey),
        ('2', Self::TwoActiveKeys),
        ('n', Self::NeverUsed),
        ('p', Self::RotationStuck),
        ('f', Self::RotationOff),
        ('l', Self::NoRotationFunction),
        ('q', Self::RotationBlocked),
        ('w', Self::ScheduleMissed),
        ('c', Self::SecretConflict),
        ('g', Self::NameTaken),
        ('k', Self::CurrentKeyMissing),
        ('i', Self::CurrentKeyInactive),
        ('b', Self::RolledBack),
        ('m', Self::UserMissing),
        ('e', Self::ExemptButOld),
        ('y', Self::UnreadableSetting),
        ('j', Self::NotEnrolled),
        ('v', Self::Reactivated),
        ('t', Self::NotRetired),
        ('z', Self::NotesDropped),
        ('5', Self::SecretDeleted),
        ('3', Self::NameUnusable),
        ('4', Self::UnusableAddress),
    ];

    /// Its stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::KeyExposed => "KeyExposed",
            Self::KeyOverdue => "KeyOverdue",
            Self::StillInUse => "StillInUse",
            Self::UnknownKey => "UnknownKey",
            Self::TwoActiveKeys => "TwoActiveKeys",
            Self::NeverUsed => "NeverUsed",
            Self::RotationStuck => "RotationStuck",
            Self::RotationOff => "RotationOff",
            Self::NoRotationFunction => "NoRotationFunction",
            Self::RotationBlocked => "RotationBlocked",
            Self::ScheduleMissed => "ScheduleMissed",
            Self::SecretConflict => "SecretConflict",
            Self::NameTaken => "NameTaken",
            Self::CurrentKeyMissing => "CurrentKeyMissing",
            Self::CurrentKeyInactive => "CurrentKeyInactive",
            Self::RolledBack => "RolledBack",
            Self::UserMissing => "UserMissing",
            Self::ExemptButOld => "ExemptButOld",
            Self::UnreadableSetting => "UnreadableSetting",
            Self::NotEnrolled => "NotEnrolled",
            Self::Reactivated => "Reactivated",
            Self::NotRetired => "NotRetired",
            Self::NotesDropped => "NotesDropped",
            Self::SecretDeleted => "SecretDeleted",
            Self::NameUnusable => "NameUnusable",
            Self::UnusableAddress => "UnusableAddress",
        }
    }

    /// Whether somebody is called for it. The others are only listed.
    pub(crate) fn alerts(self) -> bool {
        self != Self::NeverUsed
    }

    /// Whether somebody is called for it even where there is no secret to remember on that it was told:
    /// it may be an attempt to get at keys.
    pub(crate) fn alerts_each_time(self) -> bool {
        matches!(self, Self::NotEnrolled | Self::NameTaken | Self::SecretDeleted | Self::NameUnusable)
    }

    /// What a person can do about it. `USER`, `SECRET` and `KEY` stand for the finding's own.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::KeyExposed => {
                "Replace it: `iam-key-rotator rotate USER --revoke-now`; `iam-key-rotator doctor USER` says what stands in the way. If the report was wrong, withdraw it: `aws secretsmanager untag-resource --secret-id SECRET --tag-keys iam-key-rotator:notices`."
            }
            Self::KeyOverdue => {
                "Find out why it was not rotated: `iam-key-rotator doctor USER`. A user without a secret gets one with `iam-key-rotator enroll USER`."
            }
            Self::StillInUse => {
                "Move its consumers to the secret's AWSCURRENT. It is deactivated after 35 days without use; to do it now: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`."
            }
            Self::UnknownKey => {
                "Find out who uses it. If it is not needed, deactivate it, and delete it a week later: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`."
            }
            Self::TwoActiveKeys => {
                "Deactivate the key that is not in use: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`. The sweep then enrolls the user with the other one."
            }
            Self::NeverUsed => {
                "If it is not needed, deactivate it, and delete it a week later: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`."
            }
            Self::RotationStuck => "Show the repair steps: `iam-key-rotator unstick SECRET`.",
            Self::RotationOff => {
                "Turn rotation on again: `iam-key-rotator enroll USER --secret SECRET`. Or exempt the user: `aws iam tag-user --user-name USER --tags Key=iam-key-rotator:exempt,Value=REASON`."
            }
            Self::NoRotationFunction => {
                "Give the secret a rotation function: `iam-key-rotator enroll USER --secret SECRET`."
            }
            Self::RotationBlocked => {
                "Free one of the user's two keys (`iam-key-rotator doctor USER` shows both); the rotation then continues by itself."
            }
            Self::ScheduleMissed => {
                "Find out why its schedule did not rotate it: `iam-key-rotator doctor SECRET`."
            }
            Self::SecretConflict => SECRET_CONFLICT,
            Self::NameTaken => NAME_TAKEN,
            Self::NotEnrolled => NOT_ENROLLED,
            Self::Reactivated => {
                "Move its consumers to the secret's AWSCURRENT. It is deactivated after that time, unless it is still used."
            }
            Self::NotRetired => {
                "Check that a sweep runs in mode retire or enforce: in mode audit no superseded key is retired. To do it now: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`."
            }
            Self::NotesDropped => {
                "Nothing is lost: at most a recovery window starts again and a message is repeated. Check who wrote the tag `iam-key-rotator:notices` (CloudTrail: TagResource)."
            }
            Self::SecretDeleted => {
                "Restore it: `aws secretsmanager restore-secret --secret-id SECRET`. Or move its consumers away and deactivate the user's key. Until then nothing rotates it."
            }
            Self::NameUnusable => {
                "Rename the user or exempt it. Or put its name into the user field of a secret's value, and rotate that secret on its own schedule."
            }
            Self::UnusableAddress => {
                "Correct the tag: one mail address, without a name or a second address. Until then mails go where they would without the tag."
            }
            Self::CurrentKeyMissing => {
                "Consumers read a key that does not work. Check that the secret is the user's, then rotate it: `iam-key-rotator rotate SECRET --wait`. Or correct its tag `iam-key-rotator:user`."
            }
            Self::CurrentKeyInactive => {
                "If the key is needed, activate it: `iam-key-rotator reactivate USER KEY`. If not, delete the secret."
            }
            Self::RolledBack => {
                "Once the cause is fixed, rotate the secret: `iam-key-rotator rotate SECRET --wait`. The newer key is kept until then."
            }
            Self::UserMissing => {
                "If the user is gone for good, delete the secret: `aws secretsmanager delete-secret --secret-id SECRET`. If not, correct the secret's tag `iam-key-rotator:user`."
            }
            Self::ExemptButOld => "Check that the reason for the exemption still holds.",
            Self::UnreadableSetting => {
                "Correct or remove the secret's tag. Until then the user's keys are not changed."
            }
        }
    }

    /// The same with the names filled in, as far as they are known.
    pub(crate) fn remedy_for(self, user: &str, secret: Option<&str>, key: Option<&AccessKeyId>) -> String {
        let key = key.filter(|key| !key.is_numbered()).map(ToString::to_string);
        filled(self.remedy(), user, secret, key.as_deref())
    }

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::LETTERS.into_iter().map(|(_, kind)| kind).find(|kind| kind.as_str() == name)
    }

    /// Where it stands in a list for people. The kinds that many users have come last: they would hide the rare ones.
    pub(crate) fn rank(self) -> usize {
        let common = [Self::KeyOverdue, Self::NeverUsed, Self::ExemptButOld];
        common.iter().position(|kind| *kind == self).map_or(0, |position| position + 1)
    }
}

/// A remedy with the names in the places of `USER`, `SECRET` and `KEY`, as far as they are known.
pub(crate) fn filled(remedy: &str, user: &str, secret: Option<&str>, key: Option<&str>) -> String {
    // `ROTATOR_SECRET_NAME` is one word.
    let ends = |letter: char| !letter.is_ascii_uppercase() && letter != '_';
    let pieces = remedy.split_inclusive(ends).map(|piece| {
        let word = piece.trim_end_matches(ends);
        let name = match word {
            "USER" => Some(user),
            "SECRET" => secret,
            "KEY" => key,
            _ => None,
        };
        name.map_or_else(|| piece.to_owned(), |name| piece.replacen(word, name, 1))
    });
    pieces.collect()
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_carries_the_stable_names() {
        for (_, kind) in FindingKind::LETTERS {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
    }

    #[test]
    fn a_remedy_is_a_command_that_can_be_pasted() {
        let key = AccessKeyId::new("AKIAIOSFODNN7EXAMPLE");
        let remedy = FindingKind::CurrentKeyInactive.remedy_for("KEY", Some("keys/ci"), Some(&key));
        assert!(remedy.contains("`iam-key-rotator reactivate KEY AKIAIOSFODNN7EXAMPLE`"), "{remedy}");
        let remedy = FindingKind::RotationOff.remedy_for("ci", Some("keys/ci"), None);
        assert!(remedy.contains("`iam-key-rotator enroll ci --secret keys/ci`"), "{remedy}");
        for (_, kind) in FindingKind::LETTERS {
            let filled = kind.remedy_for("ci", Some("keys/ci"), Some(&key));
            let mut words = filled.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
            assert!(words.all(|word| !["USER", "SECRET", "KEY"].contains(&word)), "{kind}: {filled}");
        }
    }
}

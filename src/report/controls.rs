//! The one table of what standards ask of access keys, and how this report answers.
//!
//! A control stands here only if somebody other than us maps it to the question: AWS, on the page
//! of the Security Hub control, or Prowler, in its compliance files. An auditor decides what it is
//! worth; `docs/report.md` says what is measured and what is not.

use std::fmt;

use crate::model::FindingKind;

/// What a control comes down to for access keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// Is no active key older than 90 days?
    Age,
    /// Has each user one active key at most?
    OneKey,
    /// Was each active key used within 45 days?
    Used45,
    /// Was each active key used within 90 days?
    Used90,
    /// Is rotation turned on for each secret?
    RotationOn,
    /// Does each rotation end, and in time?
    RotationWorks,
    /// Was each secret rotated within 90 days?
    Rotated90,
}

/// One control of one version of one standard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Control {
    pub(crate) standard: &'static str,
    pub(crate) version: &'static str,
    /// The control's number.
    pub(crate) number: &'static str,
    /// What it comes down to.
    pub(crate) question: Question,
    /// Who maps it so.
    pub(crate) source: &'static str,
}

const IAM_3: &str = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-3";
const IAM_8: &str = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-8";
const IAM_22: &str = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-22";
const SECRETS_1: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html#secretsmanager-1";
const SECRETS_2: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html#secretsmanager-2";
const SECRETS_4: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html#secretsmanager-4";
macro_rules! prowler {
    ($file:literal) => {
        concat!(
            "https://github.com/prowler-cloud/prowler/blob/master/prowler/compliance/aws/",
            $file,
            "_aws.json"
        )
    };
}

const CIS: &str = "CIS AWS Foundations";
const HUB: &str = "Security Hub";
const FSBP: &str = "FSBP 1.0.0";
const PCI: &str = "PCI DSS";
const NIST: &str = "NIST SP 800-53";
const ISO: &str = "ISO/IEC 27001";

const fn control(
    standard: &'static str,
    version: &'static str,
    number: &'static str,
    question: Question,
    source: &'static str,
) -> Control {
    Control { standard, version, number, question, source }
}

/// Every control, by standard, version and number.
pub(crate) const CONTROLS: &[Control] = &[
    control(CIS, "1.2.0", "1.3", Question::Used90, IAM_8),
    control(CIS, "1.2.0", "1.4", Question::Age, IAM_3),
    control(CIS, "1.4.0", "1.12", Question::Used45, IAM_22),
    control(CIS, "1.4.0", "1.13", Question::OneKey, prowler!("cis_1.4")),
    control(CIS, "1.4.0", "1.14", Question::Age, IAM_3),
    control(CIS, "1.5.0", "1.12", Question::Used45, prowler!("cis_1.5")),
    control(CIS, "1.5.0", "1.13", Question::OneKey, prowler!("cis_1.5")),
    control(CIS, "1.5.0", "1.14", Question::Age, prowler!("cis_1.5")),
    control(CIS, "2.0.0", "1.12", Question::Used45, prowler!("cis_2.0")),
    control(CIS, "2.0.0", "1.13", Question::OneKey, prowler!("cis_2.0")),
    control(CIS, "2.0.0", "1.14", Question::Age, prowler!("cis_2.0")),
    control(CIS, "3.0.0", "1.12", Question::Used45, IAM_22),
    control(CIS, "3.0.0", "1.13", Question::OneKey, prowler!("cis_3.0")),
    control(CIS, "3.0.0", "1.14", Question::Age, IAM_3),
    control(CIS, "4.0.1", "1.12", Question::Used45, prowler!("cis_4.0")),
    control(CIS, "4.0.1", "1.13", Question::OneKey, prowler!("cis_4.0")),
    control(CIS, "4.0.1", "1.14", Question::Age, prowler!("cis_4.0")),
    control(CIS, "5.0.0", "1.11", Question::Used45, IAM_22),
    control(CIS, "5.0.0", "1.12", Question::OneKey, prowler!("cis_5.0")),
    control(CIS, "5.0.0", "1.13", Question::Age, IAM_3),
    control(CIS, "6.0.0", "2.11", Question::Used45, prowler!("cis_6.0")),
    control(CIS, "6.0.0", "2.12", Question::OneKey, prowler!("cis_6.0")),
    control(CIS, "6.0.0", "2.13", Question::Age, prowler!("cis_6.0")),
    // 7.0.0 asks no longer for a single active key.
    control(CIS, "7.0.0", "2.11", Question::Used45, prowler!("cis_7.0")),
    control(CIS, "7.0.0", "2.12", Question::Age, prowler!("cis_7.0")),
    control(HUB, FSBP, "IAM.3", Question::Age, IAM_3),
    control(HUB, FSBP, "IAM.8", Question::Used90, IAM_8),
    control(HUB, "", "IAM.22", Question::Used45, IAM_22),
    control(HUB, FSBP, "SecretsManager.1", Question::RotationOn, SECRETS_1),
    control(HUB, FSBP, "SecretsManager.2", Question::RotationWorks, SECRETS_2),
    control(HUB, FSBP, "SecretsManager.4", Question::Rotated90, SECRETS_4),
    control(PCI, "4.0.1", "8.2.6", Question::Used90, IAM_8),
    control(PCI, "4.0.1", "8.3.9", Question::Age, IAM_3),
    control(PCI, "4.0.1", "8.6.3", Question::Age, IAM_3),
    control(PCI, "4.0.1", "8.6.3", Question::RotationOn, SECRETS_1),
    control(PCI, "4.0.1", "8.6.3", Question::RotationWorks, SECRETS_2),
    control(PCI, "4.0.1", "8.6.3", Question::Rotated90, SECRETS_4),
    control(NIST, "rev. 5", "AC-2(1)", Question::Age, IAM_3),
    control(NIST, "rev. 5", "AC-2(1)", Question::RotationOn, SECRETS_1),
    control(NIST, "rev. 5", "AC-2(3)", Question::Age, IAM_3),
    control(NIST, "rev. 5", "AC-2(3)", Question::Used90, IAM_8),
    control(NIST, "rev. 5", "AC-3(15)", Question::Age, IAM_3),
    control(NIST, "rev. 5", "AC-3(15)", Question::RotationOn, SECRETS_1),
    control(ISO, "2022", "A.5.15", Question::Age, prowler!("iso27001_2022")),
    control(ISO, "2022", "A.5.15", Question::Used45, prowler!("iso27001_2022")),
];

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.standard)?;
        if !self.version.is_empty() {
            write!(f, " {}", self.version)?;
        }
        write!(f, " {}", self.number)
    }
}

impl Question {
    pub(crate) const ALL: [Self; 7] = [
        Self::Age,
        Self::OneKey,
        Self::Used45,
        Self::Used90,
        Self::RotationOn,
        Self::RotationWorks,
        Self::Rotated90,
    ];

    /// Its name in data and anchors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Age => "key-age",
            Self::OneKey => "one-active-key",
            Self::Used45 => "used-within-45-days",
            Self::Used90 => "used-within-90-days",
            Self::RotationOn => "rotation-on",
            Self::RotationWorks => "rotation-works",
            Self::Rotated90 => "rotated-within-90-days",
        }
    }

    /// What is asked of a user.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Age => "Active keys are at most 90 days old",
            Self::OneKey => "One active key at most",
            Self::Used45 => "Active keys were used within 45 days",
            Self::Used90 => "Active keys were used within 90 days",
            Self::RotationOn => "The secret's rotation is turned on",
            Self::RotationWorks => "The secret's rotations end, and in time",
            Self::Rotated90 => "The secret was rotated within 90 days",
        }
    }

    /// The controls that come down to it.
    pub(crate) fn controls(self) -> impl Iterator<Item = &'static Control> {
        CONTROLS.iter().filter(move |control| control.question == self)
    }
}

/// The questions that a finding bears on.
pub(crate) fn questions_of(kind: FindingKind) -> &'static [Question] {
    match kind {
        FindingKind::KeyOverdue | FindingKind::ExemptButOld => &[Question::Age],
        FindingKind::StillInUse
        | FindingKind::UnknownKey
        | FindingKind::TwoActiveKeys
        | FindingKind::Reactivated
        | FindingKind::NotRetired
        | FindingKind::RolledBack => &[Question::OneKey, Question::Age],
        FindingKind::NeverUsed => &[Question::Used45, Question::Used90],
        FindingKind::RotationOff | FindingKind::NoRotationFunction => {
            &[Question::RotationOn, Question::Age, Question::Rotated90]
        }
        FindingKind::RotationStuck | FindingKind::RotationBlocked | FindingKind::ScheduleMissed => {
            &[Question::RotationWorks, Question::Age, Question::Rotated90]
        }
        FindingKind::CurrentKeyMissing | FindingKind::CurrentKeyInactive | FindingKind::KeyExposed => {
            &[Question::RotationWorks]
        }
        // Until these are mended nothing of the user is rotated.
        FindingKind::SecretConflict
        | FindingKind::NameTaken
        | FindingKind::NameUnusable
        | FindingKind::NotEnrolled
        | FindingKind::SecretDeleted
        | FindingKind::UnreadableSetting
        | FindingKind::UserMissing => &[Question::Age, Question::Rotated90],
        // They concern what the sweep remembers and whom it tells, and no key.
        FindingKind::NotesDropped | FindingKind::UnusableAddress => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_asked_by_a_control_and_every_control_names_its_source() {
        for question in Question::ALL {
            assert!(question.controls().next().is_some(), "{question:?}");
        }
        for control in CONTROLS {
            let aws = control.source.starts_with("https://docs.aws.amazon.com/securityhub/");
            let prowler = control.source.starts_with("https://github.com/prowler-cloud/prowler/");
            assert!(aws || prowler, "{control:?}");
        }
    }

    #[test]
    fn no_control_stands_twice_and_the_table_is_in_order() {
        let mut seen = std::collections::HashSet::new();
        for control in CONTROLS {
            assert!(
                seen.insert((control.standard, control.version, control.number, control.question)),
                "{control:?}"
            );
        }
        let standards: Vec<_> = CONTROLS.iter().map(|control| control.standard).collect();
        let mut once = standards.clone();
        once.dedup();
        assert_eq!(once, [CIS, HUB, PCI, NIST, ISO], "each standard's rows stand together");
    }

    /// The numbers that moved: who copies a row to a new version is to look them up.
    #[test]
    fn cis_numbers_are_those_of_each_version() {
        let number = |version: &str, question: Question| {
            let of = |control: &&Control| {
                control.standard == CIS && control.version == version && control.question == question
            };
            CONTROLS.iter().find(of).map(|control| control.number)
        };
        for (version, age, one, used) in [
            ("1.2.0", Some("1.4"), None, None),
            ("1.4.0", Some("1.14"), Some("1.13"), Some("1.12")),
            ("1.5.0", Some("1.14"), Some("1.13"), Some("1.12")),
            ("2.0.0", Some("1.14"), Some("1.13"), Some("1.12")),
            ("3.0.0", Some("1.14"), Some("1.13"), Some("1.12")),
            ("4.0.1", Some("1.14"), Some("1.13"), Some("1.12")),
            ("5.0.0", Some("1.13"), Some("1.12"), Some("1.11")),
            ("6.0.0", Some("2.13"), Some("2.12"), Some("2.11")),
            ("7.0.0", Some("2.12"), None, Some("2.11")),
        ] {
            assert_eq!(number(version, Question::Age), age, "{version}");
            assert_eq!(number(version, Question::OneKey), one, "{version}");
            assert_eq!(number(version, Question::Used45), used, "{version}");
        }
    }

    #[test]
    fn every_finding_about_keys_bears_on_a_question() {
        for (_, kind) in FindingKind::LETTERS {
            let of_no_key = matches!(kind, FindingKind::NotesDropped | FindingKind::UnusableAddress);
            assert_eq!(questions_of(kind).is_empty(), of_no_key, "{kind:?}");
        }
    }
}

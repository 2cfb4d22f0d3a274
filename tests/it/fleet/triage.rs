//! Whoever a sweep would do something about is looked at: the triage from afar is held against the
//! plan, over views of all kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use iam_key_rotator::config::SweepConfig;
use iam_key_rotator::model::{
    AccessKey, AccessKeyId, FindingKind, KeyStatus, LastUse, Ledger, ReportedKey, ReportedUser, SecretState,
    UserRef, Version,
};
use iam_key_rotator::plan::sweep::{Demand, ListedUser, SeenPolicy, Standing, UserView, plan_user, triage};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::property::holds;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const IDS: [&str; 3] = ["AKIAIOSFODNN7EXAMPLA", "AKIAIOSFODNN7EXAMPLB", "AKIAIOSFODNN7EXAMPLC"];

fn at(days_ago: i64) -> Timestamp {
    Timestamp::from_second(NOW - days_ago * DAY).unwrap()
}

#[derive(Clone, Debug)]
struct Case {
    /// Age in days, active, days since its last use.
    keys: Vec<(i64, bool, Option<i64>)>,
    /// Which labels each version carries: whether current, previous, pending; and whose key.
    versions: Vec<(u8, Option<usize>)>,
    has_secret: bool,
    rotated: Option<i64>,
    scheduled: Option<i64>,
    enabled: bool,
    has_function: bool,
    changed: i64,
    noted: Vec<(usize, Option<i64>)>,
    settings: Vec<(&'static str, &'static str)>,
    exempt: bool,
}

prop_compose! {
    fn case()(
        keys in prop::collection::vec((0..200_i64, any::<bool>(), prop::option::of(0..60_i64)), 0..3),
        versions in prop::collection::vec((0..4_u8, prop::option::of(0..2_usize)), 1..4),
        has_secret in prop::bool::weighted(0.85),
        rotated in prop::option::of(0..200_i64),
        scheduled in prop::option::of(-30..100_i64),
        (enabled, has_function) in any::<(bool, bool)>(),
        changed in 0..3_i64,
        noted in prop::collection::vec((0..2_usize, prop::option::of(0..30_i64)), 0..3),
        choices in (0..3_usize, 0..3_usize, any::<bool>(), any::<bool>(), any::<bool>(), 0..3_usize),
        exempt in prop::bool::weighted(0.1),
    ) -> Case {
        let (scope, unknown, mails, short, most, overlap) = choices;
        let mut settings = vec![
            ("ROTATOR_SCOPE", ["enrolled", "all", "ci;"][scope]),
            ("ROTATOR_UNKNOWN_KEYS", ["refuse", "delete-inactive", "delete-oldest"][unknown]),
            ("ROTATOR_OVERLAP", ["0", "24h", "10d"][overlap]),
            ("ROTATOR_RECOVERY", if short { "0" } else { "10d" }),
        ];
        if mails { settings.push(("ROTATOR_EMAIL_FROM", "keys@example.com")); }
        if most { settings.push(("ROTATOR_MAX_AGE", "100d")); }
        Case { keys, versions, has_secret, rotated, scheduled, enabled, has_function, changed, noted, settings, exempt }
    }
}

impl Case {
    fn config(&self) -> SweepConfig {
        let owned = self.settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut config = SweepConfig::from_variables(owned).unwrap();
        config.rotation_function = Some("arn:aws:lambda:eu-west-1:111122223333:function:rotation".into());
        config
    }

    fn keys(&self) -> Vec<AccessKey> {
        let key = |(nth, (age, active, used)): (usize, &(i64, bool, Option<i64>))| AccessKey {
            id: AccessKeyId::new(IDS[nth]),
            status: if *active { KeyStatus::Active } else { KeyStatus::Inactive },
            created: at(*age),
            last_use: Some(used.map_or(LastUse::Never, |used| LastUse::At {
                time: at(used.min(*age)),
                service: "s3".into(),
                region: "eu-west-1".into(),
            })),
        };
        self.keys.iter().enumerate().map(key).collect()
    }

    /// A secret as Secrets Manager could hold it: each staging label on one version, each key in
    /// one, and no label of a key that is gone, which no list shows.
    fn secret(&self) -> Option<SecretState> {
        let (mut stages_left, mut keys_left) = (vec!["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"], vec![0, 1]);
        let mut versions = Vec::new();
        for (nth, (stage, key)) in self.versions.iter().enumerate() {
            let mut stages = BTreeSet::new();
            let wanted = if nth == 0 {
                "AWSCURRENT"
            } else {
                ["AWSPREVIOUS", "AWSPENDING", "", ""][usize::from(*stage)]
            };
            if let Some(found) = stages_left.iter().position(|left| *left == wanted) {
                stages.insert(stages_left.remove(found).to_owned());
            }
            if let Some(found) = key.and_then(|key| keys_left.iter().position(|left| *left == key))
                && keys_left[found] < self.keys.len()
            {
                stages.insert(IDS[keys_left.remove(found)].to_owned());
            }
            if !stages.is_empty() {
                versions.push(Version::new(format!("version-{nth}"), stages));
            }
        }
        let mut ledger = Ledger::default();
        for (key, inactive) in &self.noted {
            // That keys were swapped is the one thing that cannot be seen from afar.
            let swapped = self.keys.get(*key).is_some_and(|(_, active, _)| *active)
                && self.keys.iter().any(|(_, active, _)| !*active);
            if let Some(days) = inactive.filter(|_| *key < self.keys.len() && !swapped) {
                ledger.note_status(&AccessKeyId::new(IDS[*key]), true, at(days));
            }
        }
        let mut tags = BTreeMap::from([("iam-key-rotator:user".to_owned(), "ci".to_owned())]);
        if !ledger.to_tag().is_empty() {
            tags.insert("iam-key-rotator:notices".into(), ledger.to_tag());
        }
        // A rotation ends after it has made its key, and a later one makes a younger key.
        let current =
            versions.iter().find(|version| version.has("AWSCURRENT")).and_then(|version| version.key.clone());
        let made =
            self.keys().into_iter().find(|key| Some(&key.id) == current.as_ref()).map(|key| key.created);
        let ended = (made.unwrap_or(at(200)) + Duration::from_secs(20)).min(at(0));
        let last_rotated = self.rotated.map(|_| ended);
        self.has_secret.then(|| SecretState {
            arn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ci-AbCdEf".into(),
            name: "ci".into(),
            tags,
            rotation_enabled: self.enabled && self.has_function,
            rotation_function: self
                .has_function
                .then(|| "arn:aws:lambda:eu-west-1:111122223333:function:rotation".into()),
            rotation_scheduled: self.scheduled.is_some(),
            next_rotation: self.scheduled.map(|days| at(-days)),
            created: None,
            changed: Some(at(self.changed)),
            last_rotated,
            versions,
            deleted: None,
            kms_key_id: None,
        })
    }

    /// Without a function of its own, a secret is one that the sweep has created.
    fn standing(&self) -> Standing {
        if self.has_function { Standing::Enrolled } else { Standing::Created }
    }

    fn report(&self) -> ReportedUser {
        let keys = self.keys();
        let reported = keys.iter().map(|key| ReportedKey {
            nth: 1,
            active: key.status == KeyStatus::Active,
            changed: Some(key.created),
            last_use: key.last_use.clone(),
        });
        ReportedUser { user: user(), keys: reported.collect() }
    }
}

fn user() -> UserRef {
    UserRef::parse("ci", "aws", "111122223333").unwrap()
}

#[test]
fn nobody_with_something_due_is_passed_over() {
    holds("triage", 20_000, case(), |case| {
        let (config, secret, report) = (case.config(), case.secret(), case.report());
        let now = at(0);
        let row = ListedUser {
            user: "ci",
            report: Some(&report),
            secret: secret.as_ref(),
            contested: false,
            in_exempt_group: case.exempt,
        };
        let triage = triage(row, &config, now);
        let in_scope = secret.is_some() || config.scope == iam_key_rotator::config::Scope::All;
        let view = UserView {
            policy: SeenPolicy::Unread,
            now,
            user: user(),
            tags: BTreeMap::new(),
            in_exempt_group: case.exempt,
            missing: false,
            keys: case.keys(),
            ledger: Ledger::of(secret.as_ref(), now),
            secret,
            standing: case.standing(),
            name_taken: false,
            rivals: Vec::new(),
            strange: Vec::new(),
            not_enrolled: Vec::new(),
            claims: iam_key_rotator::model::Claims::default(),
        };
        let plan = plan_user(&view, &config, Demand::Due);
        // A date in the notes that cannot be true matters once something is due by it.
        let due = !plan.actions.is_empty()
            || !plan.notices.is_empty()
            || plan.findings.iter().any(|finding| finding.new && finding.kind != FindingKind::NotesDropped);
        prop_assert!(triage.look || !due || !in_scope, "{plan:#?}");
        Ok(())
    });
}

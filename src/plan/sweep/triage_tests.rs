//! What the triage makes of lists that the pages do not show.

use std::time::Duration;

use super::scene_tests::Scene;
use super::triage::{ListedUser, Triage, triage};
use crate::config::{Mode, Scope, SweepConfig};
use crate::model::names::{TAG_NOTICES, TAG_OVERLAP};
use crate::model::{FindingKind, Ledger, ReportedKey, ReportedUser, SecretState, UnknownKeys};
use crate::plan::sample::{DAY, HOUR, NEW, OLD, THIRD, at, id, user, version};

/// A row of the credential report: of each key whether it is active, and since when it is known.
type Keys<'k> = &'k [(bool, Option<i64>)];

fn seen(keys: Keys<'_>, secret: Option<&SecretState>, config: &SweepConfig, now: i64) -> Triage {
    let reported = |(active, changed): &(bool, Option<i64>)| ReportedKey {
        nth: 1,
        active: *active,
        changed: changed.map(at),
        last_use: None,
    };
    let report = ReportedUser { user: user(), keys: keys.iter().map(reported).collect() };
    let row =
        ListedUser { user: "ci", report: Some(&report), secret, contested: false, in_exempt_group: false };
    triage(row, config, at(now))
}

fn config(scope: Scope) -> SweepConfig {
    SweepConfig { scope, mode: Mode::Enforce, ..Scene::bare().config }
}

/// The secret of a user whose key was superseded.
fn secret() -> SecretState {
    Scene::superseded().view.secret.unwrap()
}

fn noting(change: impl FnOnce(&mut Ledger)) -> SecretState {
    let mut ledger = Ledger::default();
    change(&mut ledger);
    let mut secret = secret();
    secret.tags.insert(TAG_NOTICES.into(), ledger.to_tag());
    secret
}

const ONE: Keys<'static> = &[(true, Some(0))];
const BOTH: Keys<'static> = &[(true, Some(-5 * DAY)), (true, Some(0))];
const INACTIVE: Keys<'static> = &[(false, Some(-5 * DAY)), (true, Some(0))];

#[test]
fn the_oldest_active_key_counts_and_whether_there_is_one() {
    let of = |keys| {
        let seen = seen(keys, None, &config(Scope::All), DAY);
        (seen.oldest, seen.active)
    };
    assert_eq!(of(&[(true, Some(5)), (true, Some(3))]), (Some(at(3)), true));
    assert_eq!(of(&[(false, Some(1)), (true, Some(3))]), (Some(at(3)), true));
    assert_eq!(of(&[(false, Some(1))]), (None, false));
    assert_eq!(of(&[(true, None)]), (None, true));
}

#[test]
fn a_key_without_a_date_may_be_of_any_age() {
    let undated: Keys<'_> = &[(true, None), (true, Some(0))];
    let enrolled = secret();
    let looks = |keys, secret, scope| seen(keys, secret, &config(scope), DAY / 2).look;
    assert!(looks(undated, Some(&enrolled), Scope::Enrolled) && looks(undated, None, Scope::All));
    assert!(!looks(undated, None, Scope::Enrolled));
    assert!(!looks(&[(false, None)], None, Scope::All));
    let mut exempt = config(Scope::All);
    exempt.shared.exempt.users = vec![wildmatch::WildMatch::new_case_insensitive("ci")];
    let exempt = |keys| seen(keys, None, &exempt, DAY / 2);
    assert!(exempt(undated).look && !exempt(ONE).look);
    assert!(!exempt(undated).overdue);
}

#[test]
fn an_exempt_user_is_never_overdue_and_visited_once_a_key_is_old() {
    let mut config = config(Scope::All);
    config.shared.exempt.users = vec![wildmatch::WildMatch::new_case_insensitive("ci")];
    let at = |now| (seen(ONE, None, &config, now).look, seen(ONE, None, &config, now).overdue);
    assert_eq!(at(91 * DAY), (false, false));
    assert_eq!(at(91 * DAY + 1), (true, false));
}

#[test]
fn who_is_in_no_report_or_contested_is_visited() {
    let secret = secret();
    let config = config(Scope::Enrolled);
    let report = ReportedUser { user: user(), keys: Vec::new() };
    let row = ListedUser {
        user: "ci",
        report: None,
        secret: Some(&secret),
        contested: false,
        in_exempt_group: false,
    };
    assert!(triage(row, &config, at(HOUR)).look);
    assert!(triage(ListedUser { report: Some(&report), contested: true, ..row }, &config, at(HOUR)).look);
    assert!(!triage(ListedUser { secret: None, ..row }, &config, at(HOUR)).look);
}

#[test]
fn an_inactive_key_beside_an_active_one_is_a_leftover_where_unknown_ones_are_deleted() {
    let looks = |keys, policy, mode| {
        let mut config = SweepConfig { mode, ..config(Scope::All) };
        config.shared.policy.unknown_keys = policy;
        seen(keys, None, &config, HOUR).look
    };
    let leftover: Keys<'_> = &[(true, Some(0)), (false, Some(0))];
    assert!(looks(leftover, UnknownKeys::DeleteInactive, Mode::Enforce));
    assert!(!looks(leftover, UnknownKeys::Refuse, Mode::Enforce));
    assert!(!looks(leftover, UnknownKeys::DeleteInactive, Mode::Retire));
    assert!(!looks(&[(false, Some(0)), (false, Some(0))], UnknownKeys::DeleteInactive, Mode::Enforce));
    assert!(!looks(ONE, UnknownKeys::DeleteInactive, Mode::Enforce));
}

#[test]
fn a_superseded_key_in_its_overlap_is_no_excuse_under_a_maximum_age() {
    let mut config = config(Scope::Enrolled);
    config.rotate_after = Duration::from_secs(3 * 86_400);
    let overdue = |config: &SweepConfig, keys, now| seen(keys, Some(&secret()), config, now).overdue;
    // The report shows it for some hours more: until a day after the overlap is over.
    assert!(!overdue(&config, BOTH, 2 * DAY + 19) && overdue(&config, BOTH, 2 * DAY + 20));
    // Of one active key it is known that it is the one in use.
    assert!(overdue(&config, &[(true, Some(-5 * DAY))], DAY));
    config.max_age = Some(Duration::from_secs(4 * 86_400));
    assert!(overdue(&config, BOTH, 2 * DAY));
}

#[test]
fn more_active_keys_than_the_labels_account_for_are_unknown() {
    let unknown =
        |keys, secret: &SecretState| seen(keys, Some(secret), &config(Scope::Enrolled), HOUR).unknown;
    let mut alone = secret();
    alone.versions.pop();
    assert!(!unknown(BOTH, &secret()) && unknown(BOTH, &alone) && !unknown(ONE, &alone));
    assert!(unknown(BOTH, &noting(|ledger| ledger.note_status(&id(OLD), true, at(60)))));
    alone.versions = vec![version("v1", &["AWSCURRENT"])];
    assert!(!unknown(BOTH, &alone));
}

/// Of two active keys the report does not tell which is current: the rotation made it, within a day.
#[test]
fn of_two_active_keys_the_rotation_tells_when_the_current_one_was_made() {
    let mut config = config(Scope::Enrolled);
    config.shared.email.from = None;
    config.shared.policy.overlap = Duration::from_secs(300 * 86_400);
    config.max_age = Some(Duration::from_secs(400 * 86_400));
    let looks =
        |config: &SweepConfig, secret: &SecretState, keys, now| seen(keys, Some(secret), config, now).look;
    let old: Keys<'_> = &[(true, Some(-80 * DAY)), (true, Some(0))];
    assert!(!looks(&config, &secret(), old, 89 * DAY + 19) && looks(&config, &secret(), old, 89 * DAY + 20));
    // Without a rotation that ended, it may be the oldest.
    let mut never = secret();
    never.last_rotated = None;
    never.versions.pop();
    never.versions.push(version("v0", &["x"]));
    let of_one: Keys<'_> = &[(true, Some(-80 * DAY))];
    assert!(!looks(&config, &never, of_one, 10 * DAY - 1) && looks(&config, &never, of_one, 10 * DAY));
    // The report may show a change of the key that is younger than the rotation which made it.
    let changed: Keys<'_> = &[(true, Some(50 * DAY))];
    let mut single = secret();
    single.versions.pop();
    assert!(
        !looks(&config, &single, changed, 90 * DAY + 19) && looks(&config, &single, changed, 90 * DAY + 20)
    );
    // Where the oldest key goes, the oldest one counts.
    config.shared.policy.unknown_keys = UnknownKeys::DeleteOldest;
    assert!(!looks(&config, &secret(), old, 10 * DAY - 1) && looks(&config, &secret(), old, 10 * DAY));
}

#[test]
fn without_an_active_key_a_listed_secret_and_one_that_names_a_key_are_visited() {
    let mut empty = secret();
    empty.versions = vec![version("v1", &["AWSCURRENT"])];
    let listed = || Scope::Secrets(vec!["iam-key/ci".into()]);
    let looks = |secret: &SecretState, scope| seen(&[], Some(secret), &config(scope), HOUR).look;
    assert!(looks(&empty, listed()) && !looks(&empty, Scope::Enrolled));
    empty.versions = vec![version("v1", &["AWSCURRENT", NEW])];
    assert!(looks(&empty, Scope::Enrolled));
}

#[test]
fn notes_of_what_needs_a_person_bring_a_visit_until_they_are_over() {
    let looks =
        |secret: &SecretState, keys, now| seen(keys, Some(secret), &config(Scope::Enrolled), now).look;
    assert!(!looks(&secret(), BOTH, HOUR));
    let found =
        |kind, key: Option<&str>| noting(|ledger| ledger.note_told(key.map(id).as_ref(), kind, at(0)));
    assert!(looks(&found(FindingKind::StillInUse, Some(OLD)), BOTH, HOUR));
    assert!(looks(&found(FindingKind::RotationStuck, None), BOTH, HOUR));
    // That an unknown key was reported is noted, and there is none: that is over.
    assert!(looks(&found(FindingKind::UnknownKey, Some(THIRD)), BOTH, HOUR));
    // There is one, and it was reported: not before it is reported again.
    let mut unknown = found(FindingKind::UnknownKey, Some(THIRD));
    unknown.versions.pop();
    assert!(!looks(&unknown, BOTH, HOUR) && looks(&unknown, BOTH, 30 * DAY));
    unknown.tags.clear();
    assert!(looks(&unknown, BOTH, HOUR));
    let mut altered = secret();
    altered.tags.insert(TAG_NOTICES.into(), "hello".into());
    assert!(looks(&altered, BOTH, HOUR));
    let mut pending = secret();
    pending.versions.push(version("v2", &["AWSPENDING"]));
    assert!(looks(&pending, BOTH, HOUR));
}

#[test]
fn inactive_keys_are_visited_when_they_are_first_seen_gone_or_active_again() {
    let inactive = noting(|ledger| ledger.note_status(&id(OLD), true, at(60)));
    let looks =
        |secret: &SecretState, keys, now| seen(keys, Some(secret), &config(Scope::Enrolled), now).look;
    // The report shows that one is inactive, and that is noted.
    assert!(!looks(&inactive, INACTIVE, HOUR));
    assert!(looks(&secret(), INACTIVE, HOUR));
    // One that no version holds is noted nowhere yet.
    let mut alone = secret();
    alone.versions.retain(|version| version.has("AWSCURRENT"));
    assert!(looks(&alone, INACTIVE, HOUR) && !looks(&alone, ONE, HOUR));
    // A note of the current key is one in doubt.
    assert!(looks(&noting(|ledger| ledger.note_status(&id(NEW), true, at(60))), INACTIVE, HOUR));
    assert!(looks(&inactive, BOTH, HOUR));
    // Its recovery window is over.
    assert!(!looks(&inactive, INACTIVE, 7 * DAY + 59) && looks(&inactive, INACTIVE, 7 * DAY + 60));
    let mut unknown = inactive.clone();
    unknown.versions[0] = version("v1", &["AWSCURRENT"]);
    assert!(!looks(&unknown, ONE, HOUR));
}

#[test]
fn a_tag_that_keeps_superseded_keys_for_as_long_as_a_key_is_in_use_brings_a_visit() {
    let looks = |overlap: &str, versions: usize| {
        let mut secret = secret();
        secret.tags.insert(TAG_OVERLAP.into(), overlap.into());
        secret.versions.truncate(versions);
        seen(if versions == 2 { BOTH } else { ONE }, Some(&secret), &config(Scope::Enrolled), HOUR).look
    };
    assert!(looks("90d", 2) && !looks("89d", 2) && !looks("90d", 1));
}

#[test]
fn an_audit_reports_no_rotation_that_left_nothing_to_do() {
    let looks = |mode| {
        let mut config = SweepConfig { mode, ..config(Scope::Enrolled) };
        config.shared.policy.overlap = Duration::ZERO;
        config.shared.policy.recovery = Duration::ZERO;
        let mut alone = secret();
        alone.versions.pop();
        seen(ONE, Some(&alone), &config, HOUR).look
    };
    assert!(looks(Mode::Enforce) && looks(Mode::Retire) && !looks(Mode::Audit));
}

/// Without mails, that are due earlier. A schedule that comes in time is given a day; one that comes later is none.
#[test]
fn a_schedule_that_comes_in_time_is_waited_for_and_missed_a_day_later() {
    let mut config = config(Scope::Enrolled);
    config.shared.email.from = None;
    let looks = |next: Option<i64>, now| {
        let mut alone = secret();
        alone.versions.pop();
        alone.rotation_scheduled = true;
        alone.next_rotation = next.map(at);
        seen(ONE, Some(&alone), &config, now).look
    };
    assert!(!looks(Some(60 * DAY), 61 * DAY) && looks(Some(60 * DAY), 61 * DAY + 1));
    assert!(!looks(Some(91 * DAY), 90 * DAY + HOUR) && looks(Some(91 * DAY), 91 * DAY + 1));
    assert!(!looks(Some(91 * DAY), 91 * DAY));
    for late in [Some(91 * DAY + 1), None] {
        assert!(!looks(late, 90 * DAY - 1) && looks(late, 90 * DAY));
    }
}

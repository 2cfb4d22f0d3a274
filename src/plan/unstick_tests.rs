//! The plan to a clean state, as tables.

use std::collections::BTreeMap;

use super::*;
use crate::model::Version;
use crate::model::names::TAG_INTENT;

const CURRENT: &str = "AKIACURRENT000000000";
const MADE: &str = "AKIAMADE000000000000";
const OTHER: &str = "AKIAOTHER00000000000";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn key(id: &str, created: i64, status: KeyStatus, last_use: LastUse) -> AccessKey {
    AccessKey { id: AccessKeyId::new(id), status, created: at(created), last_use: Some(last_use) }
}

fn used(service: &str) -> LastUse {
    LastUse::At { time: at(5_000), service: service.into(), region: "eu-west-1".into() }
}

fn current() -> AccessKey {
    key(CURRENT, 0, KeyStatus::Active, used("s3"))
}

fn made(status: KeyStatus, last_use: LastUse) -> AccessKey {
    key(MADE, 5_000, status, last_use)
}

fn view(versions: &[(&str, &[&str])], keys: Vec<AccessKey>) -> StuckView {
    let version =
        |(id, stages): &(&str, &[&str])| Version::new(*id, stages.iter().map(|stage| (*stage).to_owned()));
    StuckView {
        now: at(100_000),
        secret: SecretState {
            arn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf".into(),
            rotation_enabled: true,
            changed: Some(at(5_000)),
            versions: versions.iter().map(version).collect(),
            ..SecretState::default()
        },
        user: Some(UserRef {
            partition: "aws".into(),
            account: "111122223333".into(),
            path: String::new(),
            name: "ci".into(),
        }),
        keys,
    }
}

fn planned(view: &StuckView) -> Vec<String> {
    unstick(view).actions.iter().map(|planned| planned.action.to_string()).collect()
}

const NOW: (&str, &[&str]) = ("v1", &["AWSCURRENT", CURRENT]);
const TAKE: &str = "take AWSPENDING off version v2";
const DELETE: &str = "delete key AKIAMADE000000000000";
const UNLABEL: &str = "take the label AKIAMADE000000000000 off version v2";

#[test]
fn each_stuck_state_has_its_way_to_a_clean_one() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    let active = |last_use| vec![current(), made(KeyStatus::Active, last_use)];
    for (what, versions, keys, expected) in [
        ("nothing is stuck", vec![NOW], vec![current()], vec![]),
        ("a version without a value", vec![NOW, ("v2", &["AWSPENDING"])], vec![current()], vec![TAKE]),
        (
            "AWSPENDING left on the promoted version",
            vec![("v2", &["AWSCURRENT", "AWSPENDING", CURRENT])],
            vec![current()],
            vec![TAKE],
        ),
        ("a key that is gone", vec![NOW, pending], vec![current()], vec![TAKE, UNLABEL]),
        ("a key never used", vec![NOW, pending], active(LastUse::Never), vec![TAKE, DELETE, UNLABEL]),
        ("a key used for its proof", vec![NOW, pending], active(used("sts")), vec![TAKE, DELETE, UNLABEL]),
        ("a key in use", vec![NOW, pending], active(used("s3")), vec![TAKE]),
        (
            "an inactive key",
            vec![NOW, pending],
            vec![current(), made(KeyStatus::Inactive, LastUse::Never)],
            vec![TAKE, DELETE, UNLABEL],
        ),
        ("a label of a key that is gone", vec![NOW, ("v2", &[MADE])], vec![current()], vec![UNLABEL]),
        (
            "AWSPENDING on the version before",
            vec![NOW, ("v2", &["AWSPENDING", "AWSPREVIOUS"])],
            vec![current()],
            vec![TAKE],
        ),
        (
            "an unknown key",
            vec![NOW, ("v2", &["AWSPENDING"])],
            vec![current(), key(OTHER, 5_000, KeyStatus::Inactive, LastUse::Never)],
            vec![TAKE],
        ),
    ] {
        assert_eq!(planned(&view(&versions, keys)), expected, "{what}");
    }
}

#[test]
fn an_unknown_key_stays_and_is_named() {
    let stranger = key(OTHER, 5_000, KeyStatus::Active, LastUse::Never);
    let plan = unstick(&view(&[NOW], vec![current(), stranger]));
    assert!(plan.is_clean());
    let stays = plan.stays[0].to_string();
    assert!(stays.contains(OTHER) && stays.contains("fills the limit"), "{:?}", plan.stays);
}

#[test]
fn a_made_key_stays_until_it_can_be_known_whether_it_is_used() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    let mut view = view(&[NOW, pending], vec![current(), made(KeyStatus::Active, LastUse::Never)]);
    view.now = at(5_000 + 4 * 3600 - 1);
    assert_eq!(planned(&view), [TAKE]);
    assert!(unstick(&view).stays[0].to_string().contains("is known from"));
    view.now = at(5_000 + 4 * 3600);
    assert_eq!(planned(&view), [TAKE, DELETE, UNLABEL]);
}

#[test]
fn an_orphan_goes_only_by_the_proof_of_the_intent() {
    let orphan = || vec![current(), key(OTHER, 5_002, KeyStatus::Active, LastUse::Never)];
    let mut view = view(&[NOW, ("v2", &["AWSPENDING"])], orphan());
    assert_eq!(planned(&view), [TAKE]);
    let intent = format!("v2 {} {CURRENT}", at(5_000).as_second());
    view.secret.tags = BTreeMap::from([(TAG_INTENT.to_owned(), intent)]);
    assert_eq!(planned(&view), ["delete key AKIAOTHER00000000000", TAKE]);
}

#[test]
fn without_an_active_current_key_every_key_stays() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    let inactive = key(CURRENT, 0, KeyStatus::Inactive, LastUse::Never);
    for keys in [
        vec![made(KeyStatus::Active, LastUse::Never)],
        vec![inactive, made(KeyStatus::Active, LastUse::Never)],
    ] {
        assert_eq!(planned(&view(&[NOW, pending], keys)), [TAKE]);
    }
    let mut unbound = view(&[NOW, pending], vec![]);
    unbound.user = None;
    assert_eq!(planned(&unbound), [TAKE]);
}

#[test]
fn what_may_be_at_work_is_waited_for() {
    let mut view = view(&[NOW, ("v2", &["AWSPENDING"])], vec![current()]);
    view.now = at(5_000 + 899);
    assert!(unstick(&view).wait.is_some() && planned(&view).is_empty());
    view.now = at(5_000 + 900);
    assert_eq!(planned(&view), [TAKE]);
}

#[test]
fn a_version_that_holds_a_current_key_never_loses_its_label() {
    let gone = view(&[NOW], vec![]);
    assert_eq!(planned(&gone), Vec::<String>::new());
}

fn stays(view: &StuckView) -> Vec<String> {
    unstick(view).stays.iter().map(ToString::to_string).collect()
}

fn reasons(view: &StuckView) -> Vec<String> {
    unstick(view).actions.iter().map(|planned| planned.reason.to_string()).collect()
}

#[test]
fn each_key_that_stays_is_named_with_its_reason() {
    let previous = |created| {
        let mut key = key(OTHER, created, KeyStatus::Active, used("s3"));
        key.created = at(created);
        view(&[NOW, ("v0", &["AWSPREVIOUS", OTHER])], vec![current(), key])
    };
    assert_eq!(
        stays(&previous(-5)),
        [format!("key {OTHER} (active) was superseded: the sweep retires it in its time")]
    );
    assert_eq!(
        stays(&previous(1)),
        [format!(
            "key {OTHER} (active) is younger than AWSCURRENT's, which somebody put back: it is kept until that is mended"
        )]
    );
    let mut alone = view(&[NOW], vec![current(), key(OTHER, 5, KeyStatus::Inactive, LastUse::Never)]);
    assert!(
        stays(&alone)[0].ends_with("fills the limit of two: find who uses it, deactivate it if nobody does")
    );
    alone.keys.push(key(MADE, 6, KeyStatus::Active, LastUse::Never));
    assert_eq!(
        stays(&alone)[0],
        format!("key {OTHER} (inactive) is in no version of the secret: find who uses it")
    );
}

#[test]
fn a_made_key_that_is_in_use_or_whose_last_use_is_not_known_stays() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    let mut view = view(&[NOW, pending], vec![current(), made(KeyStatus::Active, used("s3"))]);
    assert_eq!(planned(&view), [TAKE]);
    assert!(stays(&view)[0].contains("was made by a rotation that was given up, yet last used"));
    view.keys[1].last_use = None;
    assert_eq!(planned(&view), [TAKE]);
    assert!(stays(&view)[0].contains("its last use was not read"));
}

#[test]
fn why_awspending_is_taken_off_depends_on_what_became_of_its_rotation() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    let reason = |versions: &[(&str, &[&str])], keys| reasons(&view(versions, keys)).remove(0);
    let active = || made(KeyStatus::Active, LastUse::Never);
    assert_eq!(
        reason(&[("v2", &["AWSCURRENT", "AWSPENDING", CURRENT])], vec![current()]),
        "that version was promoted; left there, it can stop the next rotation"
    );
    assert_eq!(
        reason(&[NOW, ("v2", &["AWSPENDING", "AWSPREVIOUS"])], vec![current()]),
        "that version was current before; no rotation makes it"
    );
    assert_eq!(
        reason(&[NOW, ("v2", &["AWSPENDING"])], vec![current()]),
        "its rotation stored no key and has ended"
    );
    assert_eq!(
        reason(&[NOW, pending], vec![current()]),
        format!("its key {MADE} is gone, so it can never be promoted")
    );
    assert_eq!(
        reason(&[NOW, pending], vec![current(), made(KeyStatus::Inactive, LastUse::Never)]),
        format!("its key {MADE} is inactive, so it is not promoted")
    );
    assert_eq!(
        reason(&[NOW, pending], vec![current(), active()]),
        format!("the rotation that stored {MADE} has ended without promoting it")
    );
    let mut unbound = view(&[NOW, pending], vec![]);
    unbound.user = None;
    assert_eq!(reasons(&unbound), [format!("the rotation that stored {MADE} has ended")]);
    assert_eq!(stays(&unbound), ["nothing tells whose keys the secret holds: no key is looked at"]);
}

#[test]
fn a_rotation_that_is_turned_off_is_reported_with_what_turns_it_on() {
    let mut view = view(&[NOW], vec![current()]);
    assert_eq!(stays(&view), Vec::<String>::new());
    view.secret.rotation_enabled = false;
    assert!(stays(&view)[0].contains("has no rotation function"));
    view.secret.rotation_function = Some("f".into());
    assert!(stays(&view)[0].contains("rotation is turned off"));
}

/// The intent of the pending version tells when its last attempt began; another version's tells nothing.
#[test]
fn the_last_attempt_of_the_pending_version_may_be_at_work() {
    let mut view = view(&[NOW, ("v2", &["AWSPENDING"])], vec![current()]);
    view.now = at(6_000);
    let mut waits = |intent: String, version: &[&str]| {
        view.secret.tags = BTreeMap::from([(TAG_INTENT.to_owned(), intent)]);
        view.secret.versions[1] = Version::new("v2", version.iter().map(|stage| (*stage).to_owned()));
        unstick(&view).wait.map(|wait| wait.to_string())
    };
    let second = |second| at(second).as_second();
    let pending: &[&str] = &["AWSPENDING"];
    let began = format!("a rotation began {} and may be at work until {}", at(5_200), at(6_100));
    assert_eq!(waits(format!("v2 {}/{} {CURRENT}", second(4_000), second(5_200)), pending), Some(began));
    assert_eq!(waits(format!("v2 {} {CURRENT}", second(5_100)), pending), None);
    let of_the_secret = format!("a rotation began {} and may be at work until {}", at(5_000), at(5_900));
    view.now = at(5_899);
    let waits = |view: &StuckView| unstick(view).wait.map(|wait| wait.to_string());
    view.secret.tags = BTreeMap::from([(TAG_INTENT.to_owned(), format!("v1 {} {CURRENT}", second(-1)))]);
    assert_eq!(waits(&view), Some(of_the_secret));
    view.secret.changed = None;
    assert_eq!(waits(&view), None);
}

#[test]
fn a_plan_is_clean_where_nothing_is_done_and_nothing_is_waited_for() {
    let mut view = view(&[NOW, ("v2", &["AWSPENDING"])], vec![current()]);
    assert!(!unstick(&view).is_clean());
    view.now = at(5_001);
    assert!(!unstick(&view).is_clean());
    view.secret.versions.pop();
    assert!(unstick(&view).is_clean());
}

#[test]
fn an_orphan_stays_where_no_active_current_key_is_known() {
    let intent = format!("v2 {} {CURRENT}", at(5_000).as_second());
    let orphan = || key(OTHER, 5_002, KeyStatus::Active, LastUse::Never);
    for keys in [vec![orphan()], vec![key(CURRENT, 0, KeyStatus::Inactive, LastUse::Never), orphan()]] {
        let mut view = view(&[NOW, ("v2", &["AWSPENDING"])], keys);
        view.secret.tags = BTreeMap::from([(TAG_INTENT.to_owned(), intent.clone())]);
        assert_eq!(planned(&view), [TAKE]);
    }
}

/// No rotation makes a key that is older than the one in use, so consumers may have it.
#[test]
fn a_key_in_awspending_that_is_no_younger_than_the_current_one_stays() {
    let pending: (&str, &[&str]) = ("v2", &["AWSPENDING", MADE]);
    for (created, expected) in [(-1, vec![TAKE]), (0, vec![TAKE]), (1, vec![TAKE, DELETE, UNLABEL])] {
        let made = key(MADE, created, KeyStatus::Active, LastUse::Never);
        assert_eq!(planned(&view(&[NOW, pending], vec![current(), made])), expected, "{created}");
    }
}

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

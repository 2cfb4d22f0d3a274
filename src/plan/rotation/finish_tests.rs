//! testSecret and finishSecret, as pages.

use std::time::Duration;

use super::scene_tests::{Scene, document, expect, smtp, value};
use super::{finish_secret, set_secret, test_secret};
use crate::model::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS};
use crate::model::{KeyStatus, LastUse, UnknownKeys};
use crate::plan::sample::{DAY, NEW, OLD, THIRD, at, id, key, version};

fn test_scenes() -> Vec<(&'static str, Scene)> {
    let no_value = |scene: &mut Scene| scene.seen.pending = None;
    let first = |scene: &mut Scene| scene.seen.current = None;
    vec![
        ("A version that holds a key.", Scene::stored()),
        ("It is AWSCURRENT already.", Scene::promoted()),
        ("Rotation is turned off.", Scene::stored().with(|scene| scene.secret().rotation_enabled = false)),
        (
            "SMTP credentials that createSecret has stored.",
            Scene::stored().with(|scene| {
                scene.seen.pending = Some(smtp(NEW));
                scene.seen.stores_smtp = true;
            }),
        ),
        (
            "SMTP credentials whose key does not show yet.",
            Scene::stored().with(|scene| {
                scene.seen.pending = Some(smtp(NEW));
                scene.seen.stores_smtp = true;
                scene.seen.keys.pop();
            }),
        ),
        (
            "SMTP credentials that nobody has proved.",
            Scene::stored().with(|scene| scene.seen.pending = Some(smtp(NEW))),
        ),
        ("The value of the version does not show.", Scene::stored().with(no_value)),
        ("Nothing is stored beside a key in AWSCURRENT.", Scene::begun()),
        ("Nothing is stored, and the secret waits for its first key.", Scene::begun().with(first)),
        (
            "The same, and the value in AWSCURRENT holds no key.",
            Scene::begun().with(|scene| {
                scene.seen.current = Some(document(r#"{"AccessKeyId":"","SecretAccessKey":""}"#));
            }),
        ),
        ("Only the label shows.", Scene::stored().with(no_value).with(first).with(|scene| scene.intend("x"))),
        (
            "Only the intent shows.",
            Scene::begun().with(first).with(|scene| {
                scene.intend(&format!("v2 {} {OLD}", at(0).as_second()));
            }),
        ),
        (
            "Only another rotation's intent shows.",
            Scene::begun().with(first).with(|scene| {
                scene.intend(&format!("v1 {} {OLD}", at(-91 * DAY).as_second()));
            }),
        ),
        (
            "A value without a key waits for its first one, though the version is labelled.",
            Scene::stored().with(first).with(|scene| {
                scene.seen.pending = Some(document(r#"{"AccessKeyId":"","SecretAccessKey":""}"#));
            }),
        ),
    ]
}

fn promotion_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "A version that holds a key which STS accepts.",
            Scene::stored().with(|scene| scene.seen.accepted = true),
        ),
        ("STS has not accepted it.", Scene::stored()),
        (
            "The version tells no key.",
            Scene::stored().with(|scene| scene.secret().versions[1] = version("v2", &[AWSPENDING])),
        ),
        ("Its key is inactive.", Scene::stored().with(|scene| scene.key(NEW).status = KeyStatus::Inactive)),
        (
            "Its key does not show.",
            Scene::stored().with(|scene| {
                scene.seen.keys.pop();
            }),
        ),
        (
            "SMTP credentials that createSecret has stored.",
            Scene::stored().with(|scene| {
                scene.seen.pending = Some(smtp(NEW));
                scene.seen.stores_smtp = true;
            }),
        ),
        (
            "SMTP credentials that nobody has proved.",
            Scene::stored().with(|scene| scene.seen.pending = Some(smtp(NEW))),
        ),
        (
            "The secret had no key before.",
            Scene::stored().with(|scene| {
                scene.seen.keys.remove(0);
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
            }),
        ),
        (
            "There is no current version.",
            Scene::stored().with(|scene| {
                scene.secret().versions.remove(0);
            }),
        ),
        (
            "The current version holds the same key.",
            Scene::stored().with(|scene| {
                scene.at_once(0);
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
                scene.secret().versions[0].key = Some(id(NEW));
            }),
        ),
        (
            "A second attempt has left a key that nobody holds.",
            Scene::stored().with(|scene| {
                scene.intend(&format!("v2 {}/{} {OLD}", at(0).as_second(), at(1).as_second()));
                scene.seen.keys.push(key(THIRD, 1, LastUse::Never));
            }),
        ),
        (
            "A label of a key that is gone is on an older version.",
            Scene::stored().with(|scene| {
                scene.secret().versions.push(version("v0", &[AWSPREVIOUS, THIRD]));
            }),
        ),
    ]
}

fn at_once_scenes() -> Vec<(&'static str, Scene)> {
    let at_once = |recovery| Scene::promoted().with(|scene| scene.at_once(recovery));
    let unnamed = || {
        Scene::promoted().with(|scene| {
            scene.at_once(0);
            scene.policy.unknown_keys = UnknownKeys::DeleteOldest;
            scene.secret().versions[0] = version("v1", &[AWSPREVIOUS]);
        })
    };
    vec![
        ("Without overlap and recovery.", at_once(0)),
        ("With a recovery window of 7 days.", at_once(7)),
        (
            "The superseded key is inactive already.",
            at_once(0).with(|scene| scene.key(OLD).status = KeyStatus::Inactive),
        ),
        ("Another enrolled secret may hold it.", at_once(0).with(|scene| scene.claim(Some(OLD), true))),
        (
            "The user was exempted since.",
            at_once(0).with(|scene| scene.seen.claims.exempt = Some("a vendor's".into())),
        ),
        (
            "The superseded key is gone.",
            at_once(0).with(|scene| {
                scene.seen.keys.remove(0);
            }),
        ),
        ("An overlap of a second.", at_once(0).with(|scene| scene.policy.overlap = Duration::from_secs(1))),
        (
            "The secret named no key before, and the oldest unknown one is to be deleted: it is deactivated.",
            unnamed(),
        ),
        (
            "Only inactive unknown keys are to be deleted.",
            unnamed().with(|scene| scene.policy.unknown_keys = UnknownKeys::DeleteInactive),
        ),
        ("With an overlap it stays.", unnamed().with(|scene| scene.policy.overlap = Duration::from_secs(1))),
        ("The other key is younger.", unnamed().with(|scene| scene.key(OLD).created = at(3))),
        ("The other key is of the same second.", unnamed().with(|scene| scene.key(OLD).created = at(2))),
        ("No intent explains the promoted key.", unnamed().with(|scene| scene.intend("x"))),
        (
            "The intent lists the promoted key as not ours.",
            unnamed().with(|scene| {
                scene.intend(&format!("v2 {} {NEW}", at(1).as_second()));
            }),
        ),
        (
            "The intent is the former rotation's.",
            unnamed().with(|scene| {
                scene.intend(&format!("v1 {} {OLD}", at(1).as_second()));
            }),
        ),
        (
            "The superseded key is gone, and another one is in no version.",
            unnamed().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSPREVIOUS, THIRD]);
            }),
        ),
    ]
}

fn after_scenes() -> Vec<(&'static str, Scene)> {
    let done = |scene: &mut Scene| {
        scene.secret().versions[1] = version("v2", &[AWSCURRENT, NEW]);
        scene.secret().last_rotated = Some(at(8));
    };
    vec![
        ("AWSCURRENT was moved, and AWSPENDING is left on the version.", Scene::promoted()),
        ("AWSPENDING is gone, too, and the mail is not out.", Scene::promoted().with(done)),
        ("The mail is out.", Scene::promoted().with(done).with(|scene| scene.intend("x"))),
        (
            "The intent is another rotation's.",
            Scene::promoted().with(done).with(|scene| {
                scene.intend(&format!("v3 {} {OLD}", at(0).as_second()));
            }),
        ),
        (
            "AWSCURRENT's own value is tested.",
            Scene::promoted().with(|scene| scene.seen.pending = Some(value(NEW))),
        ),
    ]
}

#[test]
fn a_key_is_proved_before_it_is_promoted() {
    expect("rotation/test.md", "testSecret", &test_scenes(), |seen, _| test_secret(seen));
    assert!(
        matches!(set_secret().outcome, super::Outcome::NothingToDo(_)) && set_secret().actions.is_empty()
    );
}

#[test]
fn a_key_is_promoted_then_what_it_superseded_is_retired_then_the_user_is_told() {
    let scenes = [promotion_scenes(), at_once_scenes(), after_scenes()].concat();
    expect("rotation/finish.md", "finishSecret", &scenes, |seen, policy| finish_secret(seen, policy, true));
}

#[test]
fn nobody_is_told_where_no_mails_are_sent() {
    let said = |scene: Scene| {
        let plan = finish_secret(&scene.seen, &scene.policy, false);
        plan.actions.iter().map(|planned| planned.action.to_string()).collect::<Vec<_>>()
    };
    let accepted = Scene::stored().with(|scene| scene.seen.accepted = true);
    assert_eq!(
        said(accepted),
        [format!("move AWSCURRENT to version v2 with key {NEW}"), "take AWSPENDING off version v2".into()]
    );
    assert_eq!(said(Scene::promoted()), ["take AWSPENDING off version v2"]);
}

#[test]
fn nothing_destructive_is_planned_but_promotions_deactivations_and_deletions() {
    let scene = Scene::stored().with(|scene| {
        scene.at_once(0);
        scene.seen.secret.versions.push(version("v0", &[AWSPREVIOUS, THIRD]));
    });
    let plan = finish_secret(&scene.seen, &scene.policy, true);
    let (destructive, other): (Vec<_>, Vec<_>) =
        plan.actions.iter().map(|planned| &planned.action).partition(|action| action.is_destructive());
    let words = |actions: Vec<&super::Action>| actions.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        words(destructive),
        [
            format!("move AWSCURRENT to version v2 with key {NEW}"),
            format!("deactivate key {OLD}"),
            format!("delete key {OLD}"),
        ]
    );
    assert_eq!(words(other).len(), 5);
}

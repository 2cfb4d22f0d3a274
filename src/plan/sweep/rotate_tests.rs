//! Keys that are due, and rotations that have not ended, as a page.

use std::time::Duration;

use super::scene_tests::{Scene, expect, without_rotations};
use super::{Demand, SeenPolicy, Standing};
use crate::config::Scope;
use crate::model::names::TAG_INTENT;
use crate::model::{KeyStatus, LastUse, UnknownKeys};
use crate::plan::sample::{DAY, HOUR, NEW, OLD, THIRD, at, key, used, version};

fn scheduled(next: Option<i64>) -> impl Fn(&mut Scene) {
    move |scene| {
        scene.secret().rotation_scheduled = true;
        scene.secret().next_rotation = next.map(at);
    }
}

fn no_mails(scene: &mut Scene) {
    scene.config.shared.email.from = None;
}

/// A rotation that began on day 2, and whose version holds no key yet.
fn begun() -> Scene {
    Scene::alone().with(|scene| {
        scene.versions().push(version("v2", &["AWSPENDING"]));
        scene.secret().changed = Some(at(2 * DAY));
    })
}

/// The same, with its key.
fn begun_with_key() -> Scene {
    begun().with(|scene| {
        scene.view.keys.push(key(THIRD, 2 * DAY, LastUse::Never));
        scene.versions()[1] = version("v2", &["AWSPENDING", THIRD]);
    })
}

fn listed() -> Scene {
    Scene::alone().with(|scene| {
        scene.view.standing = Standing::Listed;
        scene.config.scope = Scope::Secrets(vec!["iam-key/ci".into()]);
    })
}

fn due_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A secret without a schedule.", Scene::alone()),
        ("No mails are sent.", Scene::alone().with(no_mails)),
        ("The mail is out.", Scene::alone().with(|scene| scene.note(&format!("{NEW}:r")))),
        ("No warning is wanted.", Scene::alone().with(|scene| scene.config.warn_before = Duration::ZERO)),
        (
            "Keys are rotated after 7 days, which is as long as the warning: no mail.",
            Scene::alone().with(|scene| scene.config.rotate_after = Duration::from_secs(7 * 86_400)),
        ),
        (
            "Keys are rotated after 36 hours, and the secret is turned off: a schedule counts whole days.",
            listed().with(|scene| {
                scene.config.rotate_after = Duration::from_secs(36 * 3_600);
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
            }),
        ),
        (
            "The secret's own schedule has it rotated on day 60.",
            Scene::alone().with(scheduled(Some(60 * DAY))),
        ),
        (
            "Its schedule has it rotated on day 91, a day after the key is due.",
            Scene::alone().with(scheduled(Some(91 * DAY))),
        ),
        (
            "Its schedule has it rotated a second later: the sweep does not wait for that.",
            Scene::alone().with(scheduled(Some(91 * DAY + 1))),
        ),
        ("Its schedule tells no date.", Scene::alone().with(scheduled(None))),
        (
            "Its schedule is for day 60, and its rotation is turned off.",
            Scene::alone()
                .with(scheduled(Some(60 * DAY)))
                .with(|scene| scene.secret().rotation_enabled = false),
        ),
    ]
}

fn other_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("Its rotation is turned off.", Scene::alone().with(|scene| scene.secret().rotation_enabled = false)),
        (
            "An enrolled secret has no rotation function.",
            Scene::alone().with(|scene| {
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
            }),
        ),
        (
            "A listed secret has no rotation function.",
            listed().with(|scene| {
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
            }),
        ),
        (
            "The key was never used.",
            Scene::alone().with(|scene| scene.key(NEW).last_use = Some(LastUse::Never)),
        ),
        (
            "A maximum age of 60 days.",
            Scene::alone().with(|scene| scene.config.max_age = Some(Duration::from_secs(60 * 86_400))),
        ),
        (
            "A maximum age of 3 days counts for a superseded key too.",
            Scene::superseded().with(|scene| scene.config.max_age = Some(Duration::from_secs(3 * 86_400))),
        ),
        (
            "Without one, only the key in use can be overdue.",
            Scene::superseded().with(|scene| {
                scene.key(OLD).created = at(-200 * DAY);
                scene.policy().overlap = Duration::from_secs(3 * 86_400);
            }),
        ),
        (
            "The user has no active key.",
            Scene::alone().with(|scene| scene.key(NEW).status = KeyStatus::Inactive),
        ),
        ("A listed secret gets one all the same.", listed().with(|scene| scene.view.keys.clear())),
        ("A user without keys.", Scene::alone().with(|scene| scene.view.keys.clear())),
    ]
}

fn unfinished_scenes() -> Vec<(&'static str, Scene)> {
    let intent = |attempts: &str| format!("v2 {attempts} {NEW}");
    let second = |second: i64| at(second).as_second();
    vec![
        ("A rotation has begun on day 2.", begun()),
        ("It has made its key.", begun_with_key()),
        (
            "Its intent tells that its last attempt was an hour later.",
            begun().with(|scene| {
                scene.tag(TAG_INTENT, intent(&second(2 * DAY + HOUR).to_string()));
                scene.secret().changed = Some(at(3 * DAY));
            }),
        ),
        (
            "The intent is another version's.",
            begun().with(|scene| {
                let of_current = format!("v1 {} {OLD}", second(-HOUR));
                scene.tag(TAG_INTENT, of_current);
            }),
        ),
        (
            "A sweep has seen it on day 1: each new attempt changes the secret.",
            begun().with(|scene| scene.note(&format!("secret:@{}", second(DAY)))),
        ),
        (
            "The sweep has noted a rotation that ended since.",
            begun().with(|scene| {
                scene.note(&format!("secret:@{}", second(DAY)));
                scene.secret().last_rotated = Some(at(DAY));
            }),
        ),
        ("Nothing tells when it began.", begun().with(|scene| scene.secret().changed = None)),
        (
            "It is stuck, and there is no room for its key: the other one is in no version.",
            begun().with(|scene| scene.view.keys.push(key(THIRD, -30 * DAY, used("s3", -DAY)))),
        ),
        (
            "It is stuck, and has made its key beside the one in AWSCURRENT.",
            begun_with_key().with(|scene| scene.key(THIRD).last_use = Some(used("sts", 2 * DAY + 60))),
        ),
    ]
}

fn ended_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "AWSPENDING is left on the promoted version.",
            Scene::alone().with(|scene| {
                scene.versions()[0] = version("v1", &["AWSCURRENT", "AWSPENDING", NEW]);
            }),
        ),
        (
            "AWSPENDING is on the version that was current before: RotateSecret would return to it.",
            Scene::alone().with(|scene| {
                scene.versions().push(version("v0", &["AWSPREVIOUS", "AWSPENDING"]));
            }),
        ),
        (
            "An enrollment broke off before the first version got its key's label.",
            Scene::alone().with(|scene| {
                scene.view.standing = Standing::Created;
                scene.versions()[0] = version("v1", &["AWSCURRENT"]);
                scene.note(&format!("{NEW}:a"));
            }),
        ),
        (
            "The same, and no key is noted.",
            Scene::alone().with(|scene| {
                scene.view.standing = Standing::Created;
                scene.versions()[0] = version("v1", &["AWSCURRENT"]);
            }),
        ),
        (
            "A secret that the sweep created waits for its rotation function.",
            Scene::alone().with(|scene| {
                scene.view.standing = Standing::Created;
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
                scene.note(&format!("{NEW}:a"));
            }),
        ),
    ]
}

fn room_scenes() -> Vec<(&'static str, Scene)> {
    let unknown = |created, policy| {
        Scene::alone().with(move |scene| {
            scene.view.keys.push(key(THIRD, created, used("s3", -DAY)));
            scene.policy().unknown_keys = policy;
        })
    };
    vec![
        ("The other key is in no version and active.", unknown(5 * DAY, UnknownKeys::DeleteInactive)),
        (
            "The policy is to delete the oldest: the age of both keys counts.",
            unknown(-30 * DAY, UnknownKeys::DeleteOldest),
        ),
        ("The key in AWSCURRENT is the oldest.", unknown(5 * DAY, UnknownKeys::DeleteOldest)),
        (
            "The superseded key is still in use.",
            Scene::superseded().with(|scene| scene.key(OLD).last_use = Some(used("s3", 80 * DAY))),
        ),
        (
            "Where the current version tells no key, the rotation finds out.",
            Scene::superseded().with(|scene| {
                scene.versions()[0] = version("v1", &["AWSCURRENT"]);
                scene.key(OLD).last_use = Some(used("s3", 80 * DAY));
            }),
        ),
    ]
}

fn demanded_scenes() -> Vec<(&'static str, Scene)> {
    let rotate = |scene: Scene| scene.demanding(Demand::Rotate);
    vec![
        ("A rotation is asked for.", rotate(Scene::alone())),
        (
            "The superseded key has an overlap of 3 days.",
            rotate(Scene::superseded().with(|scene| {
                scene.policy().overlap = Duration::from_secs(3 * 86_400);
            })),
        ),
        (
            "The superseded key is inactive.",
            rotate(Scene::superseded().with(|scene| {
                scene.policy().overlap = Duration::from_secs(3 * 86_400);
                scene.key(OLD).status = KeyStatus::Inactive;
            })),
        ),
        (
            "The secret's own schedule was missed on day 60.",
            rotate(Scene::alone().with(scheduled(Some(60 * DAY)))),
        ),
        ("A rotation has begun on day 2.", rotate(begun())),
        (
            "The rotation is turned off.",
            rotate(Scene::alone().with(|scene| scene.secret().rotation_enabled = false)),
        ),
        ("The user has no active key.", rotate(Scene::alone().with(|scene| scene.view.keys.clear()))),
        (
            "AWSCURRENT was moved back.",
            rotate(Scene::superseded().with(|scene| {
                *scene.versions() =
                    vec![version("v1", &["AWSPREVIOUS", NEW]), version("v0", &["AWSCURRENT", OLD])];
            })),
        ),
        (
            "There is no room.",
            rotate(Scene::alone().with(|scene| {
                scene.view.keys.push(key(THIRD, 5 * DAY, used("s3", 5 * DAY)));
            })),
        ),
        (
            "The secret rotates with no function.",
            rotate(Scene::alone().with(|scene| {
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
            })),
        ),
    ]
}

fn policy_scenes() -> Vec<(&'static str, Scene)> {
    let at_once = || {
        Scene::alone().with(|scene| {
            scene.policy().overlap = Duration::ZERO;
            scene.policy().recovery = Duration::ZERO;
        })
    };
    vec![
        (
            "A secret of ours has no resource policy.",
            Scene::alone().with(|scene| scene.view.policy = SeenPolicy::Absent),
        ),
        (
            "The same, and a rotation is asked for.",
            Scene::alone().with(|scene| scene.view.policy = SeenPolicy::Absent).demanding(Demand::Rotate),
        ),
        (
            "Without overlap and recovery nothing but the date tells of a rotation: it is reported for 8 days.",
            at_once(),
        ),
        ("The same, and it was reported.", at_once().with(|scene| scene.note(&format!("{NEW}:h")))),
        (
            "With a recovery window the superseded key tells.",
            at_once().with(|scene| {
                scene.policy().recovery = Duration::from_secs(86_400);
            }),
        ),
        (
            "With an overlap, too.",
            at_once().with(|scene| scene.policy().overlap = Duration::from_secs(86_400)),
        ),
        (
            "The current key was made a day before the rotation ended.",
            at_once().with(|scene| scene.key(NEW).created = at(20 - DAY)),
        ),
        (
            "It was made earlier: the rotation did not make it.",
            at_once().with(|scene| scene.key(NEW).created = at(19 - DAY)),
        ),
        ("It was made after the rotation ended.", at_once().with(|scene| scene.key(NEW).created = at(21))),
        (
            "It was made in the second in which the rotation ended.",
            at_once().with(|scene| scene.key(NEW).created = at(20)),
        ),
        (
            "The superseded key is still there.",
            Scene::superseded().with(|scene| {
                scene.policy().overlap = Duration::ZERO;
                scene.policy().recovery = Duration::ZERO;
                scene.key(OLD).status = KeyStatus::Inactive;
            }),
        ),
        ("No rotation has ended yet.", at_once().with(|scene| scene.secret().last_rotated = None)),
    ]
}

#[test]
fn a_key_is_rotated_when_it_is_due_and_no_schedule_of_its_own_does_it_in_time() {
    expect("sweep/due.md", "Keys that are due", [due_scenes(), other_scenes()].concat());
}

#[test]
fn a_rotation_that_has_not_ended_is_left_alone_for_12_hours_and_then_taken_up() {
    expect(
        "sweep/unfinished.md",
        "Rotations that have not ended",
        [unfinished_scenes(), ended_scenes()].concat(),
    );
}

#[test]
fn a_rotation_is_asked_for_where_it_finds_room() {
    expect("sweep/room.md", "Room for the next key", room_scenes());
}

#[test]
fn a_rotation_that_is_asked_for() {
    expect("sweep/asked.md", "A rotation that is asked for", demanded_scenes());
}

#[test]
fn resource_policies_and_rotations_that_leave_nothing_to_do() {
    expect(
        "sweep/reported.md",
        "Resource policies, and rotations that leave nothing to do",
        without_rotations(policy_scenes()),
    );
}

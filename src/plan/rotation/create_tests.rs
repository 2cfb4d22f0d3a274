//! createSecret, as a page.

use std::time::Duration;

use super::create_secret;
use super::scene_tests::{Scene, document, expect, smtp};
use crate::model::names::{AWSCURRENT, AWSPENDING, AWSPREVIOUS, TAG_NOTICES, TAG_REFUSED, TAG_USER};
use crate::model::{InUse, KeyStatus, LastUse, UnknownKeys};
use crate::plan::sample::{ARN, DAY, HOUR, NEW, OLD, THIRD, at, id, key, used, version};

fn second(second: i64) -> i64 {
    at(second).as_second()
}

/// A second key, in a version that carries these labels beside the key's.
fn beside(labels: &[&str], last_use: LastUse) -> Scene {
    Scene::begun().with(|scene| {
        scene.seen.keys.insert(0, key(THIRD, -100 * DAY, last_use));
        scene.secret().last_rotated = Some(at(20));
        let labels = [labels, &[THIRD]].concat();
        scene.secret().versions.push(version("v0", &labels));
    })
}

/// A superseded key; the rotation that superseded it ended 20 seconds after the start.
fn superseded() -> Scene {
    beside(&[AWSPREVIOUS], used("s3", -DAY))
}

/// A key of a rotation that was given up.
fn abandoned(last_use: LastUse) -> Scene {
    beside(&[], last_use).with(|scene| scene.key(THIRD).created = at(-DAY))
}

fn unknown(status: KeyStatus, policy: UnknownKeys) -> Scene {
    superseded().with(|scene| {
        scene.secret().versions.pop();
        scene.key(THIRD).status = status;
        scene.policy.unknown_keys = policy;
    })
}

fn deactivated(scene: &mut Scene) {
    scene.key(THIRD).status = KeyStatus::Inactive;
}

fn version_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A rotation begins.", Scene::begun()),
        (
            "The secret waits for its first key.",
            Scene::begun().with(|scene| {
                scene.seen.keys.clear();
                scene.seen.current = None;
                scene.secret().last_rotated = None;
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
            }),
        ),
        ("SMTP credentials alone are stored.", Scene::begun().with(|scene| scene.seen.stores_smtp = true)),
        ("A refusal was remembered.", Scene::begun().with(|scene| scene.tag(TAG_REFUSED, "x"))),
        ("Rotation is turned off.", Scene::begun().with(|scene| scene.secret().rotation_enabled = false)),
        (
            "The version is unknown.",
            Scene::begun().with(|scene| {
                scene.secret().versions.pop();
            }),
        ),
        (
            "AWSPENDING was taken off it.",
            Scene::begun().with(|scene| {
                scene.secret().versions[1] = version("v2", &["x"]);
            }),
        ),
        ("It is AWSCURRENT already.", Scene::promoted()),
    ]
}

fn stored_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("It holds its key already.", Scene::stored()),
        (
            "Its key is gone.",
            Scene::stored().with(|scene| {
                scene.seen.keys.pop();
            }),
        ),
        (
            "Its key is gone, and the secret was changed on the second day.",
            Scene::stored().with(|scene| {
                scene.seen.keys.pop();
                scene.secret().changed = Some(at(30 * HOUR - 30));
            }),
        ),
        (
            "Its key is gone, and nothing tells since when.",
            Scene::stored().with(|scene| {
                scene.seen.keys.pop();
                scene.secret().changed = None;
                scene.intend("x");
            }),
        ),
        (
            "It holds a value without a key.",
            Scene::begun().with(|scene| {
                scene.seen.pending = Some(document(r#"{"AccessKeyId":"","SecretAccessKey":""}"#));
            }),
        ),
        (
            "It is labelled, and its value does not show.",
            Scene::begun().with(|scene| {
                scene.secret().versions[1] = version("v2", &[AWSPENDING, NEW]);
            }),
        ),
        (
            "An attempt was made at the start.",
            Scene::begun().with(|scene| scene.intend(&format!("v2 {} {OLD}", second(0)))),
        ),
        (
            "An attempt of another rotation was made.",
            Scene::begun().with(|scene| scene.intend(&format!("v1 {} {OLD}", second(-90 * DAY)))),
        ),
    ]
}

fn label_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "Labels of keys that are gone are taken off first.",
            Scene::begun().with(|scene| {
                scene.secret().versions.push(version("v0", &[AWSPREVIOUS, THIRD]));
            }),
        ),
        (
            "The current version was not stored by a rotation.",
            Scene::begun().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
                scene.secret().versions[0].key = Some(id(OLD));
            }),
        ),
        (
            "The same, and its key is gone.",
            Scene::begun().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
                scene.secret().versions[0].key = Some(id(THIRD));
            }),
        ),
        (
            "A field beside the pair holds another key of the user.",
            superseded().with(|scene| {
                let json = format!(
                    r#"{{"AccessKeyId":"{OLD}","SecretAccessKey":"{}","note":"{THIRD}"}}"#,
                    "s".repeat(40)
                );
                scene.seen.current = Some(document(&json));
            }),
        ),
    ]
}

fn smtp_scenes() -> Vec<(&'static str, Scene)> {
    let stored = || {
        Scene::stored().with(|scene| {
            scene.seen.pending = Some(smtp(NEW));
            scene.seen.stores_smtp = true;
        })
    };
    vec![
        ("SMTP credentials that createSecret has stored.", stored()),
        ("No intent explains them.", stored().with(|scene| scene.intend(&format!("v1 {} {OLD}", second(1))))),
        ("The intent is older than the key.", stored().with(|scene| scene.key(NEW).created = at(40))),
        (
            "The version is not labelled.",
            stored().with(|scene| {
                scene.secret().versions[1] = version("v2", &[AWSPENDING]);
            }),
        ),
        (
            "The secret is not one of SMTP credentials alone.",
            stored().with(|scene| scene.seen.stores_smtp = false),
        ),
        (
            "Nothing tells when the secret was changed.",
            stored().with(|scene| {
                scene.seen.stores_smtp = false;
                scene.secret().changed = None;
            }),
        ),
        (
            "It is AWSCURRENT's value, which a person stored.",
            stored().with(|scene| {
                scene.seen.stores_smtp = false;
                scene.seen.current = Some(smtp(NEW));
            }),
        ),
        (
            "AWSCURRENT has another value.",
            stored().with(|scene| {
                scene.seen.stores_smtp = false;
                scene.seen.current = Some(smtp(OLD));
            }),
        ),
        ("Its key is inactive.", stored().with(|scene| scene.key(NEW).status = KeyStatus::Inactive)),
        (
            "Its key does not show.",
            stored().with(|scene| {
                scene.seen.keys.pop();
            }),
        ),
        (
            "AWSCURRENT's key does not show, and there is no label.",
            stored().with(|scene| {
                scene.seen.keys.pop();
                scene.secret().versions[1] = version("v2", &[AWSPENDING]);
                scene.seen.current = Some(smtp(NEW));
            }),
        ),
        (
            "AWSPENDING is on a version that was current before.",
            stored().with(|scene| {
                scene.seen.stores_smtp = false;
                scene.secret().versions[1] = version("v2", &[AWSPENDING, AWSPREVIOUS, NEW]);
            }),
        ),
    ]
}

fn room_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A superseded key, after its overlap of a day.", superseded()),
        ("It is used since.", beside(&[AWSPREVIOUS], used("s3", 2 * HOUR))),
        (
            "It is used since, and the policy is to deactivate it all the same.",
            beside(&[AWSPREVIOUS], used("s3", 2 * HOUR))
                .with(|scene| scene.policy.in_use = InUse::Deactivate),
        ),
        ("It is inactive.", superseded().with(deactivated)),
        (
            "AWSCURRENT holds no key of the user.",
            superseded().with(|scene| scene.secret().versions[0] = version("v1", &[AWSCURRENT])),
        ),
        (
            "Another enrolled secret may hold the superseded key.",
            superseded().with(|scene| scene.claim(Some(THIRD), true)),
        ),
        ("Another secret may hold the current key.", superseded().with(|scene| scene.claim(Some(OLD), true))),
    ]
}

fn given_up_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A key of a rotation that was given up, never used.", abandoned(LastUse::Never)),
        ("It was used for its proof.", abandoned(used("sts", -DAY + 60))),
        (
            "It was used with STS at the start, which may be the proof that createSecret made.",
            abandoned(used("sts", 0)),
        ),
        ("It is in use.", abandoned(used("s3", 0))),
        (
            "Its last use was not read.",
            abandoned(LastUse::Never).with(|scene| scene.key(THIRD).last_use = None),
        ),
        (
            "STS has not accepted what the version holds.",
            abandoned(LastUse::Never).with(|scene| scene.seen.claims.held = Some([].into())),
        ),
        (
            "STS has accepted it.",
            abandoned(LastUse::Never).with(|scene| scene.seen.claims.held = Some([id(THIRD)].into())),
        ),
        (
            "It is inactive, and STS accepts nothing.",
            abandoned(LastUse::Never)
                .with(deactivated)
                .with(|scene| scene.seen.claims.held = Some([].into())),
        ),
        ("A key in no version, where none is deleted.", unknown(KeyStatus::Inactive, UnknownKeys::Refuse)),
        (
            "It is inactive, where inactive ones are deleted.",
            unknown(KeyStatus::Inactive, UnknownKeys::DeleteInactive),
        ),
        (
            "It is active, where inactive ones are deleted.",
            unknown(KeyStatus::Active, UnknownKeys::DeleteInactive),
        ),
        ("It is active, where the oldest is deleted.", unknown(KeyStatus::Active, UnknownKeys::DeleteOldest)),
        (
            "Two keys in no version: the inactive one goes, though it is younger.",
            unknown(KeyStatus::Inactive, UnknownKeys::DeleteOldest).with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, NEW]);
                scene.key(THIRD).created = at(-DAY);
                scene.secret().name = "iam-key/ci".into();
            }),
        ),
        (
            "Two active keys in no version: the older one goes.",
            unknown(KeyStatus::Active, UnknownKeys::DeleteOldest).with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, NEW]);
                scene.key(THIRD).created = at(-DAY);
            }),
        ),
    ]
}

fn unanswered_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "A key whose creation was not answered.",
            Scene::begun().with(|scene| {
                scene.intend(&format!("v2 {} {OLD}", second(0)));
                scene.seen.keys.push(key(THIRD, 1, LastUse::Never));
            }),
        ),
        (
            "The same, beside a key in no version: its place is room enough.",
            Scene::begun().with(|scene| {
                scene.intend(&format!("v2 {} {OLD}", second(0)));
                scene.seen.keys.push(key(THIRD, 1, LastUse::Never));
                scene.secret().versions[0] = version("v1", &[AWSCURRENT]);
            }),
        ),
        (
            "A key whose creation was not answered, and that was used.",
            Scene::begun().with(|scene| {
                scene.intend(&format!("v2 {} {OLD}", second(0)));
                scene.seen.keys.push(key(THIRD, 1, used("s3", 5)));
            }),
        ),
    ]
}

fn rescue_scenes() -> Vec<(&'static str, Scene)> {
    let noted = |what: &str, at: i64| {
        let note = format!("{THIRD}:{what}{}", second(at));
        superseded().with(|scene| scene.tag(TAG_NOTICES, note))
    };
    let overlap =
        |days: u64| move |scene: &mut Scene| scene.policy.overlap = Duration::from_secs(days * 86_400);
    vec![
        ("A superseded key is active again since 5 hours.", noted("+", 5 * HOUR)),
        ("Its overlap is 3 days.", noted("+", 5 * HOUR).with(overlap(3))),
        (
            "There is no overlap: its disuse is proved all the same.",
            noted("+", 5 * HOUR).with(overlap(0)).with(|scene| {
                scene.key(THIRD).last_use = Some(used("s3", DAY));
            }),
        ),
        ("It is noted as inactive since 5 hours, and no sweep has noted the rescue.", noted("@", 5 * HOUR)),
    ]
}

#[test]
fn a_key_is_made_once_for_each_version() {
    let scenes = [version_scenes(), stored_scenes(), label_scenes(), smtp_scenes()].concat();
    expect("rotation/create.md", "createSecret", &scenes, |seen, policy| {
        create_secret(seen, policy, "iam-key/{user}")
    });
}

#[test]
fn room_is_made_by_proof_of_ownership_and_disuse() {
    let scenes = [room_scenes(), given_up_scenes(), unanswered_scenes(), rescue_scenes()].concat();
    expect("rotation/room.md", "Room under the limit of two keys", &scenes, |seen, policy| {
        create_secret(seen, policy, "iam-key/{user}")
    });
}

/// A secret whose name says nothing of the user.
fn unnamed() -> Scene {
    Scene::begun().with(|scene| scene.secret().name = "s".into())
}

/// The same, whose labels name no key of the user.
fn unlabelled() -> Scene {
    unnamed().with(|scene| scene.secret().versions[0] = version("v1", &[AWSCURRENT]))
}

fn untagged(scene: &mut Scene) {
    scene.secret().tags.remove(TAG_USER);
}

fn authority_scenes() -> Vec<(&'static str, Scene)> {
    let tag = |tag: &str| {
        let tag = tag.to_owned();
        Scene::begun().with(|scene| scene.seen.claims.user_tag = Some(tag))
    };
    let owner = |owner: Option<&str>| {
        let owner = owner.map(str::to_owned);
        Scene::begun().with(|scene| {
            scene.seen.claims.owners.insert(id(THIRD), owner);
        })
    };
    vec![
        (
            "The user is exempt.",
            Scene::begun().with(|scene| scene.seen.claims.exempt = Some("a vendor's".into())),
        ),
        ("The user's tag names another secret.", tag("another")),
        ("The user's tag names this secret.", tag("iam-key/ci")),
        ("The user's tag names this secret's ARN.", tag(ARN)),
        ("The secret held a key of another user.", owner(Some("arn:aws:iam::111122223333:user/bob"))),
        (
            "The secret held a key of the user that the list does not show.",
            owner(Some("arn:aws:iam::111122223333:user/team/ci")),
        ),
        ("The secret held a key that is gone.", owner(None)),
    ]
}

fn anchor_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("The name says nothing, and a label names the user's key.", unnamed()),
        (
            "The name says nothing, and the user's tag names the secret.",
            unlabelled().with(|scene| {
                scene.seen.claims.user_tag = Some("s".into());
                untagged(scene);
            }),
        ),
        (
            "The name is that of the same user in another account.",
            unlabelled().with(untagged).with(|scene| {
                scene.secret().name = "iam-key/ci".into();
                scene.seen.user.account = "444455556666".into();
            }),
        ),
        (
            "The name is another user's.",
            unlabelled().with(untagged).with(|scene| scene.secret().name = "iam-key/bob".into()),
        ),
        (
            "The value alone names the user, and STS accepts the key in it.",
            unlabelled().with(untagged).with(|scene| scene.seen.claims.proved = true),
        ),
        ("The value alone names the user.", unlabelled().with(untagged)),
        (
            "The value alone names the user, and the secret is fresh.",
            unlabelled().with(untagged).with(|scene| scene.secret().last_rotated = None),
        ),
        (
            "The secret is not rotated yet, and it has an older version.",
            unlabelled().with(untagged).with(|scene| {
                scene.secret().last_rotated = None;
                scene.secret().versions.push(version("v0", &[AWSPREVIOUS]));
            }),
        ),
        (
            "The secret is not rotated yet, and a version holds a key.",
            unlabelled().with(untagged).with(|scene| {
                scene.secret().last_rotated = None;
                scene.secret().versions[0].key = Some(id(THIRD));
            }),
        ),
    ]
}

fn tag_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "The tag binds it, and the label is of a key that is gone.",
            unnamed().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, THIRD]);
            }),
        ),
        (
            "The same, and the labelled value names the user.",
            unnamed().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, THIRD]);
                scene.seen.claims.written = vec!["ci".into()];
            }),
        ),
        (
            "The same, and one of the labelled values names somebody else.",
            unnamed().with(|scene| {
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, THIRD]);
                scene.seen.claims.written = vec!["ci".into(), "bob".into()];
            }),
        ),
        (
            "The tag binds it before its first rotation.",
            unlabelled().with(|scene| scene.secret().last_rotated = None),
        ),
        (
            "The same, and its value names somebody else.",
            unlabelled().with(|scene| {
                scene.secret().last_rotated = None;
                scene.seen.claims.written = vec!["bob".into()];
            }),
        ),
        (
            "It was rotated before, has no labels, and its value names somebody else.",
            unlabelled().with(|scene| {
                scene.seen.claims.written = vec!["bob".into()];
            }),
        ),
        (
            "Nothing shows whose the keys are that a secret with two of them held.",
            unnamed().with(|scene| {
                untagged(scene);
                scene.secret().versions[0] = version("v1", &[AWSCURRENT, THIRD]);
                scene.secret().versions.push(version("v0", &[AWSPREVIOUS, NEW]));
            }),
        ),
    ]
}

#[test]
fn a_secret_gets_the_keys_of_a_user_by_authority_from_both_sides() {
    expect(
        "rotation/authority.md",
        "May this secret get this user's keys?",
        &[authority_scenes(), anchor_scenes(), tag_scenes()].concat(),
        |seen, policy| create_secret(seen, policy, "iam-key/{user}"),
    );
}

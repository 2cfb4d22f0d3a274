//! Users without a secret, and what needs a person, as a page.

use std::time::Duration;

use super::Demand;
use super::scene_tests::{Scene, expect, without_rotations};
use crate::config::Scope;
use crate::model::names::{TAG_EMAIL, TAG_OVERLAP};
use crate::model::{KeyStatus, UnknownKeys, UserName};
use crate::plan::sample::{DAY, NEW, OLD, THIRD, at, key, used};
use wildmatch::WildMatch;

/// A user without a secret, where every user gets one.
fn newcomer() -> Scene {
    Scene::bare().with(|scene| scene.config.scope = Scope::All)
}

fn no_mails(scene: &mut Scene) {
    scene.config.shared.email.from = None;
}

fn second_key(status: KeyStatus, policy: UnknownKeys) -> impl Fn(&mut Scene) {
    move |scene| {
        scene.view.keys.push(key(THIRD, 5 * DAY, used("s3", 6 * DAY)));
        scene.key(THIRD).status = status;
        scene.policy().unknown_keys = policy;
    }
}

fn newcomer_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A user without a secret, where only enrolled ones count.", Scene::bare()),
        ("Where every user gets one: as early as the warning.", newcomer()),
        ("Where no mails are sent: when the key is due.", newcomer().with(no_mails)),
        ("A rotation function is not known.", newcomer().with(|scene| scene.config.rotation_function = None)),
        (
            "An inactive key beside the active one: its recovery window is to begin.",
            newcomer().with(second_key(KeyStatus::Inactive, UnknownKeys::DeleteInactive)),
        ),
        (
            "The same, where unknown keys are never deleted.",
            newcomer().with(second_key(KeyStatus::Inactive, UnknownKeys::Refuse)),
        ),
        ("Two active keys.", newcomer().with(second_key(KeyStatus::Active, UnknownKeys::DeleteInactive))),
        (
            "Two active keys, where the oldest is deleted.",
            newcomer().with(second_key(KeyStatus::Active, UnknownKeys::DeleteOldest)),
        ),
        ("No active key.", newcomer().with(|scene| scene.key(NEW).status = KeyStatus::Inactive)),
        ("Another secret may hold the key.", newcomer().with(|scene| scene.claim(None, true))),
        ("Another secret holds the key.", newcomer().with(|scene| scene.claim(Some(NEW), true))),
        ("The name is taken.", newcomer().with(|scene| scene.view.name_taken = true)),
        (
            "Names are not the sweep's own.",
            newcomer().with(|scene| scene.config.shared.secret_name = "{user}".into()),
        ),
        (
            "The user's name holds a comma.",
            newcomer().with(|scene| scene.view.user.name = UserName::new("c,i")),
        ),
        (
            "A secret that nobody enrolled is tagged with the user.",
            newcomer().with(|scene| scene.view.not_enrolled = vec!["a-secret".into()]),
        ),
        ("IAM knows no such user.", newcomer().with(|scene| scene.view.missing = true)),
        ("A rotation is asked for.", Scene::bare().demanding(Demand::Rotate)),
        (
            "A rotation is asked for, and no key is active.",
            Scene::bare().with(|scene| scene.view.keys.clear()).demanding(Demand::Rotate),
        ),
        (
            "A rotation is asked for, and the name is taken.",
            Scene::bare().with(|scene| scene.view.name_taken = true).demanding(Demand::Rotate),
        ),
        ("Deactivation is asked for.", Scene::bare().demanding(Demand::Deactivate)),
        ("Deletion is asked for.", Scene::bare().demanding(Demand::Delete)),
    ]
}

fn person_scenes() -> Vec<(&'static str, Scene)> {
    let exempt =
        |scene: &mut Scene| scene.config.shared.exempt.users = vec![WildMatch::new_case_insensitive("ci")];
    vec![
        ("An exempt user by name.", Scene::superseded().with(exempt)),
        (
            "An exempt user by group, and a rotation is asked for.",
            Scene::alone().with(|scene| scene.view.in_exempt_group = true).demanding(Demand::Rotate),
        ),
        (
            "An exempt user by tag.",
            Scene::alone().with(|scene| {
                scene.view.tags.insert(scene.config.shared.exempt.tag.clone(), "vendor".into());
            }),
        ),
        (
            "The secret is scheduled for deletion.",
            Scene::superseded().with(|scene| scene.secret().deleted = Some(at(9 * DAY))),
        ),
        (
            "A secret beside the user's is tagged with it, and nobody enrolled that one.",
            Scene::alone().with(|scene| scene.view.not_enrolled = vec!["a-secret".into()]),
        ),
        (
            "Secrets are tagged with the user whose labels name keys of somebody else.",
            Scene::alone().with(|scene| {
                scene.view.strange = vec!["a".into(), "b".into()];
            }),
        ),
        (
            "The secret's user does not exist.",
            Scene::alone().with(|scene| {
                scene.view.missing = true;
                scene.view.keys.clear();
            }),
        ),
        (
            "The user has two enrolled secrets.",
            Scene::superseded().with(|scene| {
                scene.view.rivals = vec!["another".into()];
                scene.contested = true;
            }),
        ),
    ]
}

fn tag_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A tag is no duration.", Scene::superseded().with(|scene| scene.tag(TAG_OVERLAP, "soon"))),
        (
            "The notes hold what no sweep wrote.",
            Scene::alone().with(|scene| scene.note(&format!("hello {NEW}:r"))),
        ),
        ("The secret's address is none.", Scene::alone().with(|scene| scene.tag(TAG_EMAIL, "nobody"))),
        ("The secret's address is one.", Scene::alone().with(|scene| scene.tag(TAG_EMAIL, "ci@example.com"))),
        (
            "The user's address is none.",
            Scene::alone().with(|scene| {
                scene.config.shared.email.tag = "email".into();
                scene.view.tags.insert("email".into(), "nobody".into());
            }),
        ),
        (
            "The user's address is none, and no mails are sent.",
            Scene::alone().with(no_mails).with(|scene| {
                scene.config.shared.email.tag = "email".into();
                scene.view.tags.insert("email".into(), "nobody".into());
            }),
        ),
        (
            "A finding of day 40 is noted, which is over.",
            Scene::alone().with(|scene| {
                scene.note(&format!(
                    "{NEW}:ou/{} {OLD}:b/{}",
                    at(40 * DAY).as_second() / DAY,
                    at(40 * DAY).as_second() / DAY
                ));
            }),
        ),
        (
            "A key may be two days old, and is found to be older; that it is still in use is noted and over.",
            Scene::alone().with(|scene| {
                scene.config.max_age = Some(Duration::from_secs(2 * 86_400));
                scene.note(&format!("{NEW}:ou/{}", at(40 * DAY).as_second() / DAY));
            }),
        ),
    ]
}

#[test]
fn a_user_without_a_secret_gets_one_where_nothing_stands_in_its_way() {
    expect("sweep/newcomer.md", "Users without a secret", newcomer_scenes());
}

#[test]
fn what_a_person_must_decide_is_found_and_nothing_else_is_done() {
    expect(
        "sweep/person.md",
        "What a person must decide",
        without_rotations([person_scenes(), tag_scenes()].concat()),
    );
}

//! Keys that are superseded, given up or left behind, as a page.

use std::time::Duration;

use super::scene_tests::{Scene, expect, without_rotations};
use super::{Demand, Standing};
use crate::config::Scope;
use crate::model::names::{TAG_OVERLAP, TAG_RECOVERY};
use crate::model::{InUse, KeyStatus, LastUse, UnknownKeys};
use crate::plan::sample::{DAY, HOUR, NEW, OLD, THIRD, at, key, used, version};

/// A superseded key that is inactive.
fn inactive() -> Scene {
    Scene::superseded().with(|scene| scene.key(OLD).status = KeyStatus::Inactive)
}

/// What the sweep remembers of the superseded key: since when it is inactive.
fn noted(second: i64) -> String {
    format!("{OLD}:@{}", at(second).as_second())
}

fn active_again(second: i64) -> String {
    format!("{OLD}:+{}", at(second).as_second())
}

fn overlap(days: i64) -> impl Fn(&mut Scene) {
    let seconds = u64::try_from(days * DAY).unwrap();
    move |scene| scene.policy().overlap = Duration::from_secs(seconds)
}

fn last_used(last_use: Option<LastUse>) -> Scene {
    Scene::superseded().with(|scene| scene.key(OLD).last_use = last_use)
}

/// A key in a version that never became current.
fn abandoned(last_use: Option<LastUse>) -> Scene {
    Scene::alone().with(|scene| {
        scene.view.keys.push(key(THIRD, 5 * DAY, LastUse::Never));
        scene.key(THIRD).last_use = last_use;
        scene.versions().push(version("v2", &[THIRD]));
    })
}

/// A key in no version.
fn unknown(keys: UnknownKeys) -> Scene {
    Scene::alone().with(|scene| {
        scene.view.keys.push(key(THIRD, -30 * DAY, used("s3", -DAY)));
        scene.policy().unknown_keys = keys;
    })
}

fn unknown_inactive(keys: UnknownKeys) -> Scene {
    unknown(keys).with(|scene| scene.key(THIRD).status = KeyStatus::Inactive)
}

/// AWSCURRENT was moved back to the older key.
fn rolled_back() -> Scene {
    Scene::superseded().with(|scene| {
        *scene.versions() = vec![version("v1", &["AWSPREVIOUS", NEW]), version("v0", &["AWSCURRENT", OLD])];
    })
}

fn superseded_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A superseded key.", Scene::superseded()),
        ("It was never used.", last_used(Some(LastUse::Never))),
        ("Its last use was not read.", last_used(None)),
        ("It was used a second before the rotation ended.", last_used(Some(used("s3", 19)))),
        ("It was used at the second in which the rotation ended.", last_used(Some(used("s3", 20)))),
        ("It was used 10 hours after.", last_used(Some(used("s3", 10 * HOUR)))),
        (
            "It was used 10 hours after, and the policy is to deactivate it all the same.",
            last_used(Some(used("s3", 10 * HOUR))).with(|scene| scene.policy().in_use = InUse::Deactivate),
        ),
        (
            "An overlap of an hour: disuse shows four hours late.",
            Scene::superseded().with(|scene| scene.policy().overlap = Duration::from_secs(3_600)),
        ),
        (
            "An overlap of an hour, and no proof of disuse.",
            Scene::superseded().with(|scene| {
                scene.policy().overlap = Duration::from_secs(3_600);
                scene.policy().in_use = InUse::Deactivate;
            }),
        ),
        ("An overlap of 10 days: a mail goes out 7 days before.", Scene::superseded().with(overlap(10))),
        ("An overlap as long as the warning: no mail.", Scene::superseded().with(overlap(7))),
        (
            "An overlap of 10 days, and the mail is out.",
            Scene::superseded().with(overlap(10)).with(|scene| scene.note(&format!("{OLD}:d"))),
        ),
        (
            "An overlap of 10 days, and no mails at all.",
            Scene::superseded().with(overlap(10)).with(|scene| scene.config.shared.email.from = None),
        ),
        (
            "The secret's tag sets an overlap of 2 days.",
            Scene::superseded().with(|scene| scene.tag(TAG_OVERLAP, "2d")),
        ),
        (
            "The secret's tag sets an overlap of 140 days, as long as a key is in use.",
            Scene::superseded().with(|scene| scene.tag(TAG_OVERLAP, "140d")),
        ),
        (
            "The secret's tag sets an overlap of 139 days.",
            Scene::superseded().with(|scene| scene.tag(TAG_OVERLAP, "139d")),
        ),
        ("The settings' own overlap is 140 days.", Scene::superseded().with(overlap(140))),
        (
            "The last rotation ended before the current key was made: a person put it there.",
            Scene::superseded().with(|scene| scene.secret().last_rotated = Some(at(-10 * DAY))),
        ),
        (
            "Another enrolled secret says that it holds the key.",
            Scene::superseded().with(|scene| scene.claim(Some(OLD), true)),
        ),
        (
            "A secret that nobody enrolled says so: for 35 days after the last use.",
            Scene::superseded().with(|scene| scene.claim(Some(OLD), false)),
        ),
    ]
}

fn inactive_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("A superseded key is seen inactive for the first time.", inactive()),
        (
            "It is noted as inactive since the overlap was over.",
            inactive().with(|scene| scene.note(&noted(DAY + 20))),
        ),
        (
            "It is noted as inactive since 3 days later.",
            inactive().with(|scene| scene.note(&noted(4 * DAY + 20))),
        ),
        (
            "It was deactivated by hand at once: the window counts from a day before the end of the overlap.",
            inactive().with(|scene| scene.note(&noted(40))),
        ),
        (
            "An overlap of 5 days, and it was deactivated by hand at once.",
            inactive().with(overlap(5)).with(|scene| scene.note(&noted(40))),
        ),
        (
            "The note is a day and a second older than the rotation's end: it is not believed.",
            inactive().with(|scene| scene.note(&noted(20 - DAY - 1))),
        ),
        (
            "The note is a day older than the rotation's end: it is believed.",
            inactive().with(|scene| scene.note(&noted(20 - DAY))),
        ),
        (
            "It was used after it was noted as inactive.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.key(OLD).last_use = Some(used("s3", 2 * DAY));
            }),
        ),
        (
            "It was used in its overlap, and the note says that it was deactivated before its disuse was known.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.key(OLD).last_use = Some(used("s3", 10 * HOUR));
            }),
        ),
        (
            "The same, where the policy is to deactivate it all the same.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.key(OLD).last_use = Some(used("s3", 10 * HOUR));
                scene.policy().in_use = InUse::Deactivate;
            }),
        ),
    ]
}

fn recovery_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "A recovery window of 10 days: a mail goes out 7 days before its end.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.tag(TAG_RECOVERY, "10d");
            }),
        ),
        (
            "The same, and the mail is out.",
            inactive().with(|scene| {
                scene.note(&format!("{OLD}:x@{}", at(DAY + 20).as_second()));
                scene.tag(TAG_RECOVERY, "10d");
            }),
        ),
        (
            "It holds no label: nothing is taken off a version.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.versions().pop();
                scene.versions().push(version("v0", &["AWSPREVIOUS"]));
                scene.versions()[1].key = Some(crate::plan::sample::id(OLD));
            }),
        ),
        ("Without an overlap finishSecret has deactivated it.", inactive().with(overlap(0))),
        (
            "Another enrolled secret says that it holds the inactive key.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.claim(Some(OLD), true);
            }),
        ),
        (
            "It is gone: its label is taken off, and its user is told.",
            inactive().with(|scene| {
                scene.note(&noted(DAY + 20));
                scene.view.keys.remove(0);
            }),
        ),
        (
            "A key that was not known to be inactive is gone.",
            inactive().with(|scene| {
                scene.note(&format!("{OLD}:d"));
                scene.view.keys.remove(0);
            }),
        ),
    ]
}

fn rescue_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "A superseded key is active though it is noted as inactive: somebody needs it.",
            Scene::superseded().with(|scene| scene.note(&noted(DAY + 20))),
        ),
        (
            "It is known to be active again since the second day: it is held for a day.",
            Scene::superseded().with(|scene| scene.note(&active_again(2 * DAY))),
        ),
        (
            "The same, with an overlap of 5 days: it is held as long.",
            Scene::superseded().with(overlap(5)).with(|scene| scene.note(&active_again(2 * DAY))),
        ),
        (
            "The same, without an overlap: its disuse is proved all the same.",
            Scene::superseded().with(overlap(0)).with(|scene| {
                scene.note(&active_again(2 * DAY));
                scene.key(OLD).last_use = Some(used("s3", 2 * DAY));
            }),
        ),
        (
            "Without an overlap, a superseded key that is active was made active again.",
            Scene::superseded().with(overlap(0)),
        ),
        (
            "The same, and its rotation has not ended: finishSecret is to deactivate it.",
            Scene::superseded().with(overlap(0)).with(|scene| {
                scene.versions()[0] = version("v1", &["AWSCURRENT", "AWSPENDING", NEW]);
            }),
        ),
        (
            "The same, and another secret may hold it, so that finishSecret has left it.",
            Scene::superseded().with(overlap(0)).with(|scene| scene.claim(Some(OLD), true)),
        ),
    ]
}

fn leftover_scenes() -> Vec<(&'static str, Scene)> {
    let deactivated = |scene: &mut Scene| scene.key(THIRD).status = KeyStatus::Inactive;
    vec![
        ("A key of a rotation that was given up, made on day 5.", abandoned(Some(LastUse::Never))),
        ("It was used for its proof.", abandoned(Some(used("sts", 5 * DAY + 12 * HOUR - 1)))),
        (
            "STS was called with it 12 hours after it was made: that is a use.",
            abandoned(Some(used("sts", 5 * DAY + 12 * HOUR))),
        ),
        ("It is in use.", abandoned(Some(used("s3", 5 * DAY + 60)))),
        ("Its last use was not read.", abandoned(None)),
        ("An overlap of 3 days counts for it too.", abandoned(Some(LastUse::Never)).with(overlap(3))),
        (
            "Without an overlap it stays active for a day: last uses show late.",
            abandoned(Some(LastUse::Never)).with(overlap(0)),
        ),
        ("It is inactive.", abandoned(Some(LastUse::Never)).with(deactivated)),
        (
            "It is noted as inactive since its creation, and there is no overlap.",
            abandoned(Some(LastUse::Never)).with(overlap(0)).with(deactivated).with(|scene| {
                scene.note(&format!("{THIRD}:@{}", at(4 * DAY + HOUR).as_second()));
            }),
        ),
        (
            "It is inactive since day 5, as the note says: the window counts from its creation on.",
            abandoned(Some(LastUse::Never)).with(deactivated).with(|scene| {
                scene.note(&format!("{THIRD}:@{}", at(5 * DAY).as_second()));
            }),
        ),
        (
            "It is inactive, and the note is two days older than the key.",
            abandoned(Some(LastUse::Never)).with(deactivated).with(|scene| {
                scene.note(&format!("{THIRD}:@{}", at(3 * DAY).as_second()));
            }),
        ),
        ("A key in no version, which is active.", unknown(UnknownKeys::DeleteOldest)),
        (
            "It was reported on day 5.",
            unknown(UnknownKeys::DeleteInactive).with(|scene| {
                scene.note(&format!("{THIRD}:s/{}", at(5 * DAY).as_second() / DAY));
            }),
        ),
        ("It is inactive, and the policy is to refuse.", unknown_inactive(UnknownKeys::Refuse)),
        (
            "It is inactive, and the policy is to delete inactive ones.",
            unknown_inactive(UnknownKeys::DeleteInactive),
        ),
        (
            "It is noted as inactive since day 2.",
            unknown_inactive(UnknownKeys::DeleteOldest).with(|scene| {
                scene.note(&format!("{THIRD}:@{}", at(2 * DAY).as_second()));
            }),
        ),
        (
            "It is inactive, and AWSCURRENT's key is not known.",
            unknown_inactive(UnknownKeys::DeleteInactive).with(|scene| {
                scene.versions()[0] = version("v1", &["AWSCURRENT"]);
            }),
        ),
        (
            "A label of a key that is gone is left on an older version.",
            Scene::alone().with(|scene| scene.versions().push(version("v0", &["AWSPREVIOUS", OLD]))),
        ),
    ]
}

fn current_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("AWSCURRENT was moved back to an older key.", rolled_back()),
        (
            "The younger key is inactive since day 3: its window passes before somebody is asked again.",
            rolled_back().with(|scene| {
                scene.key(NEW).status = KeyStatus::Inactive;
                scene.note(&format!("{NEW}:@{}", at(3 * DAY).as_second()));
            }),
        ),
        (
            "Two keys of the same second: the superseded one is not younger.",
            Scene::superseded().with(|scene| scene.key(OLD).created = at(0)),
        ),
        (
            "AWSCURRENT's key is none of the user's.",
            Scene::superseded().with(|scene| {
                scene.view.keys.pop();
            }),
        ),
        (
            "AWSCURRENT's key is inactive.",
            Scene::superseded().with(|scene| scene.key(NEW).status = KeyStatus::Inactive),
        ),
        (
            "AWSCURRENT's version tells no key.",
            Scene::superseded().with(|scene| scene.versions()[0] = version("v1", &["AWSCURRENT"])),
        ),
        (
            "The configuration lists the secret, which rotates with another function.",
            Scene::superseded().with(|scene| {
                scene.view.standing = Standing::Listed;
                scene.config.scope = Scope::Secrets(vec!["iam-key/ci".into()]);
                scene.secret().rotation_function = Some("another".into());
            }),
        ),
    ]
}

/// A rule of its own asks for one step of a retirement.
fn demanded_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("Deactivation is asked for.", Scene::superseded().demanding(Demand::Deactivate)),
        (
            "Deactivation is asked for, with an overlap of 10 days: a day of it is not waited for.",
            Scene::superseded().with(overlap(10)).demanding(Demand::Deactivate),
        ),
        (
            "Deactivation is asked for, without an overlap.",
            Scene::superseded()
                .with(overlap(0))
                .with(|scene| scene.note(&active_again(20)))
                .demanding(Demand::Deactivate),
        ),
        ("Deactivation is asked for of an inactive key.", inactive().demanding(Demand::Deactivate)),
        ("Deactivation is asked for, and there is one key.", Scene::alone().demanding(Demand::Deactivate)),
        (
            "Deactivation is asked for of a key that another secret holds.",
            Scene::superseded().with(|scene| scene.claim(Some(OLD), true)).demanding(Demand::Deactivate),
        ),
        ("Deletion is asked for of an active key.", Scene::superseded().demanding(Demand::Delete)),
        (
            "Deletion is asked for of a key that is inactive since day 1.",
            inactive().with(|scene| scene.note(&noted(DAY + 20))).demanding(Demand::Delete),
        ),
        (
            "Deletion is asked for, and the other key is in no version.",
            unknown_inactive(UnknownKeys::DeleteInactive).demanding(Demand::Delete),
        ),
        (
            "Deactivation is asked for, and AWSCURRENT was moved back.",
            rolled_back().demanding(Demand::Deactivate),
        ),
    ]
}

#[test]
fn a_superseded_key_goes_after_its_overlap_and_the_proof_that_nobody_uses_it() {
    expect("sweep/superseded.md", "Superseded keys", without_rotations(superseded_scenes()));
}

#[test]
fn an_inactive_key_goes_after_its_recovery_window() {
    expect(
        "sweep/inactive.md",
        "Superseded keys that are inactive",
        without_rotations([inactive_scenes(), recovery_scenes()].concat()),
    );
}

#[test]
fn a_key_that_somebody_made_active_again_is_held() {
    expect("sweep/rescued.md", "Superseded keys that are active again", without_rotations(rescue_scenes()));
}

#[test]
fn what_a_rotation_or_a_person_left_behind() {
    expect(
        "sweep/leftover.md",
        "Keys that were given up, and keys in no version",
        without_rotations(leftover_scenes()),
    );
}

#[test]
fn nothing_is_taken_away_without_a_known_active_current_key() {
    expect("sweep/current.md", "The current key in doubt", without_rotations(current_scenes()));
}

#[test]
fn one_step_of_a_retirement_that_is_asked_for() {
    expect(
        "sweep/demanded.md",
        "One step of a retirement that is asked for",
        without_rotations(demanded_scenes()),
    );
}

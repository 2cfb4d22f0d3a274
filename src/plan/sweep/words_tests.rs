//! What actions are called and concern, which policies the sweep sets, and the evidence of findings.

use std::time::Duration;

use super::guard::is_guarded;
use super::scene_tests::Scene;
use super::{Demand, FleetAction, UserPlan, UserView, plan_user};
use crate::config::{Mode, Scope, SweepConfig};
use crate::model::names::TAG_USER;
use crate::model::{FindingKind, RotationSetup, VersionId};
use crate::plan::Change;
use crate::plan::sample::{DAY, NEW, OLD, THIRD, at, id, key, used, user, version};

fn actions() -> Vec<FleetAction> {
    let version = VersionId::new("v1");
    let setup = RotationSetup { function_arn: "f".into(), every_days: 1 };
    vec![
        FleetAction::Enroll { secret_name: "s".into(), adopts: id(NEW) },
        FleetAction::FinishEnrollment { version: version.clone(), adopts: id(NEW) },
        FleetAction::LetUserRead,
        FleetAction::RequestRotation { setup: Some(setup) },
        FleetAction::RequestRotation { setup: None },
        Change::LabelVersion { version: version.clone(), key: id(OLD) }.into(),
        Change::RemoveLabel { version: version.clone(), key: id(OLD) }.into(),
        Change::RemovePending { version }.into(),
        Change::DeactivateKey { key: id(OLD) }.into(),
        Change::DeleteKey { key: id(OLD) }.into(),
    ]
}

/// The name of each action, its key, whether it takes a key away, and whether the user is read again after it.
#[test]
fn each_action_is_named_and_counted_as_what_it_is() {
    let said: Vec<_> = actions()
        .iter()
        .map(|action| {
            let key = action.key().map_or("", |key| if *key == id(NEW) { "NEW" } else { "OLD" });
            (action.name(), key, action.is_destructive(), action.ends_a_look())
        })
        .collect();
    assert_eq!(
        said,
        [
            ("enroll", "NEW", false, true),
            ("enroll", "NEW", false, true),
            ("let-user-read", "", false, false),
            ("request-rotation", "", false, false),
            ("request-rotation", "", false, false),
            ("label", "", false, false),
            ("remove-label", "", false, false),
            ("remove-pending", "", false, false),
            ("deactivate", "OLD", true, true),
            ("delete", "OLD", true, true),
        ]
    );
}

/// Each condition alone keeps the sweep from setting a policy.
#[test]
fn a_policy_is_set_only_on_a_secret_that_the_sweep_could_have_created() {
    let guarded = |mode, change: &dyn Fn(&mut Scene)| {
        let mut scene = Scene::alone();
        scene.config.scope = Scope::All;
        scene.config.rotation_role = Some("role".into());
        change(&mut scene);
        let config = SweepConfig { mode, ..scene.config };
        is_guarded(&config, &user(), &scene.view.secret.unwrap())
    };
    assert!(guarded(Mode::Enforce, &|_| {}) && guarded(Mode::Audit, &|_| {}));
    assert!(!guarded(Mode::Retire, &|_| {}));
    assert!(!guarded(Mode::Enforce, &|scene| scene.config.scope = Scope::Enrolled));
    assert!(!guarded(Mode::Enforce, &|scene| scene.config.rotation_role = None));
    assert!(!guarded(Mode::Enforce, &|scene| scene.secret().rotation_function = None));
    assert!(!guarded(Mode::Enforce, &|scene| drop(scene.secret().tags.remove(TAG_USER))));
    assert!(!guarded(Mode::Enforce, &|scene| scene.secret().name = "another".into()));
}

fn planned(scene: &Scene, second: i64) -> UserPlan {
    let now = at(second);
    plan_user(&UserView { now, ..scene.view.clone() }, &scene.config, scene.demand)
}

fn evidence(scene: &Scene, second: i64, kind: FindingKind) -> Vec<String> {
    let found = planned(scene, second).findings;
    found.iter().filter(|found| found.kind == kind).map(|found| found.evidence.to_string()).collect()
}

#[test]
fn an_overdue_key_is_reported_with_its_age_in_whole_days() {
    let scene = Scene::bare();
    let days = |second| evidence(&scene, second, FindingKind::KeyOverdue);
    let since = at(0);
    assert_eq!(days(91 * DAY), Vec::<String>::new());
    assert_eq!(days(91 * DAY + 1), [format!("active since {since}, 91 days")]);
    assert_eq!(days(100 * DAY - 1), [format!("active since {since}, 99 days")]);
    let mut scene = Scene::bare();
    scene.config.max_age = Some(Duration::from_secs(86_399));
    assert_eq!(evidence(&scene, DAY, FindingKind::KeyOverdue), [format!("active since {since}, 1 day")]);
}

#[test]
fn the_keys_of_a_secret_that_is_to_be_deleted_are_listed() {
    let keys = |scene: Scene| {
        let scene = scene.with(|scene| scene.secret().deleted = Some(at(DAY)));
        let [evidence] = &evidence(&scene, 60, FindingKind::SecretDeleted)[..] else { panic!() };
        let (_, keys) = evidence.split_once("left as they are (").unwrap();
        keys.split_once(')').unwrap().0.to_owned()
    };
    assert_eq!(keys(Scene::superseded()), format!("{OLD}, {NEW}"));
    assert_eq!(keys(Scene::alone()), NEW);
    assert_eq!(keys(Scene::alone().with(|scene| scene.view.keys.clear())), "none");
}

#[test]
fn each_secret_that_nobody_enrolled_is_a_finding_of_its_own() {
    let scene = Scene::alone().with(|scene| scene.view.not_enrolled = vec!["a".into(), "b".into()]);
    let found = evidence(&scene, 60, FindingKind::NotEnrolled);
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("\"a\"") && found[1].contains("--secret b`"), "{found:?}");
}

#[test]
fn the_evidence_of_a_key_in_no_version_is_its_age_and_its_last_use() {
    let scene = Scene::alone().with(|scene| scene.view.keys.push(key(THIRD, 0, used("s3", 60))));
    let said = format!(
        "created {}, last used {} with s3 in eu-west-1, and in no version of the secret",
        at(0),
        at(60)
    );
    assert_eq!(evidence(&scene, DAY, FindingKind::UnknownKey), [said]);
}

#[test]
fn a_rotation_that_has_begun_is_left_alone_for_12_hours_though_one_is_asked_for() {
    let scene = Scene::alone().with(|scene| {
        scene.versions().push(version("v2", &["AWSPENDING"]));
        scene.secret().changed = Some(at(0));
        scene.demand = Demand::Rotate;
    });
    let actions = |second| planned(&scene, second).actions.len();
    assert_eq!((actions(DAY / 2 - 1), actions(DAY / 2)), (0, 1));
}

#[test]
fn no_secret_is_created_under_a_name_that_none_may_have() {
    let mut scene = Scene::bare();
    scene.config.scope = Scope::All;
    scene.config.shared.secret_name = "keys,{user}".into();
    let plan = planned(&scene, 100 * DAY);
    assert_eq!(plan.actions, []);
    assert_eq!(plan.findings[0].kind, FindingKind::NameUnusable);
}

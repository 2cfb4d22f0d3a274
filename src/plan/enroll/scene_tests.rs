//! What it takes to enroll a user, as a page.

use super::{EnrollView, Enroller, Existing};
use crate::config::{Scope, SweepConfig};
use crate::model::names::{TAG_SECRET, TAG_USER};
use crate::model::{KeyStatus, SecretState, UnknownKeys, UserName};
use crate::plan::sample::{ARN, FUNCTION, NEW, OLD, OTHER_ARN, at, key, secret, used, user, version};

#[derive(Clone)]
struct Scene {
    view: EnrollView,
    config: SweepConfig,
    named: Option<&'static str>,
    function: &'static str,
    now: bool,
}

impl Scene {
    /// A user with one active key and without a secret.
    fn new() -> Self {
        let config = SweepConfig { rotation_function: Some(FUNCTION.into()), ..SweepConfig::default() };
        let view = EnrollView {
            user: user(),
            keys: Some(vec![key(NEW, 0, used("s3", 60))]),
            tags: [].into(),
            in_exempt_group: false,
            enrolled: Vec::new(),
            tagged: Vec::new(),
            existing: None,
        };
        Self { view, config, named: None, function: FUNCTION, now: true }
    }

    /// An existing secret of the operator's choice, which nothing binds to the user.
    fn named() -> Self {
        Self::new().with(|scene| {
            scene.named = Some("its-secret");
            scene.exists(|secret| {
                secret.name = "its-secret".into();
                secret.tags.clear();
                secret.rotation_enabled = false;
                secret.rotation_function = None;
            });
        })
    }

    /// A secret that has the name of the user's, and whose creation broke off.
    fn broken_off() -> Self {
        Self::new().with(|scene| {
            scene.exists(|secret| {
                secret.rotation_enabled = false;
                secret.rotation_function = None;
            });
            scene.view.existing.as_mut().unwrap().is_own_creation = true;
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn exists(&mut self, change: impl FnOnce(&mut SecretState)) {
        let mut secret = secret(vec![version("v1", &["AWSCURRENT", NEW])]);
        change(&mut secret);
        self.view.existing =
            Some(Existing { secret, is_own_creation: false, policy: Some(None), created: Some(at(5)) });
    }

    fn secret(&mut self) -> &mut SecretState {
        &mut self.view.existing.as_mut().unwrap().secret
    }

    fn second_key(&mut self, status: KeyStatus, policy: UnknownKeys) {
        let mut second = key(OLD, -60, used("s3", 0));
        second.status = status;
        self.view.keys.as_mut().unwrap().push(second);
        self.config.shared.policy.unknown_keys = policy;
    }

    fn said(&self) -> String {
        let command = |user: &str, secret: &str| format!("enroll {user} --secret {secret}");
        let enroller =
            Enroller { config: &self.config, function: self.function, now: self.now, command: &command };
        let plan = enroller.plan(&self.view, self.named);
        let mut lines: Vec<String> = plan.steps.iter().map(|step| format!("**{step}**")).collect();
        lines.extend(plan.refused.iter().map(|why| format!("refused: {why}")));
        lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
        lines.extend(plan.arn.iter().map(|arn| format!("secret {arn}")));
        let adoptable = self.view.existing.as_ref();
        if adoptable.is_some_and(|existing| enroller.is_adoptable(&self.view, &existing.secret)) {
            lines.push("it would become the user's".into());
        }
        assert_eq!(plan.changes(), plan.refused.is_none() && !plan.steps.is_empty());
        assert_eq!(plan.is_refused(), plan.refused.is_some());
        assert!(!plan.failed);
        lines.iter().map(|line| format!("- {}\n", crate::plan::sample::readable(line))).collect()
    }
}

fn other_secret() -> SecretState {
    let mut other = secret(vec![version("v1", &["AWSCURRENT", NEW])]);
    (other.arn, other.name) = (OTHER_ARN.into(), "other".into());
    other
}

fn own_scenes() -> Vec<(&'static str, Scene)> {
    let two_keys = |status, policy| Scene::new().with(|scene| scene.second_key(status, policy));
    vec![
        ("A user with one active key.", Scene::new()),
        ("Nothing rotates at once.", Scene::new().with(|scene| scene.now = false)),
        ("The user is unknown.", Scene::new().with(|scene| scene.view.keys = None)),
        ("The user has no key.", Scene::new().with(|scene| scene.view.keys = Some(Vec::new()))),
        ("An older key is inactive.", two_keys(KeyStatus::Inactive, UnknownKeys::Refuse)),
        ("Two active keys.", two_keys(KeyStatus::Active, UnknownKeys::DeleteInactive)),
        (
            "Two active keys, where the oldest is deleted.",
            two_keys(KeyStatus::Active, UnknownKeys::DeleteOldest),
        ),
        ("The user is exempt.", Scene::new().with(|scene| scene.view.in_exempt_group = true)),
        (
            "The user's name holds a comma.",
            Scene::new().with(|scene| scene.view.user.name = UserName::new("c,i")),
        ),
        (
            "The user's tag names this secret.",
            Scene::new().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "iam-key/ci".into());
            }),
        ),
        (
            "The user's tag names another secret.",
            Scene::new().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "other".into());
            }),
        ),
    ]
}

fn enrolled_scenes() -> Vec<(&'static str, Scene)> {
    let enrolled = || {
        Scene::new()
            .with(|scene| scene.view.enrolled = vec![secret(vec![version("v1", &["AWSCURRENT", NEW])])])
    };
    vec![
        ("The user is enrolled.", enrolled()),
        (
            "The user is enrolled, and the rotation is turned off.",
            enrolled().with(|scene| scene.view.enrolled[0].rotation_enabled = false),
        ),
        (
            "The same, with a schedule of its own.",
            enrolled().with(|scene| {
                scene.view.enrolled[0].rotation_enabled = false;
                scene.view.enrolled[0].rotation_scheduled = true;
            }),
        ),
        (
            "The user is enrolled, and its tag names another secret.",
            enrolled().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "other".into());
            }),
        ),
        (
            "The user is enrolled with two secrets.",
            enrolled().with(|scene| scene.view.enrolled.push(other_secret())),
        ),
        (
            "A secret is tagged with the user.",
            Scene::new().with(|scene| scene.view.tagged = vec![other_secret()]),
        ),
        (
            "A secret has the user's name.",
            Scene::new().with(|scene| scene.exists(|secret| secret.rotation_function = None)),
        ),
        ("It is enrolled and bound to the user.", Scene::new().with(|scene| scene.exists(|_| {}))),
        (
            "It is enrolled and bound to another.",
            Scene::new().with(|scene| {
                scene.exists(|secret| {
                    secret.tags.insert(TAG_USER.into(), "bob".into());
                })
            }),
        ),
        (
            "It is scheduled for deletion.",
            Scene::new().with(|scene| scene.exists(|secret| secret.deleted = Some(at(60)))),
        ),
        ("An enrollment broke off before the rotation.", Scene::broken_off()),
        ("It broke off before the label.", Scene::broken_off().with(|scene| scene.secret().versions.clear())),
        (
            "It broke off before the label, and the version is there.",
            Scene::broken_off().with(|scene| {
                scene.secret().versions = vec![version("v1", &["AWSCURRENT"])];
            }),
        ),
        (
            "It broke off, and the user's tag names another secret.",
            Scene::broken_off().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "other".into());
            }),
        ),
    ]
}

/// A named secret that is tagged with a user.
fn tagged(user: &str) -> Scene {
    Scene::named().with(|scene| {
        scene.secret().tags.insert(TAG_USER.into(), user.into());
    })
}

/// The secret rotates with our function.
fn in_use(scene: &mut Scene) {
    scene.secret().rotation_function = Some(FUNCTION.into());
    scene.secret().rotation_enabled = true;
}

fn named_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        ("The operator names a secret.", Scene::named()),
        ("There is none.", Scene::named().with(|scene| scene.view.existing = None)),
        (
            "It has a policy.",
            Scene::named().with(|scene| {
                let policy = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"bob"},"Action":"*"}}"#;
                scene.view.existing.as_mut().unwrap().policy = Some(Some(policy.into()));
                scene.view.existing.as_mut().unwrap().created = None;
            }),
        ),
        (
            "Its policy was not read.",
            Scene::named().with(|scene| scene.view.existing.as_mut().unwrap().policy = None),
        ),
        ("It is tagged with the user.", tagged("ci")),
        ("It is tagged with another user.", tagged("bob")),
        ("It has the user's name.", Scene::named().with(|scene| scene.secret().name = "iam-key/ci".into())),
        (
            "It rotates with another function, by a schedule.",
            Scene::named().with(|scene| {
                scene.secret().rotation_function = Some("another".into());
                scene.secret().rotation_scheduled = true;
                scene.secret().rotation_enabled = true;
            }),
        ),
        ("It rotates with our function.", Scene::named().with(in_use)),
        (
            "It rotates with our function, and nothing rotates at once.",
            Scene::named().with(in_use).with(|scene| scene.now = false),
        ),
        ("It rotates with our function, and is bound to the user.", tagged("ci").with(in_use)),
        (
            "The same, and the rotation is turned off.",
            tagged("ci").with(in_use).with(|scene| scene.secret().rotation_enabled = false),
        ),
        (
            "The configuration lists it, and it is bound to the user.",
            tagged("ci").with(|scene| {
                scene.config.scope = Scope::Secrets(vec!["its-secret".into()]);
            }),
        ),
    ]
}

fn obstacle_scenes() -> Vec<(&'static str, Scene)> {
    vec![
        (
            "It is in another account.",
            Scene::named().with(|scene| scene.secret().arn = ARN.replace("111122223333", "444455556666")),
        ),
        (
            "It is in the function's account, and the user in another.",
            tagged("arn:aws:iam::444455556666:user/ci").with(|scene| {
                scene.view.user.account = "444455556666".into();
            }),
        ),
        (
            "It is in the user's account, and the function in another.",
            Scene::named().with(|scene| {
                scene.function = "arn:aws:lambda:eu-west-1:444455556666:function:rotation";
            }),
        ),
        ("It is scheduled for deletion.", Scene::named().with(|scene| scene.secret().deleted = Some(at(60)))),
        (
            "The user's tag names it.",
            Scene::named().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "its-secret".into());
            }),
        ),
        (
            "The user's tag names its ARN.",
            Scene::named().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), ARN.into());
            }),
        ),
        (
            "The user's tag names another.",
            Scene::named().with(|scene| {
                scene.view.tags.insert(TAG_SECRET.into(), "other".into());
            }),
        ),
        (
            "The user is enrolled with another secret.",
            Scene::named().with(|scene| scene.view.enrolled = vec![other_secret()]),
        ),
        (
            "A rotation has begun.",
            Scene::named().with(|scene| scene.secret().versions.push(version("v2", &["AWSPENDING"]))),
        ),
        (
            "A rotation with our function has begun.",
            Scene::named()
                .with(in_use)
                .with(|scene| scene.secret().versions.push(version("v2", &["AWSPENDING"]))),
        ),
    ]
}

fn expect(page: &str, title: &str, scenes: Vec<(&str, Scene)>) {
    let parts: String =
        scenes.iter().map(|(what, scene)| format!("## {what}\n\n{}\n", scene.said())).collect();
    let head = "\
Each part describes what is seen of a user, and the steps of its enrollment. NEW is the user's key. The test beside the
planner writes this page: `UPDATE_PAGES=1`.";
    crate::plan::sample::expect_page(page, &format!("# {title}\n\n{head}\n\n{}\n", parts.trim_end()));
}

#[test]
fn a_user_is_enrolled_with_a_secret_of_its_own() {
    expect("enroll/own.md", "Enrolling a user", [own_scenes(), enrolled_scenes()].concat());
}

#[test]
fn a_user_is_enrolled_with_the_secret_that_the_operator_names() {
    expect(
        "enroll/named.md",
        "Enrolling a user with a named secret",
        [named_scenes(), obstacle_scenes()].concat(),
    );
}

#[test]
fn an_enrollment_of_which_aws_does_not_tell_has_failed() {
    let failed = super::Enrollment::failed(user(), "no answer".into());
    assert!(failed.failed && failed.is_refused() && !failed.changes());
    assert_eq!(failed.refused.as_deref(), Some("no answer"));
}

#[test]
fn a_user_is_refused_whose_secret_could_have_no_such_name_though_a_tag_could_hold_it() {
    let mut scene = Scene::new();
    scene.config.shared.secret_name = "keys,{user}".into();
    assert!(scene.said().starts_with("- refused: the name \"ci\""), "{}", scene.said());
}

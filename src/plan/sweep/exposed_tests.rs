//! Keys that AWS reports as exposed: what is done about them at once, and by the sweeps that follow, as pages.

use wildmatch::WildMatch;

use super::scene_tests::{Scene, expect};
use super::{Standing, UserView, Wait, exposure};
use crate::config::{Exposed, Mode};
use crate::model::{KeyStatus, LastUse};
use crate::plan::exposed::{Measure, measure};
use crate::plan::sample::{DAY, HOUR, NEW, OLD, OTHER_ARN, THIRD, at, expect_page, id, key, used, version};

/// What is done about a key, after what wait.
#[derive(Clone)]
struct Row {
    what: &'static str,
    scene: Scene,
    key: &'static str,
    wait: Wait,
}

fn row(what: &'static str, key: &'static str, scene: Scene) -> Row {
    Row { what, scene, key, wait: Wait::NotAsked }
}

fn after(what: &'static str, wait: Wait) -> Row {
    Row { wait, ..row(what, NEW, Scene::alone()) }
}

fn inactive(scene: Scene, key: &'static str) -> Scene {
    scene.with(|scene| scene.key(key).status = KeyStatus::Inactive)
}

/// A key in a version that a rotation makes, or made and gave up.
fn made(stages: &[&str]) -> Scene {
    Scene::alone().with(|scene| {
        scene.view.keys.push(key(THIRD, 600, LastUse::Never));
        scene.versions().push(version("v2", stages));
        scene.secret().changed = Some(at(600));
    })
}

/// A key that no version holds.
fn unknown() -> Scene {
    Scene::alone().with(|scene| scene.view.keys.push(key(THIRD, -30 * DAY, used("s3", -DAY))))
}

fn rows() -> Vec<Row> {
    [current_keys(), other_keys(), not_ours()].concat()
}

fn current_keys() -> Vec<Row> {
    vec![
        row("current", NEW, Scene::alone()),
        row(
            "current; the mode is `retire`",
            NEW,
            Scene::alone().with(|scene| scene.config.mode = Mode::Retire),
        ),
        row("current, inactive", NEW, inactive(Scene::alone(), NEW)),
        row(
            "current, inactive; rotation is turned off",
            NEW,
            inactive(Scene::alone(), NEW).with(|scene| scene.secret().rotation_enabled = false),
        ),
        row("current; another rotation is under way", NEW, made(&["AWSPENDING", THIRD])),
        row("current; the key before it is in its overlap", NEW, Scene::superseded()),
        row(
            "current; rotation is turned off",
            NEW,
            Scene::alone().with(|scene| scene.secret().rotation_enabled = false),
        ),
        row(
            "current, of a secret that is listed and has no function",
            NEW,
            Scene::alone().with(|scene| {
                scene.view.standing = Standing::Listed;
                scene.secret().rotation_enabled = false;
                scene.secret().rotation_function = None;
            }),
        ),
        row(
            "current; an overlap that cannot be read",
            NEW,
            Scene::alone().with(|scene| scene.tag("iam-key-rotator:overlap", "x")),
        ),
        row(
            "current, after AWSCURRENT was moved back",
            OLD,
            Scene::superseded().with(|scene| {
                *scene.versions() = vec![
                    version("v1", &["AWSPREVIOUS", "AWSPENDING", NEW]),
                    version("v0", &["AWSCURRENT", OLD]),
                ];
            }),
        ),
        after("current; its successor was asked for", Wait::Asked),
        after("current; its successor has not come", Wait::Over(at(HOUR))),
        after(
            "current; AWS refused to make one",
            Wait::Refused("the rotation could not be requested: no".into()),
        ),
    ]
}

fn other_keys() -> Vec<Row> {
    vec![
        row(
            "superseded, in its overlap and in use",
            OLD,
            Scene::superseded().with(|scene| {
                scene.key(OLD).last_use = Some(used("s3", 1_000));
            }),
        ),
        row("superseded, and the current key is inactive", OLD, inactive(Scene::superseded(), NEW)),
        row(
            "superseded, and another secret may hold it",
            OLD,
            Scene::superseded().with(|scene| scene.claim(Some(OLD), true)),
        ),
        row("superseded, inactive", OLD, inactive(Scene::superseded(), OLD)),
        row("pending", THIRD, made(&["AWSPENDING", THIRD])),
        row("pending, inactive", THIRD, inactive(made(&["AWSPENDING", THIRD]), THIRD)),
        row("abandoned", THIRD, made(&[THIRD])),
    ]
}

fn not_ours() -> Vec<Row> {
    vec![
        row("in no version", THIRD, unknown()),
        row("in no version, inactive", THIRD, inactive(unknown(), THIRD)),
        row("gone", THIRD, Scene::alone()),
        row(
            "an exempt user's",
            NEW,
            Scene::alone().with(|scene| {
                scene.config.shared.exempt.users = vec![WildMatch::new_case_insensitive("ci")];
            }),
        ),
        row(
            "an exempt user's, inactive",
            NEW,
            inactive(Scene::alone(), NEW).with(|scene| {
                scene.config.shared.exempt.users = vec![WildMatch::new_case_insensitive("ci")];
            }),
        ),
        row("a user's without a secret", NEW, Scene::bare()),
        row(
            "a user's whose secret is not enrolled",
            NEW,
            Scene::bare().with(|scene| scene.view.not_enrolled = vec!["keys/ci".into()]),
        ),
        row(
            "a user's with two secrets",
            NEW,
            Scene::alone().with(|scene| scene.view.rivals = vec![OTHER_ARN.into()]),
        ),
        row(
            "of a secret that is scheduled for deletion",
            NEW,
            Scene::alone().with(|scene| scene.secret().deleted = Some(at(90 * DAY))),
        ),
        row(
            "of a secret that the sweep has created and not finished",
            NEW,
            Scene::alone().with(|scene| scene.view.standing = Standing::Created),
        ),
        row(
            "of a listed secret; the mode is `retire`",
            NEW,
            Scene::alone().with(|scene| {
                scene.view.standing = Standing::Listed;
                scene.config.mode = Mode::Retire;
            }),
        ),
    ]
}

fn measured(row: &Row, response: Exposed) -> Measure {
    let view = UserView { now: at(HOUR), ..row.scene.view.clone() };
    let key = id(row.key);
    measure(&exposure(&view, &row.scene.config, &key, row.wait.clone()), response)
}

fn words(measure: &Measure) -> String {
    match measure {
        Measure::Request(setup) => {
            let how = if setup.is_some() { ", and set up its rotation" } else { "" };
            format!("**ask for a successor**{how}")
        }
        Measure::Await => "wait for the successor".into(),
        Measure::Deactivate { planned, cut_off } => {
            let cut_off = cut_off.as_ref().map(|cut_off| format!("; cut off: {cut_off}")).unwrap_or_default();
            format!("**{}** ({}){cut_off}", planned.action, planned.reason)
        }
        Measure::Report(why) => format!("report: {why}"),
        Measure::Blocked(why) => format!("report, blocked: {why}"),
        Measure::Over(why) => format!("nothing: {why}"),
    }
}

/// Every state of the key × what `ROTATOR_EXPOSED` says. A cell that equals the one before it is `=`.
#[test]
fn every_state_of_an_exposed_key_has_a_measure_for_each_setting() {
    let mut page = String::from(
        "# Exposed keys\n\nWhat the sweep does next about a key that AWS reports as exposed. `=` is the same as in the column before. NEW is the\nkey in AWSCURRENT, OLD the one that it superseded, THIRD another one. The test beside the planner writes this page:\n`UPDATE_PAGES=1`.\n\n| the key is | `alert` | `rotate` | `revoke` |\n|---|---|---|---|\n",
    );
    for row in rows() {
        let cells = Exposed::ALL.map(|response| words(&measured(&row, response)));
        let shown = |nth: usize| match nth.checked_sub(1) {
            Some(before) if cells[before] == cells[nth] => "=",
            _ => cells[nth].as_str(),
        };
        page += &format!("| {} | {} | {} | {} |\n", row.what, shown(0), shown(1), shown(2));
    }
    for (name, word) in [(OLD, "OLD"), (NEW, "NEW"), (THIRD, "THIRD")] {
        page = page.replace(name, word);
    }
    expect_page("sweep/exposed.md", &page);
}

/// Whatever the state, and whatever the page says.
#[test]
fn alert_changes_nothing_rotate_cuts_nobody_off_and_hands_stay_off_what_is_not_ours() {
    let rows = rows();
    let mut revoked = 0;
    for row in &rows {
        for response in Exposed::ALL {
            let next = measured(row, response);
            let acts = matches!(next, Measure::Request(_) | Measure::Await | Measure::Deactivate { .. });
            let what = row.what;
            assert!(!acts || response != Exposed::Alert, "{what}");
            let cuts_off = matches!(next, Measure::Deactivate { cut_off: Some(_), .. });
            assert!(!cuts_off || response == Exposed::Revoke, "{what}");
            let foreign =
                ["in no version", "exempt", "without a secret", "not enrolled", "two secrets", "gone"];
            assert!(!acts || !foreign.iter().any(|word| what.contains(word)), "{what}");
            if let Measure::Deactivate { planned, .. } = &next {
                assert_eq!(planned.action.takes(), Some(&id(row.key)), "{what}: no other key");
            }
            revoked += usize::from(cuts_off);
        }
        // What `revoke` leaves to a person never is a key of ours that works.
        let left = matches!(measured(row, Exposed::Revoke), Measure::Blocked(_));
        assert!(!left || row.what == "current, inactive; rotation is turned off", "{}", row.what);
    }
    assert!(revoked > 4, "{revoked}");
}

/// The note of an exposure on the secret's tag, as sweeps find it where the response broke off.
#[test]
fn sweeps_finish_what_broke_off_and_only_where_the_settings_say_so() {
    let noted = |scene: Scene, key: &str, exposed: Exposed| {
        let note = format!("{key}:6");
        scene.with(|scene| {
            scene.config.exposed = exposed;
            scene.config.rotate_after = std::time::Duration::from_secs(140 * 86_400);
            scene.note(&note);
        })
    };
    let again = format!("{OLD}:6+{}", at(30).as_second());
    let rescued = Scene::superseded().with(|scene| {
        scene.config.exposed = Exposed::Rotate;
        scene.config.rotate_after = std::time::Duration::from_secs(140 * 86_400);
        scene.note(&again);
    });
    expect(
        "sweep/noted.md",
        "Keys that were reported as exposed",
        vec![
            ("The current key, with `alert`.", noted(Scene::alone(), NEW, Exposed::Alert)),
            ("The current key, with `rotate`.", noted(Scene::alone(), NEW, Exposed::Rotate)),
            ("The superseded key, with `alert`.", noted(Scene::superseded(), OLD, Exposed::Alert)),
            ("The superseded key, with `revoke`.", noted(Scene::superseded(), OLD, Exposed::Revoke)),
            (
                "The superseded key, with `rotate`, and in use.",
                noted(Scene::superseded(), OLD, Exposed::Rotate)
                    .with(|scene| scene.key(OLD).last_use = Some(used("s3", 1_000))),
            ),
            ("The superseded key, with `rotate`, activated again by somebody.", rescued),
            (
                "The superseded key, with `rotate`, and another secret may hold it.",
                noted(Scene::superseded(), OLD, Exposed::Rotate).with(|scene| scene.claim(Some(OLD), true)),
            ),
        ],
    );
}

//! Every state of keys that administrators leave behind, as a table: the plan and the end state.
//!
//! The table is `docs/key-states.md`, which this test writes and compares.

use std::fmt::Write as _;

use serde_json::json;
use simulator::{KeyPair, Options};

use crate::page::expect_page;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER, days, hours, value_of};

/// The user's keys, oldest first: active or not.
const KEYS: [(&str, &[bool]); 7] = [
    ("none", &[]),
    ("1 active", &[true]),
    ("1 inactive", &[false]),
    ("2 active", &[true, true]),
    ("2 inactive", &[false, false]),
    ("older active, newer inactive", &[true, false]),
    ("older inactive, newer active", &[false, true]),
];
const POLICIES: [&str; 3] = ["delete-inactive", "refuse", "delete-oldest"];

const HEAD: &str = "# Key states

Administrators create, deactivate and delete keys by hand. This page lists every state in which they may leave a user's keys, and what one rotation does in it, for each value of `ROTATOR_UNKNOWN_KEYS`.

- *older* and *newer* are the keys before the rotation, or *only* if there is one. *new* is the key that the rotation creates.
- `+` means active, `-` means inactive.
- The overlap is the default of 24 hours, so the superseded key stays as it is.
- `tests/it/states.rs` runs each row on the simulator and writes this page.

No rotation in these tables removes the key that AWSCURRENT held. After a rotation that succeeds, AWSCURRENT holds a working key. A rotation that refuses changes nothing.
";

const ABANDONED: &str = "
## After an abandoned rotation

A rotation created a key (*made*) but never promoted it, and an administrator took its AWSPENDING label away. Five hours later the next rotation begins.

";

/// What AWSCURRENT holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Current {
    /// The user's name and no key.
    Waiting,
    /// A key that does not exist any more.
    Gone,
    /// The nth of the user's keys.
    Key(usize),
}

#[tokio::test(start_paused = true)]
async fn every_state_of_keys_has_a_plan_and_an_end_that_breaks_nothing() {
    let mut page = String::from(HEAD);
    for policy in POLICIES {
        let _ = write!(page, "\n## `ROTATOR_UNKNOWN_KEYS={policy}`\n\n");
        page.push_str(
            "| keys before | AWSCURRENT holds | what the rotation does | keys after |\n|---|---|---|---|\n",
        );
        for (keys, active) in KEYS {
            let mut held = vec![Current::Waiting, Current::Gone];
            held.extend((0..active.len()).map(Current::Key));
            for current in held {
                let (does, after) = run(policy, active, current).await;
                let _ = writeln!(page, "| {keys} | {} | {does} | {after} |", name_of(current, active.len()));
            }
        }
    }
    page.push_str(ABANDONED);
    page.push_str(&abandoned().await);
    expect_page("docs/key-states.md", &page);
}

/// Runs one rotation and tells what it did and how it ended.
async fn run(policy: &str, active: &[bool], current: Current) -> (String, String) {
    let stage = Stage::new(Options::default(), &[("ROTATOR_UNKNOWN_KEYS", policy)]);
    let found: Vec<KeyPair> = (0..active.len())
        .map(|nth| {
            let created = stage.sim.now() - days(200 - 50 * u64::try_from(nth).unwrap());
            stage.sim.create_access_key_at(ACCOUNT, USER, created)
        })
        .collect();
    let value = match current {
        Current::Waiting => json!({"UserName": USER}).to_string(),
        Current::Gone => json!({"AccessKeyId": "AKIAGONEGONEGONEGONE", "SecretAccessKey": "x"}).to_string(),
        Current::Key(nth) => value_of(&found[nth]),
    };
    for (key, active) in found.iter().zip(active) {
        stage.sim.set_key_status(&key.access_key_id, *active);
    }
    let arn = stage.sim.create_secret("keys/ci-bot", Some(&value), &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let (before, report) = (stage.keys(), stage.sim.rotate(&arn).await);
    let name = |id: &str| match found.iter().position(|key| key.access_key_id == id) {
        Some(nth) => name_of(Current::Key(nth), found.len()),
        None => "new",
    };
    let does = if report.succeeded {
        stage.working_key(&arn);
        let answer = report.steps[0].result.as_ref().unwrap();
        let actions = answer["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap());
        let told: Vec<String> = actions.filter_map(|action| tell(action, &found, name)).collect();
        told.join("; ")
    } else {
        assert_eq!(stage.keys(), before, "a refusal changes nothing");
        if let Current::Key(nth) = current {
            assert_eq!(stage.current(&arn)["AccessKeyId"], found[nth].access_key_id);
        }
        let error = report.error().unwrap();
        assert_eq!(error.error_type, "KeyLimit", "{error}");
        let culprit = found.iter().find(|key| error.message.contains(&key.access_key_id)).unwrap();
        format!("refuses with `KeyLimit`: the {} key may not be removed", name(&culprit.access_key_id))
    };
    if let Current::Key(nth) = current {
        let kept = stage.keys().iter().any(|(id, _)| *id == found[nth].access_key_id);
        assert!(kept, "the key that was current is never removed by the rotation that supersedes it");
    }
    let keys = stage.keys();
    let after: Vec<String> =
        keys.iter().map(|(id, active)| format!("{}{}", name(id), if *active { "+" } else { "-" })).collect();
    (does, after.join(" "))
}

/// An action in the table's words; labels are left out.
fn tell<'n>(action: &str, found: &[KeyPair], name: impl Fn(&str) -> &'n str) -> Option<String> {
    if action.starts_with("create an access key") {
        return Some("creates a new key".to_owned());
    }
    let (action, reason) = action.split_once(": ").unwrap();
    let key = action.strip_prefix("delete key ")?;
    assert!(found.iter().any(|found| found.access_key_id == key));
    Some(format!("deletes the {} key ({reason})", name(key)))
}

fn name_of(current: Current, count: usize) -> &'static str {
    match (current, count) {
        (Current::Waiting, _) => "no key yet",
        (Current::Gone, _) => "a deleted key",
        (Current::Key(_), 1) => "only",
        (Current::Key(0), _) => "older",
        (Current::Key(_), _) => "newer",
    }
}

/// A rotation whose key was made and proved but never promoted, its AWSPENDING taken off by hand.
async fn abandoned() -> String {
    let mut text =
        String::from("| use of the key *made* | what the next rotation does | keys after |\n|---|---|---|\n");
    for (what, service) in [("none, or only the test", "sts"), ("a program uses it", "s3")] {
        let stage = Stage::plain();
        let (first, arn) = stage.adopted();
        let token = "00000000-0000-4000-8000-00000000000a";
        stage.sim.stage_pending(&arn, token, None);
        stage.step("createSecret", &arn, token).await.unwrap();
        let (made, _) = stage.keys().pop().unwrap();
        stage.sim.use_key(&made, service, "eu-west-1");
        stage.sim.remove_label(&arn, token, "AWSPENDING");
        stage.sim.advance(hours(5));
        let report = stage.sim.rotate(&arn).await;
        assert_eq!(report.succeeded, service == "sts", "{report:#?}");
        let current = stage.working_key(&arn);
        let does = if report.succeeded {
            assert_eq!(stage.keys(), [(first.access_key_id, true), (current, true)]);
            ("deletes it; creates a new key", "older+ new+")
        } else {
            assert_eq!(report.error().unwrap().error_type, "KeyLimit");
            assert_eq!(stage.keys(), [(first.access_key_id, true), (made, true)]);
            ("refuses with `KeyLimit`", "older+ made+")
        };
        let _ = writeln!(text, "| {what} | {} | {} |", does.0, does.1);
    }
    text
}

//! Rules of their own for each step of a user's key.

use serde_json::json;

use super::Fleet;
use crate::stage::{ACCOUNT, days, hours};

fn event(action: &str) -> serde_json::Value {
    json!({"action": action, "username": "ci"})
}

#[tokio::test(start_paused = true)]
async fn create_deactivate_and_delete_do_one_thing_each_however_often_they_come() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "14d"), ("ROTATOR_RECOVERY", "14d")]);
    let (old, _) = fleet.enrolled("ci", 40);
    for expected in ["done", "nothing-to-do"] {
        assert_eq!(fleet.send(event("create")).await.unwrap()["outcome"], expected);
        assert_eq!(fleet.keys("ci").len(), 2);
    }
    // Deleting is for inactive keys.
    assert_eq!(fleet.send(event("delete")).await.unwrap()["outcome"], "nothing-to-do");
    // A rule comes as long after the one before as is configured, and not seconds later.
    fleet.sim.advance(days(14) - hours(1));
    for expected in ["done", "nothing-to-do"] {
        let answer = fleet.send(event("deactivate")).await.unwrap();
        assert_eq!(answer["outcome"], expected, "{answer}");
        assert!(fleet.keys("ci").contains(&(old.access_key_id.clone(), false)));
    }
    fleet.sim.advance(days(14) - hours(1));
    for expected in ["done", "nothing-to-do"] {
        let answer = fleet.send(event("delete")).await.unwrap();
        assert_eq!(answer["outcome"], expected, "{answer}");
        assert_eq!(fleet.keys("ci").len(), 1);
    }
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn a_rule_does_not_cut_off_a_key_that_is_used_nor_one_whose_disuse_cannot_be_known_yet() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "14d")]);
    let (old, _) = fleet.enrolled("ci", 40);
    fleet.send(event("create")).await.unwrap();
    fleet.sim.advance(hours(1));
    assert_eq!(fleet.send(event("deactivate")).await.unwrap()["outcome"], "nothing-to-do");
    fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
    fleet.sim.advance(days(14));
    let answer = fleet.send(event("deactivate")).await.unwrap();
    assert!(answer["reason"].as_str().unwrap().contains("s3"), "{answer}");
    assert!(fleet.keys("ci").contains(&(old.access_key_id, true)));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_comes_more_than_a_day_too_early_does_nothing() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "14d"), ("ROTATOR_RECOVERY", "14d")]);
    fleet.enrolled("ci", 40);
    fleet.send(event("create")).await.unwrap();
    for action in ["deactivate", "delete"] {
        fleet.sim.advance(days(12));
        let early = fleet.send(event(action)).await.unwrap();
        assert_eq!(early["outcome"], "nothing-to-do", "{early}");
        assert!(early["reason"].as_str().unwrap().contains(" until "), "{early}");
        fleet.sim.advance(days(2));
        assert_eq!(fleet.send(event(action)).await.unwrap()["outcome"], "done", "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn create_enrolls_a_user_who_has_no_secret() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 3);
    let answer = fleet.send(event("create")).await.unwrap();
    assert_eq!(answer["actions"].as_array().unwrap().len(), 2, "{answer}");
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
    assert_eq!(fleet.sim.keys(ACCOUNT, "ci").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_user_that_does_not_exist_is_said_not_to() {
    for name in ["{user}", "iam-key/{user}"] {
        let fleet = Fleet::new(&[("ROTATOR_SECRET_NAME", name)]);
        for action in ["create", "deactivate", "delete"] {
            let error = fleet.send(event(action)).await.unwrap_err();
            assert_eq!(error.error_type, "InvalidEvent", "{action}: {}", error.message);
            let says = |words: &str| error.message.contains(words);
            assert!(says("username") && says("\"ci\"") && says("no such IAM user"), "{}", error.message);
            assert!(!says("tried again"), "{}", error.message);
        }
        assert!(fleet.secrets().is_empty());
        let alerts = fleet.sim.alerts();
        assert!(
            alerts.len() == 3 && alerts.iter().all(|alert| alert.message.contains("\"ci\"")),
            "{alerts:?}"
        );
        assert!(!fleet.sweep_calls().contains_key("GetCredentialReport"), "it would take a while, or fail");
    }
}

#[tokio::test(start_paused = true)]
async fn create_announces_a_new_key_only_if_a_rotation_was_requested_that_can_be_expected_to_end() {
    // One that stands there: the rotation before it has not ended for a day.
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 40);
    fleet.stage.deploy(&[("ROTATOR_OVERLAPS", "1d"), ("ROTATOR_ALERT_TOPIC_ARN", crate::stage::TOPIC)]);
    fleet.sim.rotate(&arn).await;
    fleet.settle().await;
    fleet.sim.advance(days(1));
    let before = fleet.alerts().len();
    let answer = fleet.send(event("create")).await.unwrap();
    assert_eq!(answer["outcome"], "done", "{answer}");
    let alerts = fleet.alerts().split_off(before);
    assert!(alerts.iter().any(|subject| subject.contains("a rotation was requested")), "{alerts:?}");
    assert!(!alerts.iter().any(|subject| subject.contains("on its way")), "{alerts:?}");
    // The failing rotation says why.
    assert!(fleet.alerts().iter().any(|subject| subject.contains("InvalidConfig")), "{alerts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_nothing_always_says_why() {
    for (settings, user) in [
        (vec![("ROTATOR_EXEMPT_USERS", "ci")], "enrolled"),
        (vec![("ROTATOR_SECRET_NAME", "{user}")], "bare"),
        (vec![], "without an active key"),
        (vec![], "with two secrets"),
        (vec![], "with a taken name"),
        (vec![], "with a strange tag"),
    ] {
        let fleet = Fleet::new(&settings);
        match user {
            "bare" => drop(fleet.user("ci", 40)),
            "without an active key" => fleet.sim.set_key_status(&fleet.user("ci", 40).access_key_id, false),
            "with two secrets" => {
                let (key, _) = fleet.enrolled("ci", 40);
                fleet.holding_as("ci-again", "ci", &key);
            }
            "with a taken name" => {
                fleet.user("ci", 40);
                fleet.sim.create_secret("iam-key/ci", Some("{}"), &[]);
            }
            "with a strange tag" => {
                let (_, arn) = fleet.enrolled("ci", 40);
                fleet.sim.tag_secret(&arn, "iam-key-rotator:overlap", "a while");
            }
            _ => drop(fleet.enrolled("ci", 40)),
        }
        for event in [event("create"), json!({"account": ACCOUNT, "ForceRotate": "ci"})] {
            let answer = match fleet.send(event).await {
                Ok(answer) => answer,
                Err(error) => {
                    // Without a secret the user is not in the scope of a sweep.
                    assert_eq!(error.error_type, "InvalidEvent", "{user}");
                    continue;
                }
            };
            assert_eq!(answer["outcome"], "nothing-to-do", "{user}: {answer}");
            let reason = answer["reason"].as_str().or(answer["refused"][0].as_str());
            assert!(reason.is_some_and(|reason| !reason.is_empty()), "{user}: {answer}");
            if user == "enrolled" {
                assert!(reason.unwrap().contains("exempt"), "{answer}");
            }
        }
        assert!(!fleet.alerts().iter().any(|subject| subject.contains("on its way")), "{user}");
    }
}

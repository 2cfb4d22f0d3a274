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
async fn create_enrols_a_user_who_has_no_secret() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 3);
    let answer = fleet.send(event("create")).await.unwrap();
    assert_eq!(answer["actions"].as_array().unwrap().len(), 2, "{answer}");
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
    assert_eq!(fleet.sim.keys(ACCOUNT, "ci").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_user_that_does_not_exist_is_said_not_to() {
    let fleet = Fleet::new(&[]);
    let answer = fleet.send(event("create")).await.unwrap();
    assert_eq!(answer["outcome"], "nothing-to-do");
    assert!(fleet.secrets().is_empty());
}

//! What the subject of a digest says, and that a digest is sent for what its page promises.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::{Fleet, plan_of};
use crate::stage::{ACCOUNT, days};

const AT_ONCE: [(&str, &str); 2] = [("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")];

#[tokio::test(start_paused = true)]
async fn a_sweep_that_left_a_user_or_a_secret_out_says_so_in_its_subject() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "all")]);
    for name in ["a", "b"] {
        fleet.user(name, 100);
    }
    for (times, said) in [(1, "1 user left out, 2 actions"), (0, "2 users left out, 0 actions")] {
        fleet.sim.add_fault(Fault::on("ListAccessKeys", times, FaultKind::Denied).by("sweep-function"));
        fleet.sweep().await;
        let subject = fleet.alerts().into_iter().rfind(|subject| subject.contains("sweep of"));
        assert!(subject.as_ref().is_some_and(|subject| subject.contains(said)), "{said}: {subject:?}");
        fleet.sim.clear_faults();
        fleet.key("a", 100);
        fleet.sim.advance(days(91));
    }
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "gone;lost;")]);
    fleet.sweep().await;
    assert!(fleet.alerts()[0].contains("2 secrets left out, 0 actions"), "{:?}", fleet.alerts());
}

#[tokio::test(start_paused = true)]
async fn a_forced_rotation_of_an_exempt_user_is_answered_and_reported_with_the_reason() {
    let fleet = Fleet::new(&[("ROTATOR_EXEMPT_USERS", "ci*")]);
    fleet.enrolled("ci", 10);
    let answer = fleet.send(json!({"account": ACCOUNT, "ForceRotate": "ci"})).await.unwrap();
    assert_eq!(answer["outcome"], "nothing-to-do", "{answer}");
    let refused = answer["refused"][0].as_str().unwrap_or_default();
    assert!(refused.contains("exempt") && refused.contains("ROTATOR_EXEMPT_USERS"), "{answer}");
    assert!(fleet.alerts()[0].contains("1 request refused"), "{:?}", fleet.alerts());
    assert_eq!(fleet.keys("ci").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_overlap_and_recovery_the_next_digest_says_once_who_was_rotated() {
    for mode in ["enforce", "retire", "audit"] {
        let fleet = Fleet::new(&[&AT_ONCE[..], &[("ROTATOR_MODE", mode)]].concat());
        let (_, arn) = fleet.enrolled("ci", 0);
        fleet.sim.set_rotation_days(&arn, 30);
        let (mut told, mut answers) = (Vec::new(), Vec::<Value>::new());
        for day in 0..100 {
            answers.push(fleet.day().await);
            let alerts = fleet.sim.alerts();
            for alert in alerts.iter().skip(told.len()) {
                let subject = alert.subject.clone().unwrap();
                assert!(subject.contains("1 rotated, 0 actions"), "{mode} {day}: {subject}");
                assert!(alert.message.contains("Rotated since the last sweep"), "{}", alert.message);
                let current = &fleet.keys("ci")[0].0;
                assert!(alert.message.contains(current.as_str()), "{}", alert.message);
                told.push(day);
            }
        }
        // An audit cannot remember what it told, so it sends no digest for that alone.
        assert_eq!(told.len(), if mode == "audit" { 0 } else { 3 }, "{mode}: {told:?}");
        assert_eq!(fleet.keys("ci").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn counts_agree_with_their_nouns() {
    for (age, said) in [("1d", "every 1 day"), ("2d", "every 2 days"), ("36h", "every 1 day")] {
        let fleet = Fleet::new(&[("ROTATOR_SCOPE", "all"), ("ROTATOR_ROTATE_AFTER", age)]);
        fleet.user("ci", 3);
        let plan = plan_of(&fleet.sweep().await);
        let line = plan.iter().find(|line| line.contains("and then")).unwrap();
        assert!(line.contains(said) && !line.contains("every 1 days"), "{line}");
        assert_eq!(line.contains("ROTATOR_ROTATE_AFTER"), age == "36h", "{line}");
    }
}

//! Who gets a new key, and who asks for it.

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::{Fleet, plan_of};
use crate::stage::{ACCOUNT, FUNCTION, days};

#[tokio::test(start_paused = true)]
async fn a_due_key_gets_a_successor_and_one_that_is_not_due_does_not() {
    let fleet = Fleet::new(&[]);
    let (young, _) = fleet.enrolled("young", 89);
    let (old, _) = fleet.enrolled("old", 90);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert_eq!(fleet.working_key("young"), young.access_key_id);
    assert_ne!(fleet.working_key("old"), old.access_key_id);
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key), "it stays for the overlap");
}

#[tokio::test(start_paused = true)]
async fn a_secret_with_a_schedule_of_its_own_is_left_to_it_until_it_is_a_day_late() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 60);
    fleet.sim.set_rotation_days(&arn, 30);
    fleet.sim.advance(days(30));
    assert_eq!(fleet.sweep().await["actions"], json!({}), "due today, and the schedule's affair");
    fleet.sim.advance(days(2));
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert_eq!(answer["findings"]["ScheduleMissed"], 1);
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_comes_later_than_the_key_is_due_is_not_waited_for_and_has_missed_nothing() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 60);
    fleet.sim.set_rotation_days(&arn, 90);
    fleet.sim.advance(days(29));
    assert_eq!(fleet.sweep().await["actions"], json!({}));
    let answer = fleet.day().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert_eq!(answer["findings"], json!({"NeverUsed": 1}));
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn rotation_that_somebody_turned_off_stays_off_and_is_reported_once() {
    let fleet = Fleet::new(&[]);
    let (key, arn) = fleet.enrolled("ci", 100);
    fleet.sim.disable_rotation(&arn);
    let first = fleet.sweep().await;
    assert_eq!((&first["actions"], &first["findings"]["RotationOff"]), (&json!({}), &json!(1)));
    let second = fleet.day().await;
    assert_eq!(second["findings"]["RotationOff"], 1);
    assert_eq!(fleet.alerts().len(), 1, "{:?}", fleet.alerts());
    assert_eq!(fleet.working_key("ci"), key.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_key_in_the_way_that_may_not_go_is_a_finding_and_no_failed_rotation() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 100);
    let stranger = fleet.key("ci", 3);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({}), "{answer}");
    assert_eq!(answer["findings"]["RotationBlocked"], 1);
    assert_eq!(answer["findings"]["UnknownKey"], 1);
    fleet.sim.set_key_status(&stranger.access_key_id, false);
    let answer = fleet.day().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}), "{answer}");
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_does_not_end_is_found_and_taken_up_again() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 100);
    fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    fleet.sweep().await;
    assert!(fleet.sim.secret(&arn).stage("AWSPENDING").is_some());
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({}), "it may still be at work");
    fleet.sim.clear_faults();
    fleet.sim.advance(days(1));
    let answer = fleet.sweep().await;
    assert_eq!(answer["findings"]["RotationStuck"], 1, "{answer}");
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert_ne!(fleet.working_key("ci"), "");
    assert_eq!(fleet.sim.keys(ACCOUNT, "ci").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn forced_rotation_ignores_the_age_and_a_repeated_event_does_nothing() {
    let fleet = Fleet::new(&[]);
    let (old, _) = fleet.enrolled("ci", 5);
    fleet.enrolled("other", 100);
    let event = json!({"account": ACCOUNT, "ForceRotate": "ci"});
    let answer = fleet.send(event.clone()).await.unwrap();
    assert_eq!(answer["actions"], json!({"request-rotation": 1}), "the others have their own time");
    let new = fleet.working_key("ci");
    assert_ne!(new, old.access_key_id);
    for later in [0, 2] {
        fleet.sim.advance(days(1) / 24 * later);
        let again = fleet.send(event.clone()).await.unwrap();
        assert_eq!(again["actions"], json!({}), "{again}");
        assert!(again["refused"][0].as_str().unwrap().starts_with("ci: "), "{again}");
        assert_eq!(fleet.working_key("ci"), new);
    }
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key));
}

#[tokio::test(start_paused = true)]
async fn an_audit_says_what_enforcing_then_does_and_changes_nothing() {
    for scope in ["enrolled", "all"] {
        let settings = [("ROTATOR_SCOPE", scope), ("ROTATOR_UNKNOWN_KEYS", "delete-inactive")];
        let fleet = Fleet::new(&[settings.as_slice(), &[("ROTATOR_MODE", "audit")]].concat());
        fleet.enrolled("due", 100);
        fleet.enrolled("young", 10);
        fleet.user("bare", 100);
        let audit = fleet.sweep().await;
        let changes = fleet.sim.journal().into_iter().filter(|call| {
            // On its own function's tags it remembers what it has reported.
            call.caller.contains("sweep-function")
                && call.service != "lambda"
                && !["Get", "List", "Describe", "Generate", "Publish"]
                    .iter()
                    .any(|reads| call.operation.starts_with(reads))
        });
        assert_eq!(changes.map(|call| call.operation).collect::<Vec<_>>(), Vec::<String>::new());
        fleet.deploy(&settings);
        let enforced = fleet.sweep().await;
        assert!(!plan_of(&audit).is_empty());
        assert_eq!(plan_of(&audit), plan_of(&enforced), "{scope}");
    }
}

#[tokio::test(start_paused = true)]
async fn users_without_an_active_key_get_none_unless_their_secret_is_listed() {
    for (scope, expected) in [("enrolled", 0), ("idle;", 1)] {
        let fleet = Fleet::new(&[("ROTATOR_SCOPE", scope), ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)]);
        let (key, _) = fleet.enrolled("idle", 100);
        fleet.sim.set_key_status(&key.access_key_id, false);
        fleet.sim.create_user(ACCOUNT, "bare");
        let answer = fleet.sweep().await;
        let asked = answer["actions"]["request-rotation"].as_u64().unwrap_or_default();
        assert_eq!(asked, expected, "{scope}: {answer}");
        assert!(fleet.sim.keys(ACCOUNT, "bare").is_empty());
    }
}

//! What an engineer found who tried to break the response.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::super::{Fleet, MAILS, SWEEP};
use super::{fleet, guard_duty, health, is_active};
use crate::cli::Seat;
use crate::fleet::organization::MEMBER;
use crate::stage::hours;

fn last_alert(fleet: &Fleet) -> (String, String) {
    let alert = fleet.sim.alerts().pop().unwrap();
    (alert.subject.unwrap_or_default(), alert.message)
}

fn many(keys: &[String]) -> Value {
    let mut event = health(&keys[0], "ci");
    (event["resources"], event["detail"]["eventMetadata"]) = (json!([]), json!({}));
    event["detail"]["affectedEntities"] = keys.iter().map(|key| json!({"entityValue": key})).collect();
    event
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_for_a_moment_is_made_again() {
    for kind in [FaultKind::Throttle, FaultKind::Error5xx, FaultKind::RequestLost] {
        let fleet = fleet("enforce", "revoke");
        let (old, _) = fleet.enrolled("ci", 10);
        for nth in 1..=3 {
            fleet.sim.add_fault(Fault::on("RotateSecret", nth, kind.clone()));
        }
        let answer = fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
        assert!(answer["keys"][0]["cutOff"].is_null(), "{kind:?}: {answer:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_for_two_users_is_made_again() {
    let fleet = fleet("enforce", "revoke");
    let (a, _) = fleet.enrolled("ci", 10);
    let (b, _) = fleet.enrolled("build", 10);
    for nth in 1..=3 {
        fleet.sim.add_fault(Fault::on("RotateSecret", nth, FaultKind::Throttle));
    }
    let answer = fleet.send(many(&[a.access_key_id, b.access_key_id])).await.unwrap();
    assert!(answer["keys"][0]["cutOff"].is_null(), "{answer:#}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_key_was_revoked_gets_a_new_one_as_soon_as_there_is_room() {
    let fleet = fleet("enforce", "revoke");
    let (old, _) = fleet.enrolled("ci", 10);
    let beside = fleet.key("ci", 5);
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
    fleet.sim.delete_access_key(&beside.access_key_id);
    for _ in 0..5 {
        fleet.day().await;
    }
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
}

/// Two leaked keys of one user, in two events (AWS may send them an hour apart).
#[tokio::test(start_paused = true)]
async fn two_leaked_keys_of_a_user_in_two_events_end_with_a_new_one() {
    let fleet = Fleet::new(&[("ROTATOR_EXPOSED", "revoke"), ("ROTATOR_OVERLAP", "14d")]);
    let (old, _) = fleet.enrolled("ci", 100);
    fleet.sweep().await;
    fleet.sim.advance(hours(2));
    let new = fleet.working_key("ci");
    fleet.send(health(&new, "ci")).await.unwrap();
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    for _ in 0..20 {
        fleet.day().await;
    }
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn a_forged_note_silences_no_alert_of_a_key_that_works() {
    let fleet = fleet("enforce", "alert");
    let (old, arn) = fleet.enrolled("ci", 10);
    let id = &old.access_key_id;
    fleet.sim.tag_secret(&arn, "iam-key-rotator:notices", &format!("{id}:67"));
    fleet.send(health(id, "ci")).await.unwrap();
    assert_eq!(fleet.alerts(), ["Exposed access key STILL ACTIVE, act now: ci"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_stays_active_is_reminded_of_and_told_of_again() {
    let fleet = fleet("retire", "alert");
    let (old, _) = fleet.enrolled("ci", 10);
    let id = &old.access_key_id;
    fleet.send(json!({"action": "exposed", "key": id})).await.unwrap();
    for _ in 0..40 {
        fleet.day().await;
    }
    let reminders =
        fleet.sim.alerts().into_iter().filter(|alert| alert.message.contains("KeyExposed")).count();
    assert_eq!(reminders, 2, "on the first day and after thirty: {:?}", fleet.alerts());
    let before = fleet.alerts().len();
    fleet.send(guard_duty(id, "ci")).await.unwrap();
    assert!(fleet.alerts().len() > before);
}

/// AWSCURRENT of another secret holds the key; the secret has no tag that names the user.
#[tokio::test(start_paused = true)]
async fn rotate_spares_a_key_that_a_secret_of_another_user_holds() {
    let fleet = fleet("enforce", "rotate");
    let (old, _) = fleet.enrolled("ci", 10);
    fleet.user("app", 10);
    fleet.holding_as("apps/config", "app", &old);
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_iam_does_not_know_here_is_not_said_to_be_harmless() {
    let fleet = fleet("enforce", "revoke");
    fleet.enrolled("ci", 10);
    fleet.sim.create_user(MEMBER, "ci");
    let theirs = fleet.sim.create_access_key_at(MEMBER, "ci", fleet.sim.now() - hours(99));
    fleet.send(json!({"action": "exposed", "key": theirs.access_key_id, "user": "ci"})).await.unwrap();
    let (subject, message) = last_alert(&fleet);
    assert_eq!(subject, "Exposed access key not known to IAM here: ci");
    assert!(
        message.contains("or it is another account's") && message.contains("get-access-key-info"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_forged_wait_cuts_nobody_off_while_a_rotation_is_under_way() {
    let fleet = fleet("enforce", "revoke");
    let (old, arn) = fleet.enrolled("ci", 10);
    fleet.sim.add_fault(Fault::on("PutSecretValue", 1, FaultKind::Latency(Duration::from_secs(20))));
    let sim = fleet.sim.clone();
    let rotation = tokio::spawn(async move { sim.rotate(&arn).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let since = "2020-01-01T00:00:00Z";
    let answer =
        fleet.sim.invoke(SWEEP, json!({"action": "exposed", "key": old.access_key_id, "since": since})).await;
    assert!(rotation.await.unwrap().succeeded);
    assert!(answer.unwrap()["keys"][0]["cutOff"].is_null());
}

#[tokio::test(start_paused = true)]
async fn the_subject_of_several_keys_says_whose_consumers_are_cut_off() {
    let fleet = fleet("enforce", "revoke");
    let (a, arn) = fleet.enrolled("ci", 10);
    let (b, other) = fleet.enrolled("build", 10);
    fleet.sim.disable_rotation(&arn);
    fleet.sim.disable_rotation(&other);
    fleet.send(many(&[a.access_key_id, b.access_key_id])).await.unwrap();
    assert_eq!(last_alert(&fleet).0, "Exposed access keys (2): CONSUMERS OF 2 ARE CUT OFF");
}

#[tokio::test(start_paused = true)]
async fn a_long_name_hides_no_fate_in_a_subject() {
    for setting in ["alert", "revoke"] {
        let fleet = fleet("enforce", setting);
        let name = "a-team.with-a-long-name_service-account_production_eu-west-1.ci1";
        let (a, arn) = fleet.enrolled(name, 10);
        fleet.sim.disable_rotation(&arn);
        fleet.send(health(&a.access_key_id, name)).await.unwrap();
        let (subject, _) = last_alert(&fleet);
        assert!(subject.contains("STILL ACTIVE") || subject.contains("CUT OFF"), "{subject}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_is_mailed_where_a_sweep_ends_the_key() {
    let settings: Vec<_> =
        MAILS.into_iter().chain([("ROTATOR_EXPOSED", "rotate"), ("ROTATOR_OVERLAP", "7d")]).collect();
    let fleet = Fleet::new(&settings);
    let (old, _) = fleet.enrolled("ci", 10);
    fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    fleet.sim.clear_faults();
    for _ in 0..3 {
        fleet.day().await;
    }
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
    assert!(fleet.mails("ci@example.com").iter().any(|mail| mail.contains("deactivated")));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_thousand_keys_is_worked_off_and_told_of() {
    let fleet = fleet("enforce", "revoke");
    let (old, _) = fleet.enrolled("ci", 10);
    let mut keys: Vec<String> = (0..1_200).map(|nth| format!("AKIA{nth:016}")).collect();
    keys.push(old.access_key_id.clone());
    fleet.sim.invoke(SWEEP, many(&keys)).await.unwrap();
    assert_eq!(fleet.alerts().len(), 1);
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_tag_is_an_arn_is_found() {
    for (who, tag) in
        [("plain", "arn:aws:iam::111122223333:user/plain"), ("ci", "arn:aws:iam::111122223333:user/team/ci")]
    {
        let fleet = fleet("enforce", "revoke");
        let (old, arn) = fleet.enrolled(who, 10);
        fleet.sim.tag_secret(&arn, "iam-key-rotator:user", tag);
        fleet.sim.advance(hours(1));
        fleet.send(health(&old.access_key_id, who)).await.unwrap();
        assert_eq!(is_active(&fleet, who, &old.access_key_id), Some(false), "{tag}");
    }
}

#[tokio::test(start_paused = true)]
async fn notes_of_keys_that_are_gone_do_not_push_the_exposure_out_of_the_tag() {
    let fleet = fleet("enforce", "revoke");
    let (old, arn) = fleet.enrolled("ci", 10);
    let junk: Vec<String> =
        (0..11).map(|nth| format!("AKIA000000000000000{}:6", (b'A' + nth) as char)).collect();
    fleet.sim.tag_secret(&arn, "iam-key-rotator:notices", &junk.join(" "));
    fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    fleet.deploy(&[("ROTATOR_MODE", "enforce"), ("ROTATOR_EXPOSED", "rotate")]);
    fleet.sim.invoke(SWEEP, health(&old.access_key_id, "ci")).await.unwrap();
    let tag = fleet.secret("ci").tags.get("iam-key-rotator:notices").cloned();
    assert!(tag.unwrap().contains(&old.access_key_id));
}

#[tokio::test(start_paused = true)]
async fn the_command_line_shows_an_exposure_and_warns_before_a_reactivation() {
    let fleet = fleet("retire", "alert");
    let (old, _) = fleet.enrolled("ci", 10);
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    for line in ["status", "plan"] {
        let seat = Seat::of(&fleet.sim).set(&[("ROTATOR_MODE", "retire"), ("ROTATOR_EXPOSED", "alert")]);
        let ran = seat.run(line).await;
        assert!(ran.out.contains("KeyExposed"), "{line}: {}", ran.out);
    }
    fleet.sim.set_key_status(&old.access_key_id, false);
    let ran = Seat::of(&fleet.sim).types("yes\n").run(&format!("reactivate ci {}", old.access_key_id)).await;
    assert!(
        ran.out.contains("AWS reported this key as exposed") && ran.out.contains("untag-resource"),
        "{}",
        ran.out
    );
}

#[tokio::test(start_paused = true)]
async fn a_pending_key_that_is_promoted_meanwhile_is_not_taken_from_its_consumers() {
    let fleet = Fleet::new(&[("ROTATOR_EXPOSED", "rotate"), ("ROTATOR_OVERLAP", "14d")]);
    let (_, arn) = fleet.enrolled("ci", 10);
    fleet.sim.add_fault(Fault::on("GetCallerIdentity", 1, FaultKind::Latency(Duration::from_secs(3))));
    let slow = Fault::on("TagResource", 1, FaultKind::Latency(Duration::from_secs(4)));
    fleet.sim.add_fault(slow.by("sweep-function"));
    let (sim, secret) = (fleet.sim.clone(), arn.clone());
    let rotation = tokio::spawn(async move { sim.rotate(&secret).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pending = fleet.keys("ci").pop().unwrap().0;
    fleet.sim.invoke(SWEEP, health(&pending, "ci")).await.unwrap();
    assert!(rotation.await.unwrap().succeeded);
    assert_eq!(fleet.working_key("ci"), pending);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_told_the_invocation_fails() {
    let fleet = Fleet::new(&[("ROTATOR_EXPOSED", "alert"), ("ROTATOR_ALERT_TOPIC_ARN", "")]);
    let (old, _) = fleet.enrolled("ci", 10);
    let answer = fleet.send(health(&old.access_key_id, "ci")).await;
    assert_eq!(answer.unwrap_err().error_type, "AlertNotSent");
    let tag = fleet.secret("ci").tags.get("iam-key-rotator:notices").cloned();
    assert!(!tag.unwrap_or_default().contains('7'));
}

/// Whoever may tag the secret can forge the note. What comes of it is what the secret's schedule does later.
#[tokio::test(start_paused = true)]
async fn a_forged_exposure_of_an_inactive_key_does_no_more_than_an_early_rotation() {
    for forged in [true, false] {
        let fleet = fleet("enforce", "revoke");
        let (old, arn) = fleet.enrolled("ci", 10);
        fleet.sim.set_key_status(&old.access_key_id, false);
        if forged {
            fleet.sim.tag_secret(&arn, "iam-key-rotator:notices", &format!("{}:6", old.access_key_id));
            fleet.sim.advance(hours(1));
            fleet.sweep().await;
        } else {
            assert!(fleet.sim.rotate(&arn).await.succeeded);
        }
        assert_ne!(fleet.working_key("ci"), old.access_key_id, "forged: {forged}");
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false), "forged: {forged}");
    }
}

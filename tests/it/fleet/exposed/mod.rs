//! Keys that AWS reports as exposed: AWS Health, GuardDuty, and what comes of it.

mod found;
mod table;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::{Fleet, MAILS, SWEEP};
use crate::stage::hours;

/// The sample of AWS Health, about this key.
fn health(key: &str, user: &str) -> Value {
    sample(include_str!("../../../../docs/samples/exposed-key-health.json"), key, user)
}

/// The sample of GuardDuty, about this key.
fn guard_duty(key: &str, user: &str) -> Value {
    sample(include_str!("../../../../docs/samples/exposed-key-guardduty.json"), key, user)
}

/// The sample of an attack sequence, by which GuardDuty names a key elsewhere.
fn attack(key: &str, user: &str) -> Value {
    sample(include_str!("../../../../docs/samples/exposed-key-attack-sequence.json"), key, user)
}

/// The sweep's own event about this key.
fn own(key: &str, user: &str) -> Value {
    json!({"action": "exposed", "key": key, "user": user})
}

fn sample(text: &str, key: &str, user: &str) -> Value {
    let text = text.replace("AKIAIOSFODNN7EXAMPLE", key).replace("\"ci-bot\"", &format!("\"{user}\""));
    serde_json::from_str(&text).unwrap()
}

fn fleet(mode: &str, exposed: &str) -> Fleet {
    Fleet::new(&[("ROTATOR_MODE", mode), ("ROTATOR_EXPOSED", exposed)])
}

fn is_active(fleet: &Fleet, user: &str, key: &str) -> Option<bool> {
    fleet.keys(user).into_iter().find(|(id, _)| id == key).map(|(_, active)| active)
}

fn changes(fleet: &Fleet) -> Vec<String> {
    let calls = fleet.sweep_calls().into_keys();
    calls
        .filter(|call| ["RotateSecret", "UpdateAccessKey", "DeleteAccessKey"].contains(&call.as_str()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_successor_is_current_before_the_exposed_key_is_deactivated() {
    for (exposed, mode) in
        [("rotate", "retire"), ("rotate", "enforce"), ("revoke", "retire"), ("revoke", "enforce")]
    {
        let fleet = fleet(mode, exposed);
        let (old, _) = fleet.enrolled("ci", 10);
        for event in [health(&old.access_key_id, "ci"), guard_duty(&old.access_key_id, "ci")] {
            let answer = fleet.send(event).await.unwrap();
            assert_eq!(answer["keys"][0]["end"], "over", "{answer:#}");
        }
        let order: Vec<String> = fleet.sim.journal().into_iter().map(|call| call.operation).collect();
        let last = |name: &str| order.iter().rposition(|call| call == name).unwrap();
        assert!(last("UpdateSecretVersionStage") < last("UpdateAccessKey"), "{exposed}");
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
        assert_ne!(fleet.working_key("ci"), old.access_key_id);
        // The second event found nothing to do, and told nobody again.
        assert_eq!((fleet.sweep_calls()["RotateSecret"], fleet.sweep_calls()["UpdateAccessKey"]), (1, 1));
        assert_eq!(fleet.alerts(), ["Exposed access key deactivated, AWSCURRENT holds another key: ci"]);
        // It is deleted like any other, when its recovery window is over.
        for _ in 0..9 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("ci").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_but_an_alert_with_the_commands_by_default_and_in_an_audit() {
    for (mode, exposed) in
        [("retire", "alert"), ("enforce", "alert"), ("audit", "rotate"), ("audit", "revoke")]
    {
        let fleet = fleet(mode, exposed);
        let (key, _) = fleet.enrolled("ci", 10);
        let id = &key.access_key_id;
        let answer = fleet.send(health(id, "ci")).await.unwrap();
        assert_eq!((&answer["outcome"], &answer["exposed"]), (&json!("nothing-to-do"), &json!("alert")));
        assert_eq!(fleet.working_key("ci"), *id);
        assert!(changes(&fleet).is_empty(), "{:?}", changes(&fleet));
        let alert = fleet.sim.alerts().pop().unwrap();
        assert_eq!(alert.subject.as_deref(), Some("Exposed access key STILL ACTIVE, act now: ci"));
        for command in [
            "iam-key-rotator rotate ci --revoke-now".to_owned(),
            format!("aws iam update-access-key --user-name ci --access-key-id {id} --status Inactive"),
            format!("AttributeKey=AccessKeyId,AttributeValue={id}"),
            "aws iam list-attached-user-policies --user-name ci".to_owned(),
            "AWSCompromisedKeyQuarantine".to_owned(),
            "AWS Health: AWS_RISK_CREDENTIALS_EXPOSED".to_owned(),
        ] {
            assert!(alert.message.contains(&command), "{command}\n{}", alert.message);
        }
        // As long as the key works, each report is told of: whoever may write the secret's tag can say that people were told.
        fleet.send(health(id, "ci")).await.unwrap();
        assert_eq!(fleet.alerts().len(), 2);
        fleet.sweep().await;
        assert!(changes(&fleet).is_empty(), "nor does a sweep act on it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_successor_that_fails_stops_no_revocation_and_the_alert_says_who_is_cut_off() {
    for (exposed, works) in [("revoke", false), ("rotate", true)] {
        let fleet = fleet("enforce", exposed);
        let (old, _) = fleet.enrolled("ci", 10);
        fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
        let begun = fleet.sim.now();
        fleet.sim.invoke(SWEEP, health(&old.access_key_id, "ci")).await.unwrap();
        let took = fleet.sim.now().duration_since(begun).unwrap();
        assert!(took >= Duration::from_secs(300) && took < Duration::from_secs(330), "{took:?}");
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(works));
        let subject = match works {
            true => "Exposed access key STILL ACTIVE, act now: ci",
            false => "Exposed access key deactivated, CONSUMERS ARE CUT OFF: ci",
        };
        assert!(fleet.alerts().contains(&subject.to_owned()), "{:?}", fleet.alerts());
        // Once the cause is gone, Secrets Manager's repetition makes the successor, and a sweep does the rest.
        fleet.sim.clear_faults();
        for _ in 0..2 {
            fleet.day().await;
        }
        assert_ne!(is_active(&fleet, "ci", &old.access_key_id), Some(true), "{exposed}");
        if works {
            assert_ne!(fleet.working_key("ci"), old.access_key_id);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_successor_can_come_a_revocation_does_not_wait() {
    for stop in ["rotation off", "two keys"] {
        let fleet = fleet("enforce", "revoke");
        let (old, arn) = fleet.enrolled("ci", 10);
        match stop {
            "rotation off" => fleet.sim.disable_rotation(&arn),
            _ => drop(fleet.key("ci", 5)),
        }
        let begun = fleet.sim.now();
        fleet.sim.invoke(SWEEP, health(&old.access_key_id, "ci")).await.unwrap();
        assert!(fleet.sim.now().duration_since(begun).unwrap() < Duration::from_secs(30), "{stop}");
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false), "{stop}");
        assert!(fleet.sim.alerts().pop().unwrap().message.contains("CUT OFF"), "{stop}");
        assert!(!changes(&fleet).contains(&"RotateSecret".to_owned()), "{stop}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_reported_with_the_commands_and_never_touched() {
    let fleet = Fleet::new(&[("ROTATOR_EXPOSED", "revoke"), ("ROTATOR_EXEMPT_USERS", "vendor")]);
    let foreign = fleet.user("stranger", 10);
    let (exempt, _) = fleet.enrolled("vendor", 10);
    let (_, _) = fleet.enrolled("ci", 10);
    let beside = fleet.key("ci", 3);
    for (user, key) in [("stranger", &foreign), ("vendor", &exempt), ("ci", &beside)] {
        let id = &key.access_key_id;
        let answer = fleet.send(health(id, user)).await.unwrap();
        assert_eq!(answer["keys"][0]["end"], "works", "{answer:#}");
        assert_eq!(is_active(&fleet, user, id), Some(true));
        let alert = fleet.sim.alerts().pop().unwrap();
        assert_eq!(alert.subject, Some(format!("Exposed access key STILL ACTIVE, act now: {user}")));
        let off =
            format!("aws iam update-access-key --user-name {user} --access-key-id {id} --status Inactive");
        assert!(alert.message.contains(&off), "{}", alert.message);
    }
    assert!(changes(&fleet).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_for_a_key_that_is_gone_or_inactive_says_so() {
    let fleet = fleet("enforce", "revoke");
    let (old, _) = fleet.enrolled("ci", 10);
    let gone = fleet.key("ci", 5);
    fleet.sim.delete_access_key(&gone.access_key_id);
    let answer = fleet.send(health(&gone.access_key_id, "ci")).await.unwrap();
    assert_eq!(answer["outcome"], "nothing-to-do");
    let alert = fleet.sim.alerts().pop().unwrap();
    assert!(alert.message.contains("it was deleted"), "{}", alert.message);
    let beside = fleet.key("ci", 5);
    fleet.sim.set_key_status(&beside.access_key_id, false);
    let answer = fleet.send(guard_duty(&beside.access_key_id, "ci")).await.unwrap();
    assert_eq!(answer["keys"][0]["end"], "over", "{answer:#}");
    assert!(changes(&fleet).is_empty());
    assert_eq!(fleet.working_key("ci"), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_superseded_key_is_deactivated_whatever_its_overlap_and_its_use() {
    for exposed in ["rotate", "revoke"] {
        let fleet = Fleet::new(&[("ROTATOR_EXPOSED", exposed), ("ROTATOR_OVERLAP", "14d")]);
        let (old, _) = fleet.enrolled("ci", 100);
        fleet.sweep().await;
        fleet.sim.advance(hours(2));
        fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
        fleet.sim.advance(Duration::from_secs(600));
        let current = fleet.working_key("ci");
        fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
        assert_eq!((fleet.working_key("ci"), fleet.sweep_calls()["RotateSecret"]), (current, 1));
        // Its recovery window counts from its end, whatever the overlap and the use would have been.
        for _ in 0..9 {
            fleet.day().await;
        }
        assert_eq!(is_active(&fleet, "ci", &old.access_key_id), None, "{exposed}");
    }
}

#[tokio::test(start_paused = true)]
async fn users_are_mailed_and_the_sweep_does_not_tell_them_again() {
    let more = [("ROTATOR_EXPOSED", "revoke"), ("ROTATOR_RECOVERY", "14d")];
    let settings: Vec<_> = MAILS.into_iter().chain(more).collect();
    let fleet = Fleet::new(&settings);
    let (old, _) = fleet.enrolled("ci", 10);
    fleet.send(health(&old.access_key_id, "ci")).await.unwrap();
    let told = |fleet: &Fleet| {
        let mails = fleet.mails("ci@example.com").into_iter();
        mails.filter(|subject| subject.contains("deactivated")).collect::<Vec<_>>()
    };
    assert_eq!(told(&fleet).len(), 1, "{:?}", fleet.mails("ci@example.com"));
    assert!(told(&fleet)[0].contains("exposed"), "{:?}", told(&fleet));
    assert_eq!(fleet.mails("admin@example.com").len(), 1, "{:?}", fleet.mails("admin@example.com"));
    for _ in 0..16 {
        fleet.day().await;
    }
    assert_eq!(told(&fleet).len(), 1, "{:?}", told(&fleet));
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), None);
    // Nobody is told to activate it again.
    for mail in fleet.sim.mails() {
        let text = mail.text.unwrap_or_default();
        assert!(!text.contains("reactivate") && !text.contains("can be activated again"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_what_would_be_done_and_does_and_tells_nothing() {
    let fleet = fleet("enforce", "revoke");
    let (key, _) = fleet.enrolled("ci", 10);
    let mut event = health(&key.access_key_id, "ci");
    event["dryrun"] = json!(true);
    let answer = fleet.send(event).await.unwrap();
    assert_eq!(answer["keys"][0]["actions"], json!(["rotate the secret: its key is exposed"]), "{answer:#}");
    assert!(changes(&fleet).is_empty() && fleet.alerts().is_empty());
    assert!(!fleet.sweep_calls().contains_key("TagResource"));
}

/// However often it comes: nothing is noted that a sweep could act on, nor that would silence a real exposure.
#[tokio::test(start_paused = true)]
async fn a_suspicion_and_a_closed_case_change_nothing_and_silence_nothing() {
    type Vague = (&'static str, fn(&mut Value), &'static str);
    let kinds: [Vague; 3] = [
        (
            "an anomaly",
            |event| event["detail"]["type"] = json!("Impact:IAMUser/AnomalousBehavior"),
            "Suspicious use of access key still active, nothing was changed: ci",
        ),
        (
            "a sample",
            |event| event["detail"]["service"]["additionalInfo"] = json!({"sample": true}),
            "Suspicious use of access key still active, nothing was changed: ci",
        ),
        (
            "archived",
            |event| event["detail"]["service"]["archived"] = json!(true),
            "Closed case of exposed access key still active, nothing was changed: ci",
        ),
    ];
    for (what, vague, subject) in kinds {
        let fleet = fleet("enforce", "revoke");
        let (key, _) = fleet.enrolled("ci", 10);
        let mut event = guard_duty(&key.access_key_id, "ci");
        vague(&mut event);
        for _ in 0..2 {
            fleet.send(event.clone()).await.unwrap();
            fleet.sweep().await;
        }
        assert!(changes(&fleet).is_empty(), "{what}: {:?}", changes(&fleet));
        assert_eq!(fleet.alerts(), [subject, subject], "{what}");
        fleet.deploy(&[("ROTATOR_MODE", "enforce"), ("ROTATOR_EXPOSED", "alert")]);
        fleet.send(health(&key.access_key_id, "ci")).await.unwrap();
        assert_eq!(fleet.alerts()[2], "Exposed access key STILL ACTIVE, act now: ci", "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_little_time_it_goes_on_in_other_invocations_and_waits_no_longer_for_that() {
    let fleet = fleet("enforce", "revoke");
    let (old, _) = fleet.enrolled("ci", 10);
    fleet.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    fleet.sim.update(|options| options.function_timeout = Duration::from_secs(90));
    let begun = fleet.sim.now();
    let answer = fleet.sim.invoke(SWEEP, health(&old.access_key_id, "ci")).await.unwrap();
    assert_eq!(answer["outcome"], "continues", "{answer:#}");
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(true));
    fleet.sim.events_finished().await;
    assert!(fleet.sim.event_reports().len() >= 3, "{:?}", fleet.sim.event_reports());
    assert!(fleet.sim.now().duration_since(begun).unwrap() < Duration::from_secs(360));
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
    let told: Vec<String> =
        fleet.alerts().into_iter().filter(|subject| subject.starts_with("Exposed")).collect();
    assert_eq!(told, ["Exposed access key deactivated, CONSUMERS ARE CUT OFF: ci"]);
    assert_eq!(fleet.sweep_calls()["RotateSecret"], 1);
}

/// In whichever order the event names them: the superseded key is in the way of the current one's successor.
#[tokio::test(start_paused = true)]
async fn of_two_keys_of_a_user_none_keeps_the_other_from_a_successor() {
    for reversed in [false, true] {
        let fleet = Fleet::new(&[("ROTATOR_EXPOSED", "revoke"), ("ROTATOR_OVERLAP", "14d")]);
        fleet.enrolled("ci", 100);
        fleet.sweep().await;
        fleet.sim.advance(hours(2));
        let mut both: Vec<String> = fleet.keys("ci").into_iter().map(|(key, _)| key).collect();
        assert_eq!(both.len(), 2);
        if reversed {
            both.reverse();
        }
        let mut event = health(&both[0], "ci");
        (event["resources"], event["detail"]["eventMetadata"]) = (json!([]), json!({}));
        event["detail"]["affectedEntities"] = both.iter().map(|key| json!({"entityValue": key})).collect();
        let answer = fleet.send(event).await.unwrap();
        let keys = answer["keys"].as_array().unwrap();
        assert!(keys.iter().all(|case| case["end"] == "over" && case["cutOff"].is_null()), "{answer:#}");
        assert!(!both.contains(&fleet.working_key("ci")));
        assert_eq!(fleet.alerts().pop().unwrap(), "Exposed access keys (2): none works any more");
    }
}

#[tokio::test(start_paused = true)]
async fn who_only_says_that_the_wait_is_over_cuts_nobody_off() {
    let fleet = fleet("enforce", "revoke");
    let (old, _) = fleet.enrolled("ci", 10);
    let forged = json!({"action": "exposed", "key": old.access_key_id, "since": "2020-01-01T00:00:00Z"});
    fleet.send(forged).await.unwrap();
    assert_eq!(is_active(&fleet, "ci", &old.access_key_id), Some(false));
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
    assert_eq!(fleet.alerts(), ["Exposed access key deactivated, AWSCURRENT holds another key: ci"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_an_account_out_of_reach_is_named_in_the_alert() {
    let fleet = fleet("enforce", "revoke");
    let mut event = health("AKIAIOSFODNN7EXAMPLE", "ci");
    event["detail"]["affectedAccount"] = json!("444455556666");
    fleet.send(event).await.unwrap();
    let alert = fleet.sim.alerts().pop().unwrap();
    assert!(
        alert.message.contains("AKIAIOSFODNN7EXAMPLE") && alert.message.contains("444455556666"),
        "{}",
        alert.message
    );
    assert!(alert.message.contains("ROTATOR_MEMBER_ROLE"), "{}", alert.message);
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_users_key_is_told_of() {
    let fleet = fleet("enforce", "revoke");
    fleet.send(health("ASIAIOSFODNN7EXAMPLE", "ci")).await.unwrap();
    let alert = fleet.sim.alerts().pop().unwrap();
    assert!(alert.message.contains("ASIAIOSFODNN7EXAMPLE"), "{}", alert.message);
    assert_eq!(alert.subject.as_deref(), Some("Exposed credentials: the event names no user's access key"));
}

//! Who is told what, and that nobody is told twice.

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::{Fleet, MAILS};
use crate::stage::ACCOUNT;

const LONG: [(&str, &str); 2] = [("ROTATOR_OVERLAP", "10d"), ("ROTATOR_RECOVERY", "10d")];
const USER: &str = "ci@example.com";

fn settings<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [MAILS.as_slice(), LONG.as_slice(), more].concat()
}

#[tokio::test(start_paused = true)]
async fn a_user_is_warned_before_each_thing_and_told_after_it_and_never_twice() {
    let fleet = Fleet::new(&settings(&[]));
    fleet.enrolled("ci", 80);
    let mut told = Vec::new();
    for day in 1..=35 {
        let before = fleet.mails(USER).len();
        fleet.day().await;
        // A second sweep on the same day tells nobody anything.
        let after = fleet.mails(USER).len();
        fleet.sweep().await;
        assert_eq!(fleet.mails(USER).len(), after, "day {day}");
        told.extend(fleet.mails(USER).into_iter().skip(before).map(|subject| (day, subject)));
    }
    let days: Vec<i32> = told.iter().map(|(day, _)| *day).collect();
    let words: Vec<&str> = told
        .iter()
        .map(|(_, subject)| subject.split(": ").last().unwrap().split(" on ").next().unwrap())
        .collect();
    // Rotated on day 10; warned of the deactivation seven days before day 20; of the deletion on
    // day 23, seven days before day 30.
    assert_eq!(days, [3, 10, 13, 20, 23, 30], "{told:#?}");
    assert_eq!(words[0], "rotation");
    assert_eq!(words[2..], ["deactivation", "deactivated", "deletion", "deleted"]);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_cannot_be_sent_is_sent_the_next_day_and_the_administrator_knows() {
    let fleet = Fleet::new(&settings(&[]));
    fleet.enrolled("ci", 82);
    fleet.sim.add_fault(Fault::on("SendEmail", 1, FaultKind::Denied));
    let answer = fleet.day().await;
    assert_eq!(answer["failures"], 1);
    assert!(fleet.mails(USER).is_empty());
    assert_eq!(fleet.mails("admin@example.com").len(), 1);
    fleet.sim.clear_faults();
    fleet.day().await;
    assert_eq!(fleet.mails(USER).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_cannot_be_sent_is_sent_the_next_day() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 10);
    fleet.key("ci", 3);
    fleet.sim.add_fault(Fault::on("Publish", 0, FaultKind::Denied));
    fleet.sweep().await;
    assert!(fleet.alerts().is_empty());
    fleet.sim.clear_faults();
    fleet.day().await;
    fleet.day().await;
    assert_eq!(fleet.alerts().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_user_with_several_keys_in_motion_gets_one_mail() {
    let fleet = Fleet::new(&settings(&[("ROTATOR_ROTATE_AFTER", "20d")]));
    let (old, _) = fleet.enrolled("ci", 20);
    fleet.sweep().await;
    for _ in 0..30 {
        fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
        let before = fleet.mails(USER).len();
        fleet.day().await;
        assert!(fleet.mails(USER).len() <= before + 2, "the rotation's own, and the sweep's");
    }
}

#[tokio::test(start_paused = true)]
async fn the_owner_that_the_event_names_gets_the_digest_too() {
    let fleet = Fleet::new(&settings(&[]));
    fleet.enrolled("ci", 100);
    let event = json!({"account": ACCOUNT, "name": "Build", "email": "owner@example.com"});
    fleet.send(event).await.unwrap();
    assert_eq!(fleet.mails("owner@example.com"), fleet.mails("admin@example.com"));
    assert_eq!(fleet.mails("owner@example.com").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_audit_mails_its_plan_to_the_administrator_and_nobody_else() {
    let fleet = Fleet::new(&settings(&[("ROTATOR_MODE", "audit")]));
    fleet.enrolled("ci", 100);
    fleet.enrolled("soon", 85);
    fleet.sweep().await;
    assert_eq!(fleet.mails("admin@example.com").len(), 1);
    assert_eq!(fleet.sim.mails().len(), 1);
    assert!(fleet.sim.mails()[0].text.as_ref().unwrap().contains("rotate the secret"));
    assert!(fleet.alerts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_with_nothing_to_tell_tells_nothing() {
    let fleet = Fleet::new(&settings(&[]));
    fleet.enrolled("ci", 10);
    fleet.sweep().await;
    assert!(fleet.sim.mails().is_empty() && fleet.alerts().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_any_log_mail_alert_or_metric_of_a_fleet() {
    let fleet = Fleet::new(&settings(&[("ROTATOR_SCOPE", "all")]));
    for nth in 0..5 {
        fleet.enrolled(&format!("enrolled-{nth}"), 80 + nth);
        fleet.user(&format!("bare-{nth}"), 80 + nth);
    }
    for _ in 0..40 {
        fleet.day().await;
    }
    let told: String = fleet
        .sim
        .mails()
        .into_iter()
        .flat_map(|mail| [mail.subject, mail.text.unwrap_or_default(), mail.html.unwrap_or_default()])
        .chain(fleet.sim.alerts().into_iter().map(|alert| alert.message))
        .chain([fleet.stage.log.text(), fleet.metrics.text(), fleet.stage.metrics.text()])
        .collect();
    assert!(told.len() > 10_000);
    for canary in fleet.sim.canaries() {
        assert!(!told.contains(&canary));
    }
}

//! Who is left alone; and that what cannot be read exempts nobody and everybody.

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::Fleet;
use crate::stage::ACCOUNT;

fn fleet(settings: &[(&str, &str)]) -> Fleet {
    let fleet = Fleet::new(settings);
    for name in ["by-name", "by-group", "by-tag", "plain"] {
        fleet.enrolled(name, 100);
    }
    fleet.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
    fleet.sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", "by-group");
    fleet.sim.tag_user(ACCOUNT, "by-tag", "iam-key-rotator:exempt", "vendor <b>cannot</b> change it");
    fleet
}

#[tokio::test(start_paused = true)]
async fn users_are_exempt_by_name_by_group_and_by_tag_and_the_reason_is_reported() {
    let fleet = fleet(&[
        ("ROTATOR_EXEMPT_USERS", "BY-N*"),
        ("ROTATOR_EMAIL_FROM", "keys@example.com"),
        ("ROTATOR_ADMIN_EMAIL", "admin@example.com"),
    ]);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}), "{answer}");
    assert_eq!(fleet.keys("plain").len(), 2);
    for name in ["by-name", "by-group", "by-tag"] {
        assert_eq!(fleet.keys(name).len(), 1, "{name}");
    }
    let mail = fleet.sim.mails().into_iter().find(|mail| mail.subject.starts_with("Key sweep")).unwrap();
    let (text, html) = (mail.text.unwrap(), mail.html.unwrap());
    assert!(text.contains("vendor <b>cannot</b>") && text.contains("IAMKeyRotationExemptionGroup"), "{text}");
    assert!(!html.contains("<b>cannot"), "{html}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_does_not_exist_has_no_members_and_one_that_cannot_be_read_ends_the_sweep() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 100);
    fleet.sim.add_fault(Fault::on("GetGroup", 0, FaultKind::Denied));
    let error = fleet.send(json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "AccessDenied");
    assert_eq!(fleet.keys("ci").len(), 1);
    assert_eq!(fleet.alerts(), ["Key sweep failed: AccessDenied"]);
    fleet.sim.clear_faults();
    assert_eq!(fleet.sweep().await["actions"], json!({"request-rotation": 1}));
}

#[tokio::test(start_paused = true)]
async fn a_group_of_many_pages_is_read_to_its_end() {
    let options = simulator::Options { page_size: 3, ..simulator::Options::default() };
    let fleet = Fleet::with(options, &[]);
    fleet.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
    for nth in 0..20 {
        let name = format!("user-{nth:02}");
        fleet.enrolled(&name, 100);
        fleet.sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", &name);
    }
    fleet.enrolled("plain", 100);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert_eq!(answer["users"]["total"], 21);
}

#[tokio::test(start_paused = true)]
async fn tags_that_cannot_be_read_skip_the_user_and_nobody_else() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("a", 100);
    fleet.enrolled("b", 100);
    fleet.sim.add_fault(Fault::on("ListUserTags", 0, FaultKind::Denied).about("a").by("sweep-function"));
    let answer = fleet.sweep().await;
    assert_eq!((&answer["failures"], &answer["actions"]), (&json!(1), &json!({"request-rotation": 1})));
    assert_eq!((fleet.keys("a").len(), fleet.keys("b").len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn an_exempt_key_that_is_too_old_is_a_finding() {
    let fleet = fleet(&[("ROTATOR_MAX_AGE", "95d"), ("ROTATOR_EXEMPT_USERS", "by-name")]);
    let answer = fleet.sweep().await;
    assert_eq!(answer["findings"]["ExemptButOld"], 3, "{answer}");
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
}

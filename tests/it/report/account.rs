//! What one report says of one account.

use iam_key_rotator::report::evidence::{Source, Validation, Verdict, What};
use iam_key_rotator::report::{csv, html, json};
use simulator::{Fault, FaultKind};

use super::{kinds, report_of, user};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, days, hours};

#[tokio::test(start_paused = true)]
async fn of_each_key_it_says_how_old_it_is_who_used_it_last_where_it_is_kept_and_that_it_works() {
    let fleet = Fleet::new(&[]);
    let (key, arn) = fleet.enrolled("ci", 40);
    fleet.sim.use_key_at(&key.access_key_id, "s3", "eu-central-1", fleet.sim.now() - hours(5));
    fleet.sim.tag_secret(&arn, "iam-key-rotator:overlap", "10d");
    let report = report_of(&fleet, &[]).await;
    let ci = user(&report, "ci");
    let [only] = &ci.keys[..] else { panic!("{:?}", ci.keys) };
    assert!(key.access_key_id.ends_with(&only.suffix) && only.suffix.len() == 4);
    assert_eq!((only.age_days, only.active, only.role.as_str()), (40, true, "current"));
    let used = only.last_used.as_ref().unwrap();
    assert_eq!((used.service.as_str(), used.region.as_str()), ("s3", "eu-central-1"));
    assert_eq!(ci.arn, format!("arn:aws:iam::{ACCOUNT}:user/ci"));
    assert_eq!(ci.secret.as_ref().unwrap().arn, arn);
    assert!(ci.secret.as_ref().unwrap().version_stored.is_some());
    assert!(ci.validation.as_ref().unwrap().passes());
    let policy = ci.policy.as_ref().unwrap();
    assert_eq!((policy.overlap.as_str(), policy.by_tags), ("10 days", true));
    assert_eq!(report.policy.rotate_after, "90 days");
    assert!(ci.unmet.is_empty() && ci.findings.is_empty(), "{ci:?}");
}

#[tokio::test(start_paused = true)]
async fn users_outside_the_sweeps_scope_are_in_it_and_users_without_keys_are_counted() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("enrolled", 10);
    fleet.user("bare", 200);
    fleet.sim.create_user(ACCOUNT, "keyless");
    for scope in ["enrolled", "all", &format!("{arn};")] {
        let report = report_of(&fleet, &[("ROTATOR_SCOPE", scope)]).await;
        assert_eq!((report.users.len(), report.users_without_keys), (2, 1), "{scope}");
        let bare = user(&report, "bare");
        assert_eq!((bare.keys[0].role.as_str(), bare.secret.is_some()), ("not enrolled", false));
        assert!(bare.unmet.iter().any(|name| name == "key-age"), "{bare:?}");
        assert_eq!(report.users[0].name, "bare", "who does not meet a control stands first");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_made_by_reading_alone_and_reads_no_secrets_value() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("due", 100);
    fleet.user("bare", 100);
    fleet.sim.clear_journal();
    let function = ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION);
    report_of(&fleet, &[("ROTATOR_MODE", "enforce"), function]).await;
    let calls: Vec<String> = fleet.sim.journal().into_iter().map(|call| call.operation).collect();
    assert!(!calls.is_empty());
    for call in &calls {
        let reads = ["List", "Describe", "Get", "Generate"].iter().any(|verb| call.starts_with(verb));
        assert!(reads && call != "GetSecretValue", "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_reactivated_is_no_younger_and_every_user_is_read_from_iam() {
    let fleet = Fleet::new(&[]);
    let key = fleet.user("bare", 400);
    fleet.enrolled("young", 10);
    // The credential report dates a key by its last change.
    fleet.sim.set_key_status(&key.access_key_id, false);
    fleet.sim.set_key_status(&key.access_key_id, true);
    fleet.sim.advance(days(1));
    fleet.sim.clear_journal();
    let report = report_of(&fleet, &[]).await;
    let journal = fleet.sim.journal();
    let listed = journal.iter().filter(|call| call.operation == "ListAccessKeys").count();
    assert_eq!(listed, 2, "one user's keys were not asked for");
    let bare = user(&report, "bare");
    assert_eq!(bare.keys[0].age_days, 401);
    assert!(bare.unmet.iter().any(|name| name == "key-age"), "{bare:?}");
    let age = report.controls.iter().find(|control| control.number == "1.14").unwrap();
    assert_eq!((age.verdict, age.met, age.unmet), (Verdict::Fail, 1, 1));
    assert!(html(&report).contains(">401</strong>"));
}

#[tokio::test(start_paused = true)]
async fn an_exempt_user_is_shown_with_the_reason_and_counted_as_one_that_does_not_meet_the_control() {
    let fleet = Fleet::new(&[]);
    fleet.user("appliance", 400);
    fleet.sim.tag_user(ACCOUNT, "appliance", "iam-key-rotator:exempt", "vendor, until 2027");
    let report = report_of(&fleet, &[]).await;
    let appliance = user(&report, "appliance");
    assert!(appliance.exemption.as_ref().unwrap().contains("vendor, until 2027"));
    assert_eq!(kinds(appliance), ["ExemptButOld"]);
    let age = report.controls.iter().find(|control| control.number == "1.14").unwrap();
    assert_eq!((age.met, age.unmet, age.exempt), (0, 1, 1));
    assert!(html(&report).contains("vendor, until 2027"));
}

#[tokio::test(start_paused = true)]
async fn a_superseded_key_within_its_overlap_is_told_from_a_strangers_second_key() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "7d")]);
    fleet.enrolled("rotated", 100);
    fleet.enrolled("stranger", 10);
    fleet.key("stranger", 5);
    fleet.sweep().await;
    fleet.sim.advance(days(2));
    let report = report_of(&fleet, &[("ROTATOR_OVERLAP", "7d")]).await;
    let one = report.controls.iter().find(|control| control.number == "1.13").unwrap();
    assert_eq!((one.met, one.unmet, one.in_overlap), (0, 1, 1));
    let roles: Vec<&str> = user(&report, "rotated").keys.iter().map(|key| key.role.as_str()).collect();
    assert_eq!(roles, ["superseded", "current"]);
    assert!(user(&report, "rotated").next.iter().any(|next| next.to_string().contains("deactivation")));
    assert_eq!(kinds(user(&report, "stranger")), ["UnknownKey"]);
    let mapped = &user(&report, "stranger").findings[0].controls;
    for control in ["CIS AWS Foundations 3.0.0 1.13", "Security Hub FSBP 1.0.0 IAM.3", "PCI DSS 4.0.1 8.3.9"]
    {
        assert!(mapped.iter().any(|mapped| mapped == control), "{control} in {mapped:?}");
    }
}

/// A user whose key was rotated just now, and whom no sweep visits from here on.
async fn rotated(settings: &[(&str, &str)]) -> Fleet {
    let fleet = Fleet::new(settings);
    let (_, arn) = fleet.enrolled("ci", 10);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_active_after_its_overlap_does_not_meet_the_control_and_is_counted_apart() {
    let settings = [("ROTATOR_OVERLAP", "7d")];
    let fleet = rotated(&settings).await;
    let one_key = async || {
        let report = report_of(&fleet, &settings).await;
        let one = report.controls.iter().find(|control| control.number == "1.13").unwrap();
        let figures = (one.met, one.unmet, one.in_overlap, one.past_overlap);
        (figures, user(&report, "ci").unmet.iter().any(|name| name == "one-active-key"), html(&report))
    };
    fleet.sim.advance(days(7) - hours(1));
    let (figures, unmet, page) = one_key().await;
    assert_eq!((figures, unmet), ((0, 0, 1, 0), false));
    assert!(!page.contains("still active after the end of its overlap"), "{page}");
    fleet.sim.advance(days(10));
    let (figures, unmet, page) = one_key().await;
    assert_eq!((figures, unmet), ((0, 1, 0, 1), true));
    assert!(page.contains("still active after the end of its overlap"), "{page}");
    assert!(!page.contains("in overlap</small>"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn the_overlap_ends_in_the_report_when_it_ends_in_the_plan() {
    // A shorter overlap than IAM takes to show a use is four hours, unless the policy waits for no proof.
    for (in_use, at_two_hours) in [("wait", (0, 1)), ("deactivate", (1, 0))] {
        let settings = [("ROTATOR_OVERLAP", "1h"), ("ROTATOR_IN_USE", in_use)];
        let fleet = rotated(&settings).await;
        for (hour, expected) in [(2, at_two_hours), (3, (1, 0))] {
            fleet.sim.advance(hours(hour));
            let report = report_of(&fleet, &settings).await;
            let one = report.controls.iter().find(|control| control.number == "1.13").unwrap();
            assert_eq!((one.past_overlap, one.in_overlap), expected, "{in_use}, {hour}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_current_key_that_does_not_work_is_not_valid_and_the_report_says_what_is_amiss() {
    let fleet = Fleet::new(&[]);
    let (inactive, _) = fleet.enrolled("inactive", 10);
    fleet.sim.set_key_status(&inactive.access_key_id, false);
    let (deleted, _) = fleet.enrolled("deleted", 10);
    fleet.sim.delete_access_key(&deleted.access_key_id);
    let (key, arn) = fleet.enrolled("unlabelled", 10);
    let version = fleet.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    fleet.sim.remove_label(&arn, &version, &key.access_key_id);
    let report = report_of(&fleet, &[]).await;
    let validation = |labelled, listed, active| Some(Validation { labelled, listed, active });
    assert_eq!(user(&report, "inactive").validation, validation(true, true, false));
    assert_eq!(user(&report, "deleted").validation, validation(true, false, false));
    assert_eq!(user(&report, "unlabelled").validation, validation(false, false, false));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_cannot_be_read_is_in_it_with_the_reason_and_the_others_too() {
    let fleet = Fleet::new(&[]);
    for name in ["a", "b", "c"] {
        fleet.enrolled(name, 10);
    }
    fleet.sim.add_fault(Fault::on("ListUserTags", 1, FaultKind::Denied));
    let report = report_of(&fleet, &[]).await;
    assert_eq!(report.users.len(), 3);
    let failed: Vec<_> = report.users.iter().filter(|user| user.failure.is_some()).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].failure.as_ref().unwrap().contains("iam:ListUserTags"), "{:?}", failed[0].failure);
    assert!(html(&report).contains("Incomplete."));
}

#[tokio::test(start_paused = true)]
async fn what_aws_keeps_of_a_rotation_is_in_the_history() {
    let fleet = Fleet::new(&[("ROTATOR_OVERLAP", "1d"), ("ROTATOR_RECOVERY", "30d")]);
    let (old, _) = fleet.enrolled("ci", 100);
    fleet.sweep().await;
    for _ in 0..3 {
        fleet.day().await;
    }
    let new = fleet.working_key("ci");
    let report = report_of(&fleet, &[]).await;
    let history: Vec<_> =
        user(&report, "ci").history.iter().map(|event| (event.what, event.key.as_str())).collect();
    let (old, new) = (&old.access_key_id[16..], &new[16..]);
    assert_eq!(
        history,
        [(What::Created, old), (What::Created, new), (What::Promoted, new), (What::Deactivated, old)]
    );
    assert_eq!(user(&report, "ci").history[3].source, Source::Sweep);
}

#[tokio::test(start_paused = true)]
async fn names_that_mean_something_to_html_or_a_spreadsheet_are_text_and_no_secret_is_anywhere() {
    let fleet = Fleet::new(&[]);
    fleet.user("=cmd+1", 10);
    fleet.user("@a.b,c", 10);
    fleet.enrolled("ci", 10);
    fleet.sim.tag_user(ACCOUNT, "ci", "iam-key-rotator:exempt", "=2+3 @x");
    // What to do about a second key names that key.
    fleet.enrolled("two", 10);
    fleet.key("two", 5);
    let report = report_of(&fleet, &[]).await;
    let table = csv(&report);
    assert!(table.contains(",'=cmd+1,") && table.contains(",\"'@a.b,c\","), "{table}");
    for text in [table, html(&report), json(&report)] {
        for canary in fleet.sim.canaries() {
            assert!(!text.contains(&canary));
        }
        assert!(!text.contains("AKIA"), "a key's id in full");
    }
}

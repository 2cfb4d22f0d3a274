//! Secrets in the account of their users, rotated by the central function across accounts.

use serde_json::json;
use simulator::{Fault, FaultKind, Options};

use super::super::plan_of;
use super::{EXTERNAL_ID, KMS_KEY, MEMBER, OTHER, Organization, ROTATION_ROLE, SWEEP_ROLE};
use crate::stage::{ACCOUNT, FUNCTION, days};

#[tokio::test(start_paused = true)]
async fn a_members_user_is_enrolled_in_its_own_account_and_rotated_from_here_with_the_rotation_token() {
    let organization = Organization::new(&[]);
    assert!(organization.sim.options().demand_rotation_token);
    let old = organization.user(MEMBER, "ci", 100);
    let answer = organization.swept(MEMBER).await;
    assert_eq!((&answer["account"], &answer["failures"]), (&json!(MEMBER), &json!(0)));
    assert_eq!(answer["actions"], json!({"enroll": 1, "request-rotation": 1}));
    let new = organization.working_key(MEMBER, "ci");
    assert_eq!(organization.keys(MEMBER, "ci"), [(old, true), (new, true)]);
    assert!(organization.secrets(ACCOUNT).is_empty());
    let secret = organization.sim.secret(&organization.secrets(MEMBER)[0]);
    assert_eq!(secret.kms_key_id.as_deref(), Some(KMS_KEY));
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
    let policy = secret.policy.unwrap();
    assert!(policy.contains(ROTATION_ROLE) && policy.contains("arn:aws:iam::444455556666:user/ci"));
}

#[tokio::test(start_paused = true)]
async fn a_member_key_lives_its_whole_life_by_the_sweep_of_its_account() {
    let organization = Organization::new(&[("ROTATOR_RECOVERY", "7d")]);
    let old = organization.user(MEMBER, "ci", 100);
    organization.swept(MEMBER).await;
    let new = organization.working_key(MEMBER, "ci");
    organization.sim.advance(days(2));
    organization.swept(MEMBER).await;
    assert_eq!(organization.keys(MEMBER, "ci"), [(old, false), (new.clone(), true)]);
    organization.sim.advance(days(8));
    organization.swept(MEMBER).await;
    assert_eq!(organization.keys(MEMBER, "ci"), [(new.clone(), true)]);
    // The schedule that it was given at enrollment rotates it, across accounts as well.
    organization.sim.advance(days(90));
    let reports = organization.sim.run_due_rotations().await;
    assert!(reports.len() == 1 && reports[0].succeeded, "{reports:#?}");
    assert_ne!(organization.working_key(MEMBER, "ci"), new);
}

#[tokio::test(start_paused = true)]
async fn a_user_below_a_path_is_let_in_by_its_whole_arn() {
    for secrets_in in ["member", "central"] {
        let organization = Organization::new(&[("ROTATOR_SECRETS_IN", secrets_in)]);
        let root = organization.sim.root(MEMBER);
        let request = json!({"UserName": "ci", "Path": "/bots/eu/"});
        organization.sim.call_as(&root, "iam", "CreateUser", request).await.unwrap();
        organization.sim.create_access_key_at(MEMBER, "ci", organization.sim.now() - days(100));
        organization.swept(MEMBER).await;
        organization.fleet.settle().await;
        let home = if secrets_in == "member" { MEMBER } else { ACCOUNT };
        organization.working_key(home, "ci");
        let policy = organization.sim.secret(&organization.secrets(home)[0]).policy.unwrap();
        assert!(policy.contains("\"arn:aws:iam::444455556666:user/bots/eu/ci\""), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_external_id_is_access_denied_and_nothing_is_touched() {
    let organization = Organization::new(&[("ROTATOR_MEMBER_EXTERNAL_ID", "guessed")]);
    organization.user(MEMBER, "ci", 100);
    organization.sim.clear_journal();
    let error = organization.sweep(MEMBER).await.unwrap_err();
    assert_eq!(error.error_type, "AccessDenied", "{}", error.message);
    assert!(error.message.contains("sts:AssumeRole"), "{}", error.message);
    assert_eq!(organization.changes(), Vec::<String>::new());
    assert_eq!(organization.keys(MEMBER, "ci").len(), 1);
    // The account with the right one is not kept from its sweep.
    organization.sim.create_role(OTHER, "key-sweep", vec![SWEEP_ROLE.into()], Some("guessed".into()));
    organization.swept(OTHER).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_there_or_trusts_somebody_else_is_access_denied_too() {
    let organization = Organization::new(&[]);
    let trust = vec!["arn:aws:iam::111122223333:role/other".to_owned()];
    organization.sim.create_role(MEMBER, "key-sweep", trust, Some(EXTERNAL_ID.into()));
    for account in [MEMBER, "666677778888"] {
        let error = organization.sweep(account).await.unwrap_err();
        assert_eq!(error.error_type, "AccessDenied", "{account}: {}", error.message);
    }
    // The state machine's failures are alerted together, in the end; one that nobody collects is
    // alerted by itself.
    assert!(organization.fleet.alerts().is_empty(), "{:?}", organization.fleet.alerts());
    organization.fleet.send(json!({"account": MEMBER})).await.unwrap_err();
    assert_eq!(organization.fleet.alerts(), ["Key sweep failed: AccessDenied"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_rotation_role_or_a_customer_key_nobody_is_enrolled_elsewhere() {
    for missing in ["ROTATOR_ROTATION_ROLE_ARN", "ROTATOR_KMS_KEY_ID"] {
        let organization = Organization::new(&[(missing, "")]);
        organization.user(MEMBER, "ci", 100);
        organization.user(ACCOUNT, "home", 100);
        organization.sim.clear_journal();
        let answer = organization.swept(MEMBER).await;
        assert_eq!((&answer["failures"], &answer["actions"]), (&json!(1), &json!({})), "{answer}");
        assert_eq!(organization.changes(), Vec::<String>::new());
        assert!(organization.fleet.stage.log.text().contains(missing));
        // The sweep's own account needs neither.
        let home = organization.swept(ACCOUNT).await;
        assert_eq!(home["actions"], json!({"enroll": 1, "request-rotation": 1}));
        organization.working_key(ACCOUNT, "home");
        assert_eq!(organization.fleet.keys("home").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_the_members_secrets_manager_may_not_invoke_is_said_and_made_good_later() {
    let organization = Organization::new(&[]);
    let stranger = "777788889999";
    let root = organization.sim.root_id();
    organization.sim.add_account(stranger, "late", "late@example.com", &root);
    for (role, trusted) in [("key-rotation", ROTATION_ROLE), ("key-sweep", SWEEP_ROLE)] {
        organization.sim.create_role(stranger, role, vec![trusted.into()], Some(EXTERNAL_ID.into()));
    }
    organization.user(stranger, "ci", 100);
    let answer = organization.swept(stranger).await;
    assert_eq!(answer["failures"], 1, "{answer}");
    assert_eq!(organization.keys(stranger, "ci").len(), 1);
    organization.sim.add_permission(FUNCTION, stranger);
    organization.sim.advance(days(1));
    let answer = organization.swept(stranger).await;
    assert_eq!((&answer["failures"], &answer["actions"]), (&json!(0), &json!({"request-rotation": 1})));
    organization.working_key(stranger, "ci");
}

#[tokio::test(start_paused = true)]
async fn users_of_one_name_in_several_accounts_are_strangers_to_each_other() {
    let organization = Organization::new(&[]);
    let accounts = [ACCOUNT, MEMBER, OTHER];
    let old = accounts.map(|account| organization.user(account, "ci", 100));
    for account in accounts {
        organization.swept(account).await;
    }
    for (account, old) in accounts.iter().zip(old) {
        let new = organization.working_key(account, "ci");
        assert_eq!(organization.keys(account, "ci"), [(old, true), (new, true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_audit_of_a_member_says_what_enforcing_then_does_and_changes_nothing() {
    let organization = Organization::new(&[("ROTATOR_MODE", "audit")]);
    organization.user(MEMBER, "ci", 100);
    organization.sim.clear_journal();
    let audit = organization.swept(MEMBER).await;
    assert_eq!(organization.changes(), Vec::<String>::new());
    organization.deploy(&[]);
    let event = json!({"account": MEMBER, "dryrun": true});
    let dry = organization.fleet.send(event).await.unwrap();
    assert_eq!((&dry["mode"], plan_of(&dry)), (&json!("audit"), plan_of(&audit)));
    assert_eq!(organization.changes(), Vec::<String>::new(), "dryrun stands above enforce");
    assert_eq!(plan_of(&organization.swept(MEMBER).await), plan_of(&audit));
}

#[tokio::test(start_paused = true)]
async fn a_member_too_large_for_one_invocation_is_answered_with_a_marker_and_continued_by_the_caller() {
    let organization = Organization::new(&[]);
    for nth in 0..40 {
        organization.user(MEMBER, &format!("user-{nth:02}"), 100);
    }
    organization.sim.update(|options| {
        options.function_timeout = std::time::Duration::from_secs(20);
        options.latency = std::time::Duration::from_millis(500);
    });
    let mut event = json!({"account": MEMBER, "name": "n", "email": "o@example.com", "marker": null});
    let mut invocations = 0;
    loop {
        let answer = organization.fleet.sim.invoke(super::super::SWEEP, event.clone()).await.unwrap();
        invocations += 1;
        for arn in organization.secrets(MEMBER) {
            organization.sim.rotation_finished(&arn).await;
        }
        assert_eq!(answer["outcome"] == "continues", !answer["marker"].is_null(), "{answer}");
        if answer["marker"].is_null() {
            break;
        }
        event["marker"] = answer["marker"].clone();
    }
    assert!((2..20).contains(&invocations), "{invocations}");
    for nth in 0..40 {
        organization.working_key(MEMBER, &format!("user-{nth:02}"));
    }
    let invoked = organization.sim.journal().into_iter().filter(|call| call.operation == "Invoke").count();
    assert_eq!(invoked, 0, "the caller continues it");
}

#[tokio::test(start_paused = true)]
async fn a_denied_read_of_one_member_user_leaves_that_user_out_and_no_other() {
    let organization = Organization::new(&[]);
    organization.user(MEMBER, "ci", 100);
    organization.user(MEMBER, "shop", 100);
    let denied = Fault::on("ListUserTags", 0, FaultKind::Denied);
    organization.sim.add_fault(Fault { target_contains: Some("shop".into()), ..denied });
    let answer = organization.swept(MEMBER).await;
    assert_eq!(answer["failures"], 1, "{answer}");
    organization.working_key(MEMBER, "ci");
    assert_eq!(organization.keys(MEMBER, "shop").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_the_sweeps_own_needs_a_member_role() {
    let fleet = super::Fleet::with(Options::default(), &[]);
    let error = fleet.send(json!({"account": MEMBER})).await.unwrap_err();
    assert_eq!(error.error_type, "InvalidConfig");
    assert!(error.message.contains("ROTATOR_MEMBER_ROLE"), "{}", error.message);
}

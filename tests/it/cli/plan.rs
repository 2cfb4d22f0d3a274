//! `status`, `plan`, `sweep`, and what holds for every command.

use super::{Seat, town};
use crate::fleet::SWEEP;
use crate::stage::{ACCOUNT, FUNCTION, days};
use serde_json::json;
use simulator::{Fault, FaultKind, FunctionSetup};
use tokio::sync::watch;

#[tokio::test(start_paused = true)]
async fn status_shows_every_user_with_keys_the_most_urgent_first() {
    let town = town();
    Seat::of(&town.sim).run("status").await.is_as("status").ends(0);
    Seat::of(&town.sim).run("status --due").await.is_as("status_due").ends(0);
    Seat::of(&town.sim).run("status --findings").await.is_as("status_findings").ends(3);
    Seat::of(&town.sim).run("status --csv --user s*").await.is_as("status_csv").ends(0);
    let keys = Seat::of(&town.sim).run("status --json").await.json();
    assert_eq!(keys.as_array().unwrap().len(), 8);
    let exempt = keys.as_array().unwrap().iter().find(|key| key["user"] == "exempt").unwrap();
    assert!(exempt["exempt"].as_str().unwrap().contains("ends in June"), "{exempt}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_denied_is_a_failure_and_never_a_quiet_user() {
    let town = town();
    town.sim.add_fault(Fault::on("ListAccessKeys", 1, FaultKind::Denied));
    let ran = Seat::of(&town.sim).run("status --user young").await;
    ran.ends(1);
    assert!(ran.out.contains("could not be looked at"), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn the_plan_is_what_the_sweep_then_does() {
    let town = town();
    let plan = Seat::of(&town.sim).run("plan").await;
    plan.is_as("plan").ends(0);
    assert_eq!(town.sim.rotation_reports(&town.secret("due").arn).len(), 0, "a plan changes nothing");
    let planned = Seat::of(&town.sim).run("plan --json").await.json();
    let done = Seat::of(&town.sim).run("sweep --apply --json").await;
    done.ends(0);
    assert_eq!(done.json(), planned);
    town.settle().await;
    assert_eq!(town.keys("due").len(), 2);
    town.working_key("due");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_without_apply_changes_nothing_and_with_it_says_what_it_did() {
    let town = town();
    let ran = Seat::of(&town.sim).run("sweep").await;
    ran.ends(0);
    assert!(ran.err.contains("--apply"), "{}", ran.err);
    assert_eq!(town.keys("due").len(), 1);
    Seat::of(&town.sim).run("sweep --apply").await.is_as("sweep_apply").ends(0);
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_stops_before_the_next_action_and_says_where() {
    let town = town();
    for nth in 0..10 {
        town.enrolled(&format!("many-{nth}"), 100);
    }
    let (sender, interrupted) = watch::channel(false);
    let held = sender.clone();
    town.sim.on_call(move |call| {
        // The first rotation that is asked for is the last.
        if call.operation == "RotateSecret" {
            held.send_replace(true);
        }
        Box::pin(async {})
    });
    let seat = Seat { interrupted, ..Seat::of(&town.sim) };
    let ran = seat.run("sweep --apply").await;
    ran.ends(1);
    assert!(ran.err.contains("Stopped by Ctrl-C") && ran.err.contains("were not begun"), "{}", ran.err);
    town.sim.clear_hooks();
    town.settle().await;
    let rotated = (0..10).filter(|nth| town.keys(&format!("many-{nth}")).len() == 2).count();
    assert!(rotated < 6, "{rotated} of 10 were rotated after Ctrl-C");
    drop(sender);
    Seat::of(&town.sim).run("sweep --apply").await.ends(0);
    town.settle().await;
    for nth in 0..10 {
        assert_eq!(town.keys(&format!("many-{nth}")).len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn settings_come_from_the_deployed_sweep_or_the_environment_but_never_from_both() {
    let town = town();
    let variables = [("ROTATOR_ROTATE_AFTER", "5d"), ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let setup = FunctionSetup { variables, ..FunctionSetup::of_role("arn:aws:iam::111122223333:role/sweep") };
    town.sim.set_up_function(SWEEP, setup);
    let mut seat = Seat::of(&town.sim);
    seat.settings.clear();
    let plan = seat.run("--function sweep plan --json --user young").await.json();
    assert_eq!(plan[0]["actions"][0]["kind"], "request-rotation", "a key of ten days is due after five");
    let both = Seat::of(&town.sim).run("--function sweep plan").await;
    both.ends(2);
    assert!(both.err.contains("unset it"), "{}", both.err);
    Seat::of(&town.sim).set(&[("ROTATOR_OVERLAPS", "1h")]).run("plan").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn another_account_is_looked_at_through_its_member_role() {
    let town = town();
    const MEMBER: &str = "444455556666";
    town.sim.create_user(MEMBER, "far");
    town.sim.create_access_key_at(MEMBER, "far", town.sim.now() - days(50));
    town.sim.create_role(MEMBER, "rotator", vec![ACCOUNT.to_owned()], None);
    let ran = Seat::of(&town.sim)
        .set(&[("ROTATOR_MEMBER_ROLE", "rotator")])
        .run("status --json --account 444455556666")
        .await;
    assert_eq!(
        (ran.json()[0]["user"].clone(), ran.json()[0]["account"].clone()),
        (json!("far"), json!(MEMBER))
    );
    Seat::of(&town.sim).run("status --account 444455556666").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn wrong_usage_ends_with_two_and_help_with_nought() {
    let town = town();
    for line in ["", "rotat", "status --csv --json", "rotate", "--account 12 status", "completions tcl"] {
        let ran = Seat::of(&town.sim).run(line).await;
        ran.ends(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{line}");
    }
    let commands =
        ["status", "plan", "sweep", "rotate", "enroll", "doctor", "unstick", "demo", "completions", "man"];
    for command in commands {
        let ran = Seat::of(&town.sim).run(&format!("{command} --help")).await;
        ran.ends(0);
        assert!(ran.out.contains("Examples:"), "{command}");
    }
    Seat::of(&town.sim).run("--help").await.is_as("help").ends(0);
    assert!(town.sim.journal().iter().all(|call| !call.caller.contains("operator")), "none of it asks AWS");
}

#[tokio::test(start_paused = true)]
async fn completions_and_the_manual_know_every_command() {
    let town = town();
    for line in ["completions bash", "completions zsh", "completions fish", "man"] {
        let ran = Seat::of(&town.sim).run(line).await;
        ran.ends(0);
        for command in ["status", "rotate", "enroll", "unstick"] {
            assert!(ran.out.contains(command), "{line}: {command}");
        }
    }
    let page = Seat::of(&town.sim).run("man rotate").await;
    assert!(page.out.contains("revoke") && page.out.contains(".TH iam-key-rotator-rotate"), "{}", page.out);
    Seat::of(&town.sim).run("man nothing").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn the_demo_says_where_it_is_when_it_is_not_here() {
    let town = town();
    Seat::of(&town.sim).run("demo --program /nowhere/demo").await.is_as("demo").ends(1);
}

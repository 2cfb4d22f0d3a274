//! `status`, `plan`, and what holds for every command.

use super::{Seat, town};
use crate::fleet::SWEEP;
use crate::stage::{ACCOUNT, FUNCTION, days};
use serde_json::json;
use simulator::{Fault, FaultKind, FunctionSetup};

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
async fn a_user_is_named_by_a_pattern_and_one_that_is_not_there_is_an_error() {
    let town = town();
    for command in ["status", "plan", "sweep"] {
        let ran = Seat::of(&town.sim).run(&format!("{command} --user nobody")).await;
        ran.ends(1);
        assert!(ran.err.contains("no user \"nobody\" was found"), "{}", ran.err);
        let ran = Seat::of(&town.sim).run(&format!("{command} --user x*")).await;
        ran.ends(1);
        let ran = Seat::of(&town.sim).run(&format!("{command} --json --user STRANG* --user stranger")).await;
        let users: Vec<_> = ran.json().as_array().unwrap().iter().map(|row| row["user"].clone()).collect();
        assert!(!users.is_empty() && users.iter().all(|user| user == "stranger"), "{command}: {users:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_denied_is_a_failure_and_never_a_quiet_user() {
    let town = town();
    town.sim.add_fault(Fault::on("ListAccessKeys", 1, FaultKind::Denied));
    let ran = Seat::of(&town.sim).run("status --user young").await;
    ran.ends(1);
    assert!(ran.out.contains("not read"), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn settings_come_from_the_deployed_sweep_or_the_environment_but_never_from_both() {
    let town = town();
    let variables = [
        ("ROTATOR_MODE", "enforce"),
        ("ROTATOR_ROTATE_AFTER", "5d"),
        ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION),
    ];
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
async fn a_command_without_json_refuses_it_before_it_asks_aws() {
    let town = town();
    for line in ["rotate due", "enroll due", "unstick due", "reactivate due AKIA", "report --output x", "man"]
    {
        let ran = Seat::of(&town.sim).run(&format!("--json {line}")).await;
        ran.ends(2);
        assert!(ran.err.contains("--json does not work") && ran.out.is_empty(), "{line}: {}", ran.err);
    }
    assert!(town.sim.journal().iter().all(|call| !call.caller.contains("operator")), "none of it asks AWS");
}

#[tokio::test(start_paused = true)]
async fn wrong_usage_ends_with_two_and_help_with_nought() {
    let town = town();
    for line in ["", "rotat", "status --csv --json", "rotate", "--account 12 status", "completions tcl"] {
        let ran = Seat::of(&town.sim).run(line).await;
        ran.ends(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{line}");
    }
    let commands = [
        "status",
        "plan",
        "sweep",
        "rotate",
        "reactivate",
        "enroll",
        "doctor",
        "unstick",
        "demo",
        "completions",
        "man",
    ];
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
        for command in ["status", "rotate", "reactivate", "enroll", "unstick"] {
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

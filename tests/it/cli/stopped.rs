//! The stop switch: `status` and `doctor` show a function that is stopped.

use simulator::{Fault, FaultKind, FunctionSetup};

use super::doctor::{LINE, healthy};
use super::{Seat, town};
use crate::fleet::SWEEP;
use crate::stage::FUNCTION;

const ROTATION_STOPPED: &str = "STOPPED: function rotation has reserved concurrency 0, so it changes nothing. Start it again: \
     `aws lambda delete-function-concurrency --function-name rotation`.";

#[tokio::test(start_paused = true)]
async fn status_names_a_stopped_function_before_all_else_until_it_is_started() {
    let town = town();
    let before = Seat::of(&town.sim).run("status").await;
    assert!(!before.out.contains("STOPPED"), "{}", before.out);
    town.sim.set_reserved_concurrency(FUNCTION, Some(0));
    let ran = Seat::of(&town.sim).run("status").await;
    ran.ends(0);
    assert_eq!(ran.out, format!("{ROTATION_STOPPED}\n{}", before.out));
    for form in ["--json", "--csv"] {
        let ran = Seat::of(&town.sim).run(&format!("status {form}")).await;
        assert!(ran.err.contains(ROTATION_STOPPED) && !ran.out.contains("STOPPED"), "{form}: {}", ran.err);
    }
    town.sim.set_reserved_concurrency(FUNCTION, Some(5));
    assert!(!Seat::of(&town.sim).run("status").await.out.contains("STOPPED"));
}

#[tokio::test(start_paused = true)]
async fn the_sweep_function_is_looked_at_where_it_is_named() {
    let town = town();
    let variables = [("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION), ("ROTATOR_MODE", "enforce")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let setup = FunctionSetup { variables, ..FunctionSetup::of_role("arn:aws:iam::111122223333:role/sweep") };
    town.sim.set_up_function(SWEEP, setup);
    town.sim.set_reserved_concurrency(SWEEP, Some(0));
    let seat = || {
        let mut seat = Seat::of(&town.sim);
        seat.settings.clear();
        seat
    };
    for function in ["sweep", SWEEP] {
        let ran = seat().run(&format!("--function {function} status")).await;
        let line = "STOPPED: function sweep has reserved concurrency 0";
        assert!(ran.out.starts_with(line), "{}", ran.out);
    }
    let ran = seat().run("--function sweep doctor").await;
    ran.ends(3);
    assert!(ran.out.contains("error    sweep: STOPPED: function sweep has"), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn doctor_shows_a_stopped_function_and_says_what_it_may_not_read() {
    let (stage, _) = healthy().await;
    stage.sim.set_reserved_concurrency(FUNCTION, Some(0));
    for line in [LINE, "doctor"] {
        let ran = Seat::of(&stage.sim).run(line).await;
        ran.ends(3);
        assert!(ran.out.contains("error    function: STOPPED: function rotation has"), "{}", ran.out);
        assert!(ran.out.contains("aws lambda delete-function-concurrency --function-name rotation"));
    }
    stage.sim.add_fault(Fault::on("GetFunctionConcurrency", 0, FaultKind::Denied));
    let ran = Seat::of(&stage.sim).run(LINE).await;
    ran.ends(0);
    assert!(ran.out.contains("note     function: not checked: whether it is stopped"), "{}", ran.out);
    stage.sim.add_fault(Fault::on("GetFunctionConcurrency", 0, FaultKind::Denied));
    let ran = Seat::of(&stage.sim).run("status").await;
    assert!(!ran.out.contains("STOPPED") && !ran.err.contains("denied"), "{}", ran.err);
}

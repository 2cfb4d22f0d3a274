//! The stop switch: `status` and `doctor` show a function that is stopped.

use iam_key_rotator::aws::Aws;
use simulator::{Fault, FaultKind, FunctionSetup};

use super::doctor::{LINE, healthy};
use super::{Seat, town};
use crate::fleet::SWEEP;
use crate::stage::{ACCOUNT, FUNCTION, Stage, sdk_config};

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

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_stopped_between_two_steps_resumes_with_the_same_key() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    let mut rotation = stage.sim.rotation(&arn);
    assert!(stage.sim.step(&mut rotation).await);
    stage.sim.set_reserved_concurrency(FUNCTION, Some(0));
    while stage.sim.step(&mut rotation).await {}
    assert!(!stage.sim.finish(rotation).succeeded);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
    let keys = stage.keys();
    assert_eq!(keys.len(), 2, "createSecret had made its key");
    // Whatever is due while it is stopped changes nothing.
    assert!(!stage.sim.rotate(&arn).await.succeeded);
    assert_eq!(stage.keys(), keys);
    stage.sim.set_reserved_concurrency(FUNCTION, None);
    assert!(stage.sim.rotate(&arn).await.succeeded);
    assert_eq!(stage.keys(), keys, "no third key");
    assert_ne!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn the_client_reads_and_sets_a_functions_tags_and_reads_its_concurrency() {
    let town = town();
    let lambda = Aws::new(sdk_config(&town.sim, &town.sim.role_session(ACCOUNT, "sweep"))).lambda();
    assert_eq!(lambda.tags(SWEEP).await.unwrap().len(), 0);
    let (key, value) = ("iam-key-rotator:digests-7", "111122223333:0a1b 444455556666:2c3d");
    lambda.tag(SWEEP, "team", "platform").await.unwrap();
    lambda.tag(SWEEP, key, value).await.unwrap();
    let tags = lambda.tags(SWEEP).await.unwrap();
    assert_eq!((tags.len(), tags[key].as_str()), (2, value));
    assert!(lambda.tag(SWEEP, key, &"x".repeat(257)).await.is_err());
    assert_eq!(lambda.concurrency(SWEEP).await.unwrap(), None);
    town.sim.set_reserved_concurrency(SWEEP, Some(3));
    assert_eq!(lambda.concurrency("sweep").await.unwrap(), Some(3));
    assert!(lambda.concurrency("none").await.unwrap_err().is_not_found());
}

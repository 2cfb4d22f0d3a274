//! The operator's command line; see `iam_key_rotator::cli` for everything but the wiring.

use std::process::ExitCode;

use iam_key_rotator::aws::Aws;
use iam_key_rotator::cli::{Terminal, run};
use iam_key_rotator::config::readable;
use iam_key_rotator::defect;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    defect::speak_plainly();
    let environment: Vec<(String, String)> = readable(std::env::vars_os()).collect();
    let mut terminal = Terminal::of_this_process(&environment);
    let code = run(std::env::args_os(), &mut terminal, &environment, async |global| {
        Aws::from_operator_environment(global.profile.as_deref(), global.region.as_deref()).await
    });
    ExitCode::from(code.await)
}

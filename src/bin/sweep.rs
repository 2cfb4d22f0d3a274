//! The Lambda for schedules and fleets.

use iam_key_rotator::lambda;
use iam_key_rotator::sweep::Sweeper;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::run::<Sweeper>().await
}

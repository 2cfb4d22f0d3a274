//! The Lambda that Secrets Manager invokes.

use iam_key_rotator::lambda;
use iam_key_rotator::rotation::Rotator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::run::<Rotator>().await
}

//! The arguments of `enroll`.

use std::path::PathBuf;

/// Arguments of `enroll`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --secret it creates a secret named after ROTATOR_SECRET_NAME. It adopts an existing secret
only if you name it, with --secret or in the file, because other people may be able to read it.
Before you confirm, it shows who can read the secret, when it was created and which function
rotates it. An adopted secret keeps its shape, policy and schedule, and rotates with the function
of ROTATOR_ROTATION_FUNCTION_ARN from then on.

The IAM user is tagged with the secret's name, so that no other secret gets the user's keys. The
first rotation then stores a new key, and the changes for the consumer are printed.

A file for --from-csv has a column `user`, and may have a column `secret`. To take over hundreds of
secrets, add --no-rotation: each secret then rotates on its own schedule.

Examples:
  iam-key-rotator --function sweep enroll ci-bot
  iam-key-rotator enroll ci-bot --secret /legacy/ci
  iam-key-rotator enroll --from-csv secrets.csv --no-rotation
  iam-key-rotator enroll --all")]
pub(crate) struct Args {
    /// Names of IAM users
    #[arg(required_unless_present_any = ["all", "from_csv"])]
    pub(crate) user: Vec<String>,
    /// Every user who has an active key, no secret and no exemption; creates secrets, adopts none
    #[arg(long, conflicts_with_all = ["user", "from_csv"])]
    pub(crate) all: bool,
    /// Users, and their secrets, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) from_csv: Option<PathBuf>,
    /// An existing secret to adopt, by its name or ARN
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["all", "from_csv"])]
    pub(crate) secret: Option<String>,
    /// Do not rotate now, but on the secret's schedule; the current key is tested
    #[arg(long)]
    pub(crate) no_rotation: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

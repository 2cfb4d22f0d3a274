//! The arguments of `enroll`.

use std::path::PathBuf;

/// Arguments of `enroll`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --secret it makes a secret, under the name that ROTATOR_SECRET_NAME gives. An existing secret
is adopted only when it is named, with --secret or in the file: whoever made it may be able to read
it. Before you confirm, it shows who can read it, when it was created and what it rotates with. An
adopted secret keeps its value's shape, its policy and its schedule; from then on it rotates with
the function of ROTATOR_ROTATION_FUNCTION_ARN.

The IAM user is tagged with the secret's name: no other secret gets the user's keys. Then the first
rotation stores a new key, and what the consumer must change is printed, ready to paste.

A file for --from-csv has a column `user`, and may have a column `secret`. To take over hundreds of
secrets, add --no-rotation: each rotates when its schedule says so.

Examples:
  iam-key-rotator --function sweep enroll ci-bot
  iam-key-rotator enroll ci-bot --secret /legacy/ci
  iam-key-rotator enroll --from-csv secrets.csv --no-rotation
  iam-key-rotator enroll --all")]
pub(crate) struct Args {
    /// Names of IAM users
    #[arg(required_unless_present_any = ["all", "from_csv"])]
    pub(crate) user: Vec<String>,
    /// Every user with an active key and no secret that is not exempt; makes secrets, adopts none
    #[arg(long, conflicts_with_all = ["user", "from_csv"])]
    pub(crate) all: bool,
    /// Users, and their secrets, from a file
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) from_csv: Option<PathBuf>,
    /// An existing secret to adopt, by its name or ARN
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["all", "from_csv"])]
    pub(crate) secret: Option<String>,
    /// Do not rotate now: the secret's schedule does it. The present key is tested
    #[arg(long)]
    pub(crate) no_rotation: bool,
    /// Instead of the confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

//! What holds for every command.

use clap::{ArgAction, Args};

use crate::model::is_account_id;

/// What holds for every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Use this profile of ~/.aws/config, even if credentials are exported
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Region of the secrets and functions, instead of AWS_REGION or the profile's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Another account, through its member role (ROTATOR_MEMBER_ROLE)
    #[arg(long, global = true, value_name = "12 DIGITS", value_parser = account_number)]
    pub(crate) account: Option<String>,
    /// Read the ROTATOR_… settings from this deployed sweep function
    #[arg(long, global = true, value_name = "NAME OR ARN")]
    pub(crate) function: Option<String>,
    /// Print JSON
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    pub(crate) json: bool,
}

fn account_number(text: &str) -> Result<String, String> {
    is_account_id(text).then(|| text.to_owned()).ok_or_else(|| "an account is twelve digits".to_owned())
}

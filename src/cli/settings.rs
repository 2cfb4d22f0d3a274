//! The settings that a command plans by: the environment's, or those of the deployed sweep.

use super::{Failure, Global};
use crate::aws::Aws;
use crate::config::SweepConfig;

/// Reads them.
pub(super) async fn read(
    aws: &Aws,
    global: &Global,
    environment: &[(String, String)],
) -> Result<SweepConfig, Failure> {
    let deployed = match &global.function {
        Some(function) => Some(aws.lambda().configuration(function).await?.settings),
        None => None,
    };
    let own = environment.iter().filter(|(name, _)| name.starts_with("ROTATOR_")).cloned();
    let variables: Vec<(String, String)> = match deployed {
        // Two sources would be two truths.
        Some(deployed) => {
            if let Some((name, _)) = own.into_iter().next() {
                return Err(Failure::Usage(format!(
                    "--function reads the settings from the function, and {name} is set here too: unset it"
                )));
            }
            deployed
        }
        None => own.collect(),
    };
    Ok(SweepConfig::from_variables(variables)?)
}

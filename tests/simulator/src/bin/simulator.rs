//! Serves the simulated AWS until Ctrl-C, and prints the environment that leads there.
//!
//! `simulator [--port N] [--function ARN]…`; each function gets a Lambda Runtime API of its own.

use std::process::ExitCode;

use simulator::{Options, Simulator};

fn main() -> ExitCode {
    let mut port = 4566_u16;
    let mut functions = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.next()) {
            ("--port", Some(value)) if value.parse::<u16>().is_ok() => {
                port = value.parse().unwrap_or(port);
            }
            ("--function", Some(arn)) => functions.push(arn),
            _ => {
                eprintln!("usage: simulator [--port N] [--function ARN]...");
                return ExitCode::from(2);
            }
        }
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(serve(port, functions)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &std::io::Error) -> ExitCode {
    eprintln!("simulator: {error}");
    ExitCode::FAILURE
}

async fn serve(port: u16, functions: Vec<String>) -> std::io::Result<()> {
    let options = Options { page_size: 100, ..Options::default() };
    let region = options.region.clone();
    let simulator = Simulator::new(options);
    let server = simulator.serve(port).await?;
    let mut runtimes = Vec::new();
    println!("export AWS_ENDPOINT_URL={}", server.url());
    println!("export AWS_REGION={region} AWS_DEFAULT_REGION={region}");
    println!("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test");
    for arn in functions {
        let runtime = simulator.add_runtime_function(&arn).await?;
        println!("export AWS_LAMBDA_RUNTIME_API={} # {arn}", runtime.addr);
        runtimes.push(runtime);
    }
    tokio::signal::ctrl_c().await
}

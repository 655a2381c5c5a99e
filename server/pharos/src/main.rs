//! The program: command line, configuration, and who starts what in which order. The only crate that names a store.

mod admin;
mod boards;
mod builtin;
mod check;
mod cli;
mod config;
mod demo;
mod found;
mod hardware;
mod healthcheck;
mod import;
mod inputs;
mod log_retention;
mod logging;
mod loki;
mod metrics_page;
mod own_log;
mod program;
mod push;
mod pushed;
mod query;
mod selectors;
mod serve;
mod snapshot;
mod stores;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    bound_arenas();
    let cli = Cli::parse();
    let result = match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(args)) => serve::run(&args),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Query(args)) => query::run(&args),
        Some(Command::Push(args)) => push::run(&args),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Healthcheck(args)) => healthcheck::run(&args),
        Some(Command::Config) => {
            print!("{}", config::reference());
            Ok(ExitCode::SUCCESS)
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pharos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// glibc makes an arena a thread, up to eight a core, and gives little of them back: bound them.
fn bound_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const MOST_ARENAS: i32 = 2;
        // SAFETY: called before any other thread exists; it only sets a number.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, MOST_ARENAS);
        }
    }
}

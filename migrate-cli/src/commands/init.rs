//! init
use clap::Args;
/// x
#[derive(Debug, Args)]
pub struct InitArgs {}
/// x
pub fn run(_: &InitArgs, _: &crate::context::Context) -> anyhow::Result<crate::exit_code::Exit> {
    anyhow::bail!("x")
}

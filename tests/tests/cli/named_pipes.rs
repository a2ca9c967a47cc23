//! Named files that are not regular files: no command waits for a process to write into them.

use std::process::Stdio;
use std::time::{Duration, Instant};

use migrate_tests::{Cli, migration};

/// Runs the program, which must not wait for a process that writes into a named pipe.
fn without_waiting(mut command: std::process::Command) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it waits: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

fn pipe(cli: &Cli, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(cli.folder.path().join(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_named_pipe_is_not_waited_for() {
    let cli = Cli::new();
    pipe(&cli, "pipe");
    std::os::unix::fs::symlink("pipe", cli.folder.path().join("link")).unwrap();
    let mut text = String::new();
    let mut say = |title: &str, command: std::process::Command| {
        let said = without_waiting(command);
        let lines = said.lines().filter(|line| !line.contains("target"));
        let said: Vec<_> = lines.map(|line| format!("  {}\n", line.trim_end())).collect();
        text += &format!("{title}\n{}", said.concat());
    };
    say("--plan", cli.command("up --plan pipe"));
    say("--plan, by a link", cli.command("up --plan link"));
    for parameter in ["sslrootcert", "sslcert"] {
        let mut command = cli.command("log");
        let url = format!("postgres://localhost/x?sslmode=require&{parameter}=pipe");
        command.env("DATABASE_URL", url);
        say(parameter, command);
    }
    let mut command = cli.command("log");
    command.env_remove("DATABASE_URL").env("PGSERVICE", "x").env("PGSERVICEFILE", "pipe");
    say("PGSERVICEFILE", command);
    pipe(&cli, ".env");
    say(".env", cli.command("log"));
    std::fs::remove_file(cli.folder.path().join(".env")).unwrap();
    pipe(&cli, "Cargo.toml");
    say("Cargo.toml", cli.command("log"));
    std::fs::remove_file(cli.folder.path().join("Cargo.toml")).unwrap();
    cli.write_plan(&[]);
    say("restore", cli.command("restore pipe"));
    insta::assert_snapshot!(text.replace(&cli.folder.path().display().to_string(), "<folder>"), @"
    --plan
      error: could not read plan `pipe`: it is neither a file nor a link to one
       |
       = help: name a file; to read what another program writes, name `/dev/stdin`
    --plan, by a link
      error: could not read plan `link`: it is neither a file nor a link to one
       |
       = help: name a file; to read what another program writes, name `/dev/stdin`
    sslrootcert
      error: cannot use `<folder>/pipe` as `sslrootcert`: it is neither a file nor a link to one
       |
       = help: name a file
    sslcert
      error: cannot use `<folder>/pipe` as `sslcert`: it is neither a file nor a link to one
       |
       = help: name a file
    PGSERVICEFILE
      error: `<folder>/pipe`: it cannot be read: it is neither a file nor a link to one
       |
       = help: a service is a line `[name]`, and below it lines `parameter=value`
    .env
      warning: `.env` is not read: it is a named pipe; put a file in its place, or set its variables yourself
              done nothing was ever done here
    Cargo.toml
      error: cannot read `<folder>/Cargo.toml`
       |
       = note: it is neither a file nor a link to one
    restore
      error: cannot read the backup `<folder>/pipe`
       |
       = note: it is neither a file nor a link to one
    ");
}

#[test]
fn a_plan_from_a_program_is_read() {
    let cli = Cli::with_plan(&[migration("20260101000000_a", |pgm| {
        pgm.create_table("a", |t| t.id());
    })]);
    std::fs::rename(cli.folder.path().join("plan.json"), cli.folder.path().join("a.json")).unwrap();
    let mut command = cli.command("up --plan /dev/stdin");
    let mut cat = std::process::Command::new("cat");
    let mut cat = cat.arg(cli.folder.path().join("a.json")).stdout(Stdio::piped()).spawn().unwrap();
    command.stdin(cat.stdout.take().unwrap());
    assert!(without_waiting(command).contains("applied 20260101000000_a"));
    cat.wait().unwrap();
    let mut shell = cli.command("status --plan");
    let program = shell.get_program().to_owned();
    shell = {
        let mut bash = std::process::Command::new("bash");
        bash.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.arg("-c").arg("\"$0\" up --plan <(cat a.json)").arg(program);
        bash.current_dir(cli.folder.path());
        bash
    };
    assert!(without_waiting(shell).contains("nothing to do"));
}

//! The program itself: arguments, variables, settings, files. It ends in time, not by a signal, with one
//! of its own exit codes, and, unless that is 0, with a message.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_tests::{Cli, catalog};

use crate::Tried;
use crate::mutate::{Random, bytes, nasty_texts};
use crate::plans::{migrations, valid};

/// So long may a run of the program take.
const LIMIT: Duration = Duration::from_secs(9);

/// A folder with a plan, of which one migration is applied.
fn subject() -> Cli {
    let cli = Cli::with_plan(&migrations());
    let said = cli.run("up 1");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    cli
}

/// All that the database has: the catalog, and what the history says.
fn state(cli: &Cli) -> String {
    let mut client = cli.database.client();
    let sql = "SELECT concat_ws(E'\\n', (SELECT string_agg(m::text, E'\\n') FROM migrations m),
               (SELECT string_agg(l::text, E'\\n') FROM migrations_log l),
               (SELECT string_agg(s::text, E'\\n') FROM migrations_settings s))";
    let rows: String = client.query_one(sql, &[]).unwrap().get(0);
    catalog(&mut client, &[]) + &rows
}

/// Runs the program; its output is written into files, so that it never waits for a reader.
fn ended(cli: &Cli, mut command: Command) -> Result<(), String> {
    let path = |name: &str| cli.folder.path().join(name);
    command.stdin(Stdio::null());
    command.stdout(File::create(path("stdout")).unwrap());
    command.stderr(File::create(path("stderr")).unwrap());
    let Ok(mut child) = command.spawn() else {
        // The system takes no argument with a zero byte, and none that is too long.
        return Err("the system does not start it".to_owned());
    };
    let started = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() > LIMIT => {
                child.kill().unwrap();
                panic!("no end after {LIMIT:?}");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let said = |name| String::from_utf8_lossy(&std::fs::read(path(name)).unwrap()).into_owned();
    let stderr = said("stderr");
    assert!(!stderr.contains("panicked at"), "{stderr}");
    match status.code() {
        Some(0) => Ok(()),
        Some(1..=5) => Err(stderr),
        other => panic!("it ended with {other:?}, {status}: {stderr}"),
    }
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

#[test]
fn arguments() {
    let mut tried = Tried::new("arguments");
    let mut random = Random::of("arguments");
    let cli = subject();
    let before = state(&cli);
    let valid = [
        "status --json",
        "plan first --down",
        "log 3 --name first",
        "verify",
        "up --dry-run",
        "up 1 --dry-run --allow-out-of-order",
        "db url",
        "completions bash",
        "goto nothing",
        "mark nothing",
        "db wait --timeout 0",
        "accept nothing --reason why",
        "renumber nothing",
        "protect --off nothing",
        "restore nothing.dump --clean",
        "bundle /nowhere/bundle.json",
        "backup /nowhere/a.dump",
        "create a title:text!",
        "status --table t --schema s --dir d",
        "up --dry-run --max-lock-wait 1 --migration-timeout 2 --statement-timeout 3",
    ];
    let by_hand = [
        "",
        "up 99999999999999999999",
        "up -1",
        "up 1.5",
        "down -1",
        "down --to",
        "down 1 --all",
        "down --to nothing",
        "redo 0",
        "redo nothing",
        "goto",
        "goto 2026",
        "goto 20261301000000",
        "up --to 20260101000000_nothing",
        "log -1",
        "log 99999999999999999999",
        "--plan",
        "--plan=",
        "--json --json",
        "up --max-lock-wait -1",
        "up --max-lock-wait NaN",
        "up --max-blocking 1e400",
        "up --statement-timeout 99999999999",
        "db",
        "db nothing",
        "db drop",
        "db reset --confirm x",
        "db drop --yes",
        "db wait --timeout 99999999999999999999",
        "protect",
        "mark --all --off",
        "completions klingon",
        "create",
        "create é",
        "create a :",
        "create a b:c:d:e:f",
        "create a title:varchar:99999999999999999999",
        "restore",
        "backup a b",
        "explain",
        "help nothing",
        "up --database-url x",
        "status --database-url postgres://",
        "status --schema \u{202e}",
    ];
    let mut inputs: Vec<_> = valid.iter().chain(&by_hand).map(|line| words(line)).collect();
    inputs.push([words("status --table"), vec!["x".repeat(100_000).into()]].concat());
    for _ in 0..70 {
        let mut line = words(random.pick::<&str>(&valid));
        // Without `--dry-run`, `up` would apply.
        let fixed = line.iter().position(|word| word == "--dry-run").map_or(1, |at| at + 1);
        if line.len() <= fixed {
            line.push(OsString::new());
        }
        let at = fixed + random.below(line.len() - fixed);
        match random.below(6) {
            0 => _ = line.remove(at),
            1 => line.insert(at, line[at].clone()),
            2 => line[at] = random.pick(&nasty_texts()).into(),
            3 => line.insert(at, random.pick(&nasty_texts()).into()),
            4 => line[at] = OsString::from_vec(bytes(line[at].as_encoded_bytes(), &mut random)),
            _ => line[at] = OsString::from_vec(vec![b'a', 0xff, 0xfe]),
        }
        inputs.push(line);
    }
    for input in &inputs {
        let mut command = cli.command("");
        // The plan is named first, so that a `--` does not hide it.
        command.args(input);
        tried.input(input, || ended(&cli, command));
    }
    assert_eq!(state(&cli), before);
}

#[test]
fn variables() {
    let mut tried = Tried::new("variables");
    let mut random = Random::of("variables");
    let cli = subject();
    let before = state(&cli);
    let names = [
        "DATABASE_URL",
        "MIGRATION_TIMEOUT",
        "MAX_LOCK_WAIT",
        "MAX_BLOCKING",
        "DB_STATEMENT_TIMEOUT",
        "ALLOW_DDL_IN_PRODUCTION",
        "BACKUP_BEFORE_MIGRATE",
        "PGSSLMODE",
        "PGOPTIONS",
        "PGAPPNAME",
        "PGPASSFILE",
        "PGSERVICEFILE",
        "HOME",
        "USER",
        "XDG_STATE_HOME",
        "LANG",
        "COLUMNS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "TERM",
        "PATH",
        "APP_PASSWORD",
    ];
    for _ in 0..45 {
        let name = *random.pick(&names);
        let value = match random.below(5) {
            0 => OsString::from_vec(vec![0xff, b'a', 0xfe]),
            _ => random.pick(&nasty_texts()).replace('\0', "").into(),
        };
        let command = *random.pick(&["status", "up --dry-run", "db url", "log", "verify --json"]);
        let input = (name, value, command);
        let mut command = cli.command(input.2);
        command.env(input.0, &input.1);
        tried.input(&input, || ended(&cli, command));
    }
    assert_eq!(state(&cli), before);
}

#[test]
fn files_of_variables() {
    let mut tried = Tried::new("files of variables");
    let mut random = Random::of("dotenv");
    let cli = subject();
    let before = state(&cli);
    let valid =
        "# the app\nAPP_PASSWORD='it is'\nexport MAX_LOCK_WAIT=5\nA=\"b\\n$A ${B}\"\nC=d # e\n";
    let by_hand =
        ["=", "A", "A='", "A=\"$", "A=${", "A=${A", "export", "A=\\", "\u{feff}A=b", "A\0=b"];
    let mut inputs: Vec<_> = by_hand.iter().map(|text| text.as_bytes().to_vec()).collect();
    inputs.extend((0..25).map(|_| bytes(valid.as_bytes(), &mut random)));
    inputs.push("A='\n".repeat(2_000).into_bytes());
    for input in &inputs {
        std::fs::write(cli.folder.path().join(".env"), input).unwrap();
        tried.input(&String::from_utf8_lossy(input), || ended(&cli, cli.command("up --dry-run")));
    }
    assert_eq!(state(&cli), before);
}

#[test]
fn manifests() {
    let mut tried = Tried::new("manifests");
    let mut random = Random::of("manifests");
    let cli = subject();
    let before = state(&cli);
    let valid = "[package]\nname = \"app\"\n\n[workspace.metadata.migrate]\ndir = \"migrations\"\n\
                 table = \"migrations\"\nschema = \"public\"\nmax_lock_wait = 5\n\
                 database = \"postgres://ada@db/shop\"\nstatement_timeout = 1000\n";
    let metadata = "[workspace.metadata.migrate]\n";
    let mut inputs: Vec<_> = [
        "table = 1",
        "table = \"\"",
        "table = [\"a\"]",
        "table = \"a\\u0000b\"",
        "tabel = \"a\"",
        "max_lock_wait = -1",
        "max_lock_wait = nan",
        "max_lock_wait = inf",
        "max_lock_wait = \"5\"",
        "max_lock_wait = 99999999999999999999",
        "max_blocking = 9223372036854775807",
        "dir = 1979-05-27",
        "database = {}",
        "database = \"\"",
        "database = \"mysql://a\"",
        "dir = \"\\u0000\"",
        "dir = \"\"",
        "statement_timeout = 1.5",
        "[workspace.metadata.migrate]",
        "= 1",
        "table = \"a\"\ntable = \"a\"",
    ]
    .iter()
    .map(|line| format!("{metadata}{line}\n").into_bytes())
    .collect();
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[[", "]]")] {
        let deep = format!("{metadata}table = {}1{}\n", open.repeat(10_000), close.repeat(10_000));
        inputs.push(deep.into_bytes());
    }
    inputs.push(format!("[{}]\n", vec!["a"; 10_000].join(".")).into_bytes());
    inputs.push("[workspace]\nmetadata = 1\n".into());
    inputs.push("[workspace.metadata]\nmigrate = 1\n[package.metadata]\nmigrate = []\n".into());
    inputs.extend((0..35).map(|_| bytes(valid.as_bytes(), &mut random)));
    for input in &inputs {
        std::fs::write(cli.folder.path().join("Cargo.toml"), input).unwrap();
        tried.input(&String::from_utf8_lossy(input), || ended(&cli, cli.command("status")));
    }
    assert_eq!(state(&cli), before);
}

#[test]
fn files_of_plans() {
    let mut tried = Tried::new("files of plans");
    let mut random = Random::of("files of plans");
    let cli = subject();
    let before = state(&cli);
    let valid = valid();
    let mut inputs: Vec<_> = (0..25).map(|_| bytes(valid.as_bytes(), &mut random)).collect();
    inputs.extend([vec![], vec![0; 1000], vec![0xff; 1000], b"[".repeat(1_000_000)]);
    inputs.push(b"{\"migrations\":".repeat(100_000));
    for input in &inputs {
        std::fs::write(cli.folder.path().join("plan.json"), input).unwrap();
        let line =
            *random.pick(&["status", "up --dry-run", "plan", "plan --down", "verify", "log"]);
        tried.input(&String::from_utf8_lossy(input), || ended(&cli, cli.command(line)));
    }
    let plan = cli.folder.path().join("plan.json");
    std::fs::remove_file(&plan).unwrap();
    std::fs::create_dir(&plan).unwrap();
    tried.input(&"a folder", || ended(&cli, cli.command("status")));
    assert_eq!(state(&cli), before);
}

#[test]
fn backups() {
    let mut tried = Tried::new("backups");
    let mut random = Random::of("backups");
    let cli = subject();
    let said = cli.run("backup good.dump");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let path = |name: &str| cli.folder.path().join(name);
    let good = std::fs::read(path("good.dump")).unwrap();
    let mut inputs = vec![vec![], b"PGDMP".to_vec(), b"SELECT 1;\n".to_vec()];
    inputs.extend([good.len() / 2, good.len() - 10].map(|end| good[..end].to_vec()));
    inputs.extend((0..3).map(|_| bytes(&good, &mut random)));
    for input in &inputs {
        std::fs::write(path("bad.dump"), input).unwrap();
        let before = state(&cli);
        let restored =
            tried.input(&input.len(), || ended(&cli, cli.command("restore bad.dump --clean")));
        if restored.is_none() {
            assert_eq!(state(&cli), before);
        }
    }
}

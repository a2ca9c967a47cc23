//! No password, and no key, in anything that is said.

use migrate_core::Session;
use migrate_tests::Cli;

use crate::certificates::{Authority, Certificate};
use crate::server::{PASSWORD, Server, Surroundings, free_port};

/// Returns everything that an error shows, to users and in a debugger.
fn all_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(" {error} {error:?}");
        cause = error.source();
    }
    text
}

#[test]
fn errors_of_all_kinds() {
    let authority = Authority::new("ours");
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));
    let here = Surroundings::new().without("PGPASSWORD");
    let own = Certificate::of("own").signed_by(&authority);
    here.file("own.crt", &own.certificate);
    here.file("own.key", &own.key);
    here.file("torn.key", &own.key[..own.key.len() / 2]);
    here.file(".pgpass", "*:*:*:stranger:s3cret");
    here.file(".postgresql/root.crt", &Authority::new("theirs").certificate());
    let key_line = own.key.lines().nth(1).unwrap();
    let mut tried = 0;
    for more in [
        "password=s3cret",
        "password=s3cret sslmode=disable",
        "password=s3cret sslmode=require",
        "password=s3cret sslmode=verify-full host=db.test",
        "password=s3cret user=md5",
        "password=s3cret user=plain sslmode=disable",
        "password=s3cret channel_binding=require sslmode=disable",
        "password=s3cret target_session_attrs=standby user=postgres sslmode=disable",
        "password=s3cret options='-c nonsense=1' sslmode=disable",
        "password=s3cret dbname=none",
        "user=stranger",
        "sslcert=own.crt sslkey=own.key",
        "sslcert=own.crt sslkey=torn.key",
        "sslcert=own.key sslkey=own.key",
        "sslrootcert=own.key",
        "passfile=own.key",
        "sslcrl=own.key sslmode=require sslrootcert=own.crt",
    ] {
        let text =
            format!("hostaddr=127.0.0.1 port={} user=ada dbname=postgres {more}", server.port);
        let target = here.target(&text);
        let mut said = format!("{target} {target:?} {} {}", target.url(), target.server());
        match Session::connect(&target, "migrate test") {
            Ok(session) => said += &format!("{:?}", session.target()),
            Err(error) => {
                said += &all_of(&error);
                said += &error.help();
                tried += 1;
            }
        }
        assert!(!said.contains("s3cret") && !said.contains(key_line), "{more}: {said}");
    }
    assert!(tried >= 16, "most of them are errors: {tried}");
}

#[test]
fn what_the_program_says() {
    let server = Server::new();
    let secret = "hunter2";
    let (open, closed) = (server.port, free_port());
    let cli = Cli::with_plan(&[]).without("DATABASE_URL");
    for (name, value) in [
        ("DATABASE_URL", format!("postgres://ada:{secret}@127.0.0.1:{open}/postgres")),
        ("DATABASE_URL", format!("postgres://ada:{secret}@127.0.0.1:{closed}/postgres")),
        ("DATABASE_URL", format!("postgres://ada:{secret}@127.0.0.1:{open}/none?sslmode=require")),
        ("DATABASE_URL", format!("postgres://ada:{secret}@127.0.0.1/x?{secret}")),
        ("DATABASE_URL", format!("postgres://ada:x/{secret}@127.0.0.1/x")),
        ("DATABASE_URL", format!("host=127.0.0.1 port={open} password={secret} {secret}=1")),
        ("DB_URL", format!("postgres://postgres:{secret}@127.0.0.1:{open}/postgres")),
        ("PGSSLMODE", secret.to_owned()),
    ] {
        let with = [(name, value.as_str()), ("PGHOST", "127.0.0.1"), ("PGPASSWORD", secret)];
        for command in
            ["status", "up", "up --json", "db url", "db wait --timeout 0", "db create", "plan"]
        {
            let output = cli.command(command).envs(with).output().unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let said = text(&output.stdout) + &text(&output.stderr);
            assert!(!said.contains(secret), "{name}={value} {command}: {said}");
        }
        let output = cli.command("status").args(["--database-url", &value]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains(secret), "--database-url {value}: {said}");
    }
    let output = cli
        .command("status")
        .env("DATABASE_URL", format!("postgres://ada@127.0.0.1:{open}/postgres"))
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

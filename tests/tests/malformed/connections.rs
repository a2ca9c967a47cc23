//! URLs, connection strings, the `PG…` variables, services and password files: refusals do not
//! contain the password.

use std::collections::BTreeMap;

use migrate_core::{Environment, Target};

use crate::Tried;
use crate::mutate::{Random, bytes, nasty_texts, text};

const PASSWORD: &str = "s3cr3t";

const VALID: &[&str] = &[
    "postgres://ada:s3cr3t@db.example.com:5432/shop?sslmode=require&connect_timeout=3",
    "postgresql://ada:s3cr3t@[::1]:5433,db2:5434/shop?target_session_attrs=read-write",
    "postgresql:///shop?host=/var/run/postgresql&user=ada&password=s3cr3t",
    "host=db port=5432 dbname=shop user=ada password=s3cr3t sslmode=verify-full",
    "host='a b' password='s3cr3t' dbname = 'it\\'s' options='-c search_path=app'",
    "postgres://ada:s3cr3t@%2Ftmp%2Fsocket/shop?keepalives_idle=5&load_balance_hosts=random",
];

const BY_HAND: &[&str] = &[
    "postgres://",
    "postgres://:@:/",
    "postgres://@@@",
    "postgres://ada:s3cr3t@db:99999/shop",
    "postgres://ada:s3cr3t@db:-1/shop",
    "postgres://ada:s3cr3t@db:5432:5433/shop",
    "postgres://ada:s3cr3t@[::1/shop",
    "postgres://ada:s3cr3t@]::1[/shop",
    "postgres://ada:s3cr3t@db/shop?",
    "postgres://ada:s3cr3t@db/shop?=",
    "postgres://ada:s3cr3t@db/shop?&&&",
    "postgres://ada:s3cr3t@db/shop?sslmode",
    "postgres://ada:s3cr3t@db/shop?sslmode=",
    "postgres://ada:s3cr3t@db/shop?sslmode=maybe",
    "postgres://ada:s3cr3t@db/%",
    "postgres://ada:s3cr3t@db/%0",
    "postgres://ada:s3cr3t@db/%00",
    "postgres://ada:s3cr3t@db/%ff%fe",
    "postgres://ada:s3cr3t@db/é%",
    "postgres://ada:s3cr3t@db/shop#fragment",
    "postgres://ada:s3cr3t@,,,/shop",
    "postgres:ada:s3cr3t@db",
    "host=db password=",
    "host=db password='s3cr3t",
    "host=db password=s3cr3t\\",
    "= = =",
    "host",
    "host=a,b,c port=1,2 password=s3cr3t",
    "hostaddr=not.an.address password=s3cr3t",
    "connect_timeout=1e99 password=s3cr3t",
    "connect_timeout=-5 host=a password=s3cr3t",
    "connect_timeout=99999999999999999999 host=a password=s3cr3t",
    "keepalives_idle=18446744073709551615 host=a",
    "service=none password=s3cr3t",
    "password='s3cr3t' password",
];

#[test]
fn urls_and_connection_strings() {
    let mut tried = Tried::new("URLs and connection strings");
    let mut random = Random::of("urls");
    let mut inputs: Vec<_> = BY_HAND.iter().map(|text| (*text).to_owned()).collect();
    inputs.extend(nasty_texts());
    for valid in VALID {
        inputs.extend((0..60).map(|_| text(valid, &mut random)));
        inputs.extend(nasty_texts().iter().map(|nasty| valid.replacen("shop", nasty, 1)));
    }
    for input in &inputs {
        tried.input(input, || {
            let read = |text: &str| Target::parse(text, "`DATABASE_URL`", &Environment::default());
            match read(input) {
                Ok(target) => {
                    // What it prints for psql is as good as what it was given.
                    let url = target.url();
                    let again = read(&url).map_err(|error| error.to_string());
                    let again = again.unwrap_or_else(|error| panic!("{url}: {error}"));
                    assert_eq!(again.database(), target.database());
                    Ok(())
                }
                Err(error) => {
                    let told = format!("{error} {}", error.help());
                    assert!(!told.contains(PASSWORD), "{told}");
                    Err(told)
                }
            }
        });
    }
}

#[test]
fn variables_services_and_password_files() {
    let mut tried = Tried::new("variables, services, password files");
    let mut random = Random::of("variables");
    let home = tempfile::tempdir().unwrap();
    let names = [
        "DATABASE_URL",
        "DB_URL",
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGPASSWORD",
        "PGPASSFILE",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGSSLMODE",
        "PGOPTIONS",
        "PGCONNECT_TIMEOUT",
        "PGTARGETSESSIONATTRS",
        "PGSSLROOTCERT",
        "PGSYSCONFDIR",
    ];
    let service = "[shop]\nhost=db\nport=5432\nuser=ada\npassword=s3cr3t\n# end\n";
    let passwords = "db:5432:shop:ada:s3cr3t\n*:*:*:*:a\\:b\\\\c\n";
    for number in 0..250 {
        let mut vars = BTreeMap::from([
            ("PGHOST".to_owned(), "db".to_owned()),
            ("PGSERVICE".to_owned(), "shop".to_owned()),
        ]);
        let (name, nasty) = (*random.pick(&names), random.pick(&nasty_texts()).clone());
        if number % 2 == 0 {
            vars.insert(name.to_owned(), nasty);
        }
        let files = [(".pg_service.conf", service), (".pgpass", passwords)].map(|(file, valid)| {
            let text = bytes(valid.as_bytes(), &mut random);
            std::fs::write(home.path().join(file), &text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let environment = Environment {
            vars: vars.clone(),
            account: Some("somebody".to_owned()),
            home: Some(home.path().to_owned()),
            current_dir: home.path().to_owned(),
        };
        tried.input(&(vars, files), || match Target::from_environment(&environment) {
            Ok(target) => {
                _ = target.map(|target| (target.to_string(), target.url()));
                Ok(())
            }
            Err(error) => {
                let told = format!("{error} {}", error.help());
                assert!(!told.contains(PASSWORD), "{told}");
                Err(told)
            }
        });
    }
}

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::environment::Environment;

fn environment(vars: &[(&str, &str)]) -> Environment {
    let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment { vars: vars.collect(), ..Environment::default() }
}

fn target(text: &str) -> Target {
    target_with(text, &[("USER", "ada")])
}

fn target_with(text: &str, vars: &[(&str, &str)]) -> Target {
    Target::parse(text, "`DATABASE_URL`", &environment(vars)).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(text: &str, vars: &[(&str, &str)]) -> String {
    match Target::parse(text, "`DATABASE_URL`", &environment(vars)) {
        Ok(target) => panic!("{text} is {target}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_environment_in_its_order() {
    let shown = |vars: &[(&str, &str)]| {
        Target::from_environment(&environment(vars)).unwrap().map(|target| target.to_string())
    };
    assert_eq!(shown(&[]), None);
    for blank in ["", " "] {
        let vars = environment(&[("DATABASE_URL", blank)]);
        let error = Target::from_environment(&vars).unwrap_err().to_string();
        assert!(error == "`DATABASE_URL` is set, but empty", "{error}");
    }
    let (url, other) = ("postgres://ada:secret@db:6543/shop", "postgres://x");
    for (vars, expected) in [
        (&[("DATABASE_URL", url), ("DB_URL", other)][..], "shop on ada@db:6543"),
        (&[("DB_URL", "host=db user=ada")], "ada on ada@db:5432"),
        (&[("PGHOST", "db"), ("PGUSER", "ada"), ("PGPORT", "6000")], "ada on ada@db:6000"),
        (&[("PGHOST", "a,b"), ("PGUSER", "ada"), ("PGPORT", "1,2")], "ada on ada@a:1,b:2"),
        (&[("PGHOST", "db"), ("PGHOSTADDR", "::1"), ("USER", "ada")], "ada on ada@db:5432"),
        (
            &[("PGHOSTADDR", "10.0.0.1,::1"), ("PGUSER", "ada"), ("PGPORT", "6000")],
            "ada on ada@10.0.0.1:6000,[::1]:6000",
        ),
        (&[("PGDATABASE", "shop"), ("PGHOST", "/tmp"), ("LOGNAME", "ada")], "shop on ada@/tmp"),
        (
            &[("PGDATABASE", "shop"), ("PGHOST", "/tmp"), ("PGPORT", "5433"), ("USER", "ada")],
            "shop on ada@/tmp:5433",
        ),
    ] {
        assert_eq!(shown(vars).as_deref(), Some(expected), "{vars:?}");
    }
}

#[test]
fn who_connects_where_no_user_is_named() {
    let shown = |text: &str, account: Option<&str>, vars: &[(&str, &str)]| {
        let environment = Environment { account: account.map(str::to_owned), ..environment(vars) };
        let target = Target::parse(text, "`DATABASE_URL`", &environment);
        target.map_or_else(|error| format!("{error} -> {}", error.help()), |it| it.to_string())
    };
    let named = [("USER", "ada"), ("LOGNAME", "eve")];
    assert_eq!(shown("host=db", Some("root"), &named), "root on root@db:5432");
    assert_eq!(shown("host=db", None, &named), "ada on ada@db:5432");
    assert_eq!(shown("host=db", None, &named[1..]), "eve on eve@db:5432");
    assert_eq!(shown("host=db user=bob", None, &[]), "bob on bob@db:5432");
    assert_eq!(shown("host=db", Some("root"), &[("PGUSER", "bob")]), "bob on bob@db:5432");
    insta::assert_snapshot!(shown("host=db", None, &[]), @"`DATABASE_URL` names no user, and the account that `migrate` runs as has no name -> name the user in it, as in postgres://user@host:5432/database, or set `PGUSER`");
}

#[test]
fn what_the_text_says_is_stronger_than_variables() {
    let vars = [("PGHOST", "other"), ("PGPORT", "1"), ("PGUSER", "eve"), ("PGSSLMODE", "require")];
    let url = |text: &str| target_with(text, &vars).url();
    assert_eq!(url("postgres://ada@db:5/x"), "postgresql://ada@db:5/x?sslmode=require");
    assert_eq!(
        url("host=db user=ada sslmode=disable"),
        "postgresql://ada@db:1/ada?sslmode=disable"
    );
    assert_eq!(url("dbname=x"), "postgresql://eve@other:1/x?sslmode=require");
}

#[test]
fn another_program_is_told_all_but_secrets() {
    let text = "host=a,b port=1,2 hostaddr=::1,::2 user=a@b password=s3cret dbname='x y' \
                sslmode=verify-full sslrootcert=/ca.pem options='-c a=b' application_name=";
    assert_eq!(
        target(text).url(),
        "postgresql://a%40b@a:1,b:2/x%20y?hostaddr=%3A%3A1%2C%3A%3A2&options=-c%20a%3Db\
         &sslmode=verify-full&sslrootcert=/ca.pem&target_session_attrs=read-write"
    );
    for text in [
        "postgresql://ada@a:1,b:2/x?sslmode=prefer&target_session_attrs=any",
        "postgresql://ada@/x?host=/my%20folder&port=6",
        "postgresql://ada@[::1]:5432/x",
        "postgresql://ada@10.0.0.1:5432/x",
        "postgresql://ada@db:5432/x?hostaddr=10.0.0.1",
    ] {
        assert_eq!(target(text).url(), text);
    }
    // Characters with a meaning in a URL are shown as a part of the name.
    assert_eq!(target("host=a%00b user=a/b dbname=x").url(), "postgresql://a%2Fb@a%2500b:5432/x");
}

#[test]
fn addresses_are_where_the_connection_goes() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let (heard, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || heard.send(listener.accept().is_ok()));
    let vars = [
        ("PGHOST", "db.invalid"),
        ("PGHOSTADDR", "127.0.0.1"),
        ("PGPORT", &port),
        ("PGUSER", "ada"),
    ];
    let target = Target::from_environment(&environment(&vars)).unwrap().unwrap();
    assert!(Session::connect(&target, "test").is_err(), "nobody speaks PostgreSQL there");
    assert_eq!(hear.recv_timeout(Duration::from_secs(5)), Ok(true));
}

#[test]
fn where_no_host_is_named_only_sockets_are_tried() {
    // What listens on the port is another server than psql would find.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    for text in [format!("postgres://ada@/x?port={port}"), format!("port={port} dbname=x user=ada")]
    {
        let target = target(&text);
        assert_eq!(target.url(), format!("postgresql://ada@/x?host=&port={port}"));
        let error = Session::connect(&target, "test").err().unwrap();
        assert!(error.is_temporary());
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                error.to_string().replace(&port.to_string(), "<port>"),
                @"cannot connect to x on ada@/var/run/postgresql:<port>: no host is named, and no server has its socket at `/var/run/postgresql/.s.PGSQL.<port>`, `/run/postgresql/.s.PGSQL.<port>`, `/tmp/.s.PGSQL.<port>`"
            );
        }
    }
    assert!(listener.accept().is_err(), "nobody was asked on the network");
}

#[test]
fn a_server_that_hangs_is_not_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for mode in ["disable", "prefer", "require"] {
        let text = format!("host=127.0.0.1 port={port} user=ada connect_timeout=1 sslmode={mode}");
        let error = Session::connect(&target(&text), "test").err().unwrap();
        assert!(error.is_temporary());
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                error.to_string().replace(&port.to_string(), "<port>"),
                @"cannot connect to ada on ada@127.0.0.1:<port>: no answer within 1 s (`connect_timeout`)"
            );
        }
    }
}

#[test]
fn values_that_a_parameter_cannot_have() {
    let said = |text: &str| refusal(text, &[]);
    insta::assert_snapshot!(
        [
            "postgres://db/x?sslmode=full",
            "postgres://db/x?sslmode=",
            "postgres://db/x?ssl%6Dode=no",
            "host=db sslmode=Require",
            "host=db sslnegotiation=direct",
            "host=db sslmode=require sslrootcert=system",
            "host=db ssl_min_protocol_version=SSLv3",
            "host=db ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
            "host=db sslsni=maybe",
            "host=db channel_binding=yes",
            "host=db target_session_attrs=writable",
            "host=db load_balance_hosts=on",
            "host=db connect_timeout=soon",
            "host=db port=0",
            "host=db port=65536",
            "host=a port=1,2",
            "host=a,b port=1,2,3",
            "host=a hostaddr=::1,::2",
            "host=a,b hostaddr=::1",
            "hostaddr=localhost",
            "host=@abstract",
            "host=db keepalives_idle=1.5",
            "host=db schema=public",
            "host=db require_auth=none",
            "host=db sslcrldir=/crl",
        ]
        .map(said)
        .join("\n"),
        @"
    `sslmode` in `DATABASE_URL` must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`
    `sslmode` in `DATABASE_URL` must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`
    `sslmode` in `DATABASE_URL` must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`
    `sslmode` in `DATABASE_URL` must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`
    `sslnegotiation` in `DATABASE_URL` must be `postgres`, unless `sslmode` is `require` or stronger
    `sslmode` in `DATABASE_URL` must be `verify-full`, since `sslrootcert` is `system`
    `ssl_min_protocol_version` in `DATABASE_URL` must be one of `TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`
    `ssl_max_protocol_version` in `DATABASE_URL` must be `TLSv1.2` or `TLSv1.3`, and not below `ssl_min_protocol_version`
    `sslsni` in `DATABASE_URL` must be one of `0`, `1`
    `channel_binding` in `DATABASE_URL` must be one of `disable`, `prefer`, `require`
    `target_session_attrs` in `DATABASE_URL` must be one of `any`, `read-write`, `read-only`, `primary`, `standby`, `prefer-standby`
    `load_balance_hosts` in `DATABASE_URL` must be one of `disable`, `random`
    `connect_timeout` in `DATABASE_URL` must be a whole number
    `port` in `DATABASE_URL` must be a number from 1 to 65535
    `port` in `DATABASE_URL` must be a number from 1 to 65535
    `port` in `DATABASE_URL` must be one port
    `port` in `DATABASE_URL` must be one port, or one for each of 2 hosts
    `hostaddr` in `DATABASE_URL` must be one address for the one host
    `hostaddr` in `DATABASE_URL` must be one address for each of 2 hosts
    `hostaddr` in `DATABASE_URL` must be an IP address
    `host` in `DATABASE_URL` must be a name, an address, or a folder that begins with `/`
    `keepalives_idle` in `DATABASE_URL` must be a whole number
    `DATABASE_URL` has a parameter that PostgreSQL does not know: `schema`
    `require_auth` in `DATABASE_URL` cannot be had: it is not supported, and cannot be passed over: it asks for more safety
    `sslcrldir` in `DATABASE_URL` cannot be had: put the lists into one file: `sslcrl`
    "
    );
    insta::assert_snapshot!(
        refusal("host=db", &[("PGSSLMODE", "full")]),
        @"`PGSSLMODE` must be one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`"
    );
}

/// A home with files of libpq's in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str, u32)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, text, mode) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
        }
        Self(home)
    }

    fn environment(&self, vars: &[(&str, &str)]) -> Environment {
        let folder = self.0.path().to_owned();
        Environment { home: Some(folder.clone()), current_dir: folder, ..environment(vars) }
    }

    fn said(&self, text: &str, vars: &[(&str, &str)]) -> String {
        let said = match Target::parse(text, "`DATABASE_URL`", &self.environment(vars)) {
            Ok(target) => target.url(),
            Err(error) => format!("{error} -> {}", error.help()),
        };
        said.replace(&self.0.path().display().to_string(), "~")
    }
}

#[test]
fn services() {
    let home = Home::new(&[
        (
            ".pg_service.conf",
            "[shop]\nhost=db1\nport=6000\nsslmode=require\npassword=s3cret",
            0o644,
        ),
        ("other.conf", "[shop]\nhost=db2\n\n[wrong]\nhots=s3cret\n[torn]\nhost\n", 0o644),
        ("etc/pg_service.conf", "[all]\nhost=db3\nuser=bob", 0o644),
    ]);
    let vars = |extra: &[(&'static str, &'static str)]| {
        let always = [("USER", "ada"), ("PGSYSCONFDIR", "etc"), ("PGPORT", "7"), ("PGHOST", "no")];
        [&always[..], extra].concat()
    };
    let said = |text: &str, extra: &[(&'static str, &'static str)]| home.said(text, &vars(extra));
    let other = ("PGSERVICEFILE", "other.conf");
    assert_eq!(said("service=shop", &[]), "postgresql://ada@db1:6000/ada?sslmode=require");
    assert_eq!(
        said("service=shop port=5 dbname=x", &[]),
        "postgresql://ada@db1:5/x?sslmode=require"
    );
    assert_eq!(said("postgres:///x?service=shop", &[other]), "postgresql://ada@db2:7/x");
    assert_eq!(said("servicefile=other.conf service=shop", &[]), "postgresql://ada@db2:7/ada");
    assert_eq!(said("service=all", &[]), "postgresql://bob@db3:7/bob");
    assert_eq!(said("user=eve", &[("PGSERVICE", "all")]), "postgresql://eve@db3:7/eve");
    insta::assert_snapshot!(said("service=none", &[]), @"there is no service `none` -> write a section `[none]` into one of `~/.pg_service.conf`, `~/etc/pg_service.conf`");
    insta::assert_snapshot!(said("service=wrong", &[other]), @"the service `wrong` in `~/other.conf` has a parameter that PostgreSQL does not know: `hots` -> leave it out, if it is meant for another program; the parameters are those of libpq: https://www.postgresql.org/docs/current/libpq-connect.html");
    insta::assert_snapshot!(said("service=torn", &[other]), @"`~/other.conf:7`: it is not `name=value` -> a service is a line `[name]`, and below it lines `parameter=value`");
    let from_variables = home.environment(&vars(&[("PGSERVICE", "shop")]));
    let target = Target::from_environment(&from_variables).unwrap().unwrap();
    assert_eq!(target.password().unwrap(), "s3cret");
}

#[test]
fn passwords_from_a_file() {
    let home = Home::new(&[
        (".pgpass", "db:5432:shop:ada:one\nlocalhost:*:*:*:two\n/s:*:*:*:three", 0o600),
        ("open", "*:*:*:*:four", 0o640),
        ("other", "*:*:*:*:five", 0o400),
        ("folder/x", "", 0o600),
    ]);
    let said = |text: &str, vars: &[(&str, &str)]| {
        let target = Target::parse(text, "here", &home.environment(vars)).unwrap();
        match target.password_for(&target.servers()[0]) {
            passfile::Found::Password(password) => password,
            passfile::Found::Nothing => "none".to_owned(),
            passfile::Found::PassedOver(why) => {
                why.replace(&home.0.path().display().to_string(), "~")
            }
        }
    };
    assert_eq!(said("postgres://ada@db/shop", &[]), "one");
    assert_eq!(said("postgres://ada@db:5433/shop", &[]), "none");
    assert_eq!(said("postgres://ada@localhost/x", &[]), "two");
    assert_eq!(said("postgres://ada@/x?host=/tmp", &[]), "two");
    assert_eq!(said("postgres://ada@/x?host=/s", &[]), "three");
    assert_eq!(said("postgres://ada@db/shop", &[("PGPASSWORD", "given")]), "given");
    assert_eq!(said("postgres://ada@db/shop?passfile=other", &[]), "five");
    assert_eq!(said("postgres://ada@db/shop", &[("PGPASSFILE", "none")]), "none");
    insta::assert_snapshot!(
        said("postgres://ada@db/shop", &[("PGPASSFILE", "open")]),
        @"`~/open` is ignored: it has group or world access; run `chmod 600 ~/open`"
    );
    insta::assert_snapshot!(
        said("postgres://ada@db/shop?passfile=folder", &[]),
        @"`~/folder` is ignored: it is not a plain file"
    );
}

#[test]
fn whatever_is_written_is_a_database_or_told_to_be_none() {
    let pieces = [
        "postgres://",
        "postgresql:",
        "mysql://",
        "@",
        ":",
        "/",
        "?",
        "&",
        "=",
        "[",
        "]",
        "::1",
        ",",
        "%",
        "%41",
        "%zz",
        "%00",
        "'",
        "\\",
        " ",
        "host",
        "port=",
        "sslmode=verify-full",
        "5432",
        "ä",
        "\0",
        "s3cret",
        "password='",
        "-1",
        "service=",
        "hostaddr=",
        "99999999999999999999",
    ];
    // A number that enumerates the pieces in every order of three, and longer ones at random.
    let mut texts = Vec::new();
    for a in pieces {
        for b in pieces {
            texts.extend(pieces.map(|c| format!("{a}{b}{c}")));
        }
    }
    let mut seed = 1_u32;
    for length in 4..24 {
        for _ in 0..100 {
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                pieces[usize::try_from(seed >> 16).unwrap() % pieces.len()]
            };
            texts.push((0..length).map(|_| next()).collect());
        }
    }
    let environment = environment(&[("PGSYSCONFDIR", "/nowhere")]);
    for text in texts {
        match Target::parse(&text, "`DATABASE_URL`", &environment) {
            Ok(target) => _ = format!("{target} {target:?} {}", target.url()),
            Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
        }
    }
}

#[test]
fn what_is_on_this_machine() {
    let of = |text| target(text).is_on_this_machine();
    for text in [
        "postgres://ada@localhost/shop",
        "postgres://ada@127.0.0.2/shop",
        "postgres://ada@[::1]:5433/shop",
        "postgres://ada@[::ffff:127.0.0.1]/shop",
        "host=/run/postgresql user=ada",
        "host=db.example hostaddr=127.0.0.1 user=ada",
        "host=localhost,/tmp user=ada",
    ] {
        assert!(of(text), "{text}");
    }
    for text in [
        "postgres://ada@db.example/shop",
        "postgres://ada@10.0.0.1/shop",
        "postgres://ada@0.0.0.0/shop",
        "postgres://ada@localhost.example/shop",
        "postgres://ada@127.0.0.1.example/shop",
        "host=localhost hostaddr=10.0.0.1 user=ada",
        "host=localhost,db.example user=ada",
    ] {
        assert!(!of(text), "{text}");
    }
}

#[test]
fn passwords_are_never_shown() {
    let environment = environment(&[("PGPASSWORD", "s3cret"), ("PGSYSCONFDIR", "/nowhere")]);
    for text in [
        "postgres://ada:s3cret@db.invalid/shop",
        "postgres://ada:an@s3cret@db/shop",
        "postgres://ada:s3cret@db:port/shop",
        "postgres://ada:s3cret",
        "s3cret",
        "postgres://ada:s3cret@[db/shop?x=s3cret",
        "postgres://ada:12/s3cret@db/shop",
        "postgres://ada:12?s3cret=1@db/shop",
        "postgres://ada:12#s3cret@db/shop",
        "postgres://ada:12?s3cret@db/shop?sslmode=s3cret",
        "postgres://ada:%zzs3cret@db/shop",
        "postgres://ada:a%@s3cret/shop@db",
        "postgres://db/shop?password=a&s3cret",
        "postgres://db/shop?password=a@s3cret",
        "postgres://db/shop?port=s3cret",
        "postgres://db/shop?sslpassword=s3cret",
        "postgres://db/shop?oauth_client_secret=s3cret",
        "host=db.invalid password=s3cret",
        "host=db password=a s3cret",
        "host=db password=a s3cret=b",
        "host=db password=a s3cret = b user=x",
        "host=db password='s3cret",
        "host=db password='a's3cret",
        "host=db port=s3cret",
        "host=db%20password=s3cret",
        "host=db sslmode=s3cret",
        "host=db hostaddr=s3cret",
        "password=s3cret host=@s3cret",
        "mysql://ada:s3cret@db/shop",
        "jdbc:postgresql://ada:s3cret@db/shop",
    ] {
        let said = match Target::parse(text, "`DATABASE_URL`", &environment) {
            Ok(target) => {
                let error = Session::connect(&target, "test").err().unwrap();
                format!("{target} {target:?} {} {error} {error:?} {}", target.url(), error.help())
            }
            Err(error) => format!("{error} {error:?} {}", error.help()),
        };
        assert!(!said.contains("s3cret"), "{text}: {said}");
    }
}

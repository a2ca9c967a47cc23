//! Several servers.

use std::net::TcpListener;

use migrate_core::Session;
use migrate_core::cluster::Cluster;
use postgres::{Client, NoTls};

use crate::server::{Server, Surroundings, free_port};

fn port_of(session: &mut Session) -> u16 {
    let row = session.client().query_one("SELECT inet_server_port()", &[]).unwrap();
    u16::try_from(row.get::<_, i32>(0)).unwrap()
}

#[test]
fn the_first_server_that_answers_and_can_be_written_to() {
    let (first, second) = (Server::new(), Server::new());
    let here = Surroundings::new();
    let connect = |ports: &[u16], more: &str| {
        let hosts = vec!["127.0.0.1"; ports.len()].join(",");
        let ports = ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        here.connect(&format!("host={hosts} port={ports} user=postgres {more}"))
    };
    let reached = |ports: &[u16], more: &str| match connect(ports, more) {
        Ok(mut session) => match port_of(&mut session) {
            port if port == first.port => "first".to_owned(),
            port if port == second.port => "second".to_owned(),
            port => port.to_string(),
        },
        Err(error) => format!("{error} -> {}", error.help())
            .replace(&first.port.to_string(), "<first>")
            .replace(&second.port.to_string(), "<second>"),
    };
    let closed = free_port();
    let both = [first.port, second.port];
    assert_eq!(reached(&both, ""), "first");
    assert_eq!(reached(&[closed, first.port], ""), "first");
    assert_eq!(reached(&[second.port, closed], ""), "second");
    let said = reached(&[closed, closed], "").replace(&closed.to_string(), "<closed>");
    insta::assert_snapshot!(said, @"cannot connect to postgres on postgres@127.0.0.1:<closed>,127.0.0.1:<closed>: 127.0.0.1:<closed>: Connection refused (os error 111); 127.0.0.1:<closed>: Connection refused (os error 111) -> check that the server runs and that the test names it; `migrate db wait` waits for it");
    // One that refuses ends the search: the others would, too.
    insta::assert_snapshot!(reached(&both, "dbname=none"), @r#"none on postgres@127.0.0.1:<first> refused the connection: database "none" does not exist -> create it with `migrate db create`"#);

    // The other sessions of a run go to the same server.
    let session = connect(&[closed, first.port], "").unwrap();
    assert_eq!(session.target().server(), format!("postgres@127.0.0.1:{}", first.port));

    let mut seen: Vec<_> = (0..40).map(|_| reached(&both, "load_balance_hosts=random")).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["first", "second"]);

    first.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    first.reload();
    for (wanted, expected) in [
        ("", "second"),
        ("target_session_attrs=any", "first"),
        ("target_session_attrs=read-only", "first"),
        ("target_session_attrs=read-write", "second"),
        ("target_session_attrs=primary", "first"),
        ("target_session_attrs=prefer-standby", "first"),
    ] {
        assert_eq!(reached(&both, wanted), expected, "{wanted}");
    }
    insta::assert_snapshot!(reached(&both, "target_session_attrs=standby"), @"no server of postgres on postgres@127.0.0.1:<first>,127.0.0.1:<second> is `standby`: 127.0.0.1:<first>: `default_transaction_read_only` is on; 127.0.0.1:<second>: it is a read-write primary -> name one that is, or set `target_session_attrs`");
    insta::assert_snapshot!(reached(&[first.port], "target_session_attrs=read-write"), @"no server of postgres on postgres@127.0.0.1:<first> is `read-write`: 127.0.0.1:<first>: `default_transaction_read_only` is on -> name one that is, or set `target_session_attrs`");
}

#[test]
fn a_server_that_answers_nonsense() {
    let here = Surroundings::new();
    for (answer, modes) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ["disable", "prefer", "require"]),
        (b"", ["disable", "prefer", "require"]),
        (b"SSSS", ["prefer", "require", "verify-ca"]),
        (&[0; 4096], ["disable", "prefer", "require"]),
        (b"E\0\0\0\x05\0", ["disable", "prefer", "require"]),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                use std::io::{Read as _, Write as _};
                let mut stream = stream.unwrap();
                _ = stream.read(&mut [0; 64]);
                _ = stream.write_all(answer);
            }
        });
        here.file(".postgresql/root.crt", &crate::certificates::Authority::new("x").certificate());
        for mode in modes {
            let text = format!("host=127.0.0.1 port={port} connect_timeout=2 sslmode={mode}");
            let error = here.connect(&text).err().unwrap();
            assert!(!error.to_string().is_empty() && !error.help().is_empty());
        }
    }
}

#[test]
fn a_standby_is_passed_over() {
    let primary = Server::new();
    let folder = tempfile::tempdir().unwrap();
    let mut environment = migrate_tests::environment();
    environment.vars.remove("XDG_RUNTIME_DIR");
    environment.vars.insert("XDG_STATE_HOME".into(), folder.path().to_str().unwrap().into());
    let cluster = Cluster::for_project(&environment, folder.path()).unwrap();
    let standby = cluster.start().unwrap();
    let signal = standby.data.join("standby.signal");
    let mut client = Client::connect(&standby.url("postgres"), NoTls).unwrap();
    let touch = format!("COPY (SELECT) TO PROGRAM 'cat > \"{}\"'", signal.display());
    client.batch_execute(&touch).unwrap();
    drop(client);
    cluster.stop().unwrap();
    let standby = cluster.start().unwrap();
    let url = standby.tcp_url("postgres").unwrap();
    let password = url.split([':', '@']).nth(2).unwrap();

    let here = Surroundings::new().var("PGPASSWORD", password);
    let reached = |more: &str| {
        let ports = format!("{},{}", standby.port, primary.port);
        let text = format!("host=127.0.0.1,127.0.0.1 port={ports} user=postgres {more}");
        let session = here.connect(&text).map(|mut session| {
            (port_of(&mut session) == standby.port, session.read_only().is_some())
        });
        session.map_err(|error| error.to_string())
    };
    let (is_standby, is_primary) = (Ok((true, true)), Ok((false, false)));
    for (wanted, expected) in [
        ("", &is_primary),
        ("target_session_attrs=read-write", &is_primary),
        ("target_session_attrs=primary", &is_primary),
        ("target_session_attrs=any", &is_standby),
        ("target_session_attrs=read-only", &is_standby),
        ("target_session_attrs=standby", &is_standby),
        ("target_session_attrs=prefer-standby load_balance_hosts=random", &is_standby),
    ] {
        assert_eq!(&reached(wanted), expected, "{wanted}");
    }
    cluster.remove().unwrap();
}

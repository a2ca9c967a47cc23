//! Every `sslmode` against every kind of server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use crate::certificates::{Authority, Certificate};
use crate::server::{Server, Surroundings};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// What becomes of each mode, a line each.
fn modes(here: &Surroundings, server: &Server, host: &str, more: &str) -> String {
    let line = |mode: &str| {
        let text = format!("host={host} user=ada sslmode={mode} {more}");
        format!("{mode}: {}\n", here.outcome(server, &text))
    };
    MODES.map(line).concat()
}

#[test]
fn a_server_without_tls() {
    let here = Surroundings::new();
    let server = Server::new();
    here.file(".postgresql/root.crt", &Authority::new("ours").certificate());
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"");
    assert_eq!(here.outcome(&server, "user=ada"), "clear");
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted"), @"");
    insta::assert_snapshot!(
        here.outcome(&server, "host=db.test user=ada sslmode=require sslnegotiation=direct"), @""
    );
}

#[test]
fn a_server_with_tls() {
    let authority = Authority::new("ours");
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));

    let here = Surroundings::new();
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"");
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=clear sslmode=require"), @"");
    // What is refused with TLS may be had without, and the other way round.
    assert_eq!(here.outcome(&server, "user=clear sslmode=prefer"), "clear");
    assert_eq!(here.outcome(&server, "user=encrypted sslmode=allow"), "TLSv1.3");
    assert_eq!(here.outcome(&server, "user=encrypted sslmode=prefer"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted password=x sslmode=allow"), @"");
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted sslmode=disable"), @"");

    here.file(".postgresql/root.crt", &authority.certificate());
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"");
    insta::assert_snapshot!(modes(&here, &server, "other.test", ""), @"");
    insta::assert_snapshot!(modes(&here, &server, "no..name", ""), @"");
    assert_eq!(here.outcome(&server, "user=ada sslmode=verify-ca"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=ada sslmode=verify-full"), @"");

    let here = Surroundings::new().var("PGSSLMODE", "verify-full").var("PGSSLROOTCERT", "ca.pem");
    here.file("ca.pem", &authority.certificate());
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    for (limits, expected) in [
        ("ssl_max_protocol_version=TLSv1.2", "TLSv1.2"),
        ("ssl_min_protocol_version=TLSv1.3", "TLSv1.3"),
        ("ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.2 sslsni=0", "TLSv1.2"),
    ] {
        assert_eq!(here.outcome(&server, &format!("host=db.test user=ada {limits}")), expected);
    }
    server.execute("ALTER SYSTEM SET ssl_max_protocol_version = 'TLSv1.2'");
    server.reload();
    insta::assert_snapshot!(
        here.outcome(&server, "host=db.test user=ada ssl_min_protocol_version=TLSv1.3"), @""
    );
}

#[test]
fn certificates_that_are_not_to_be_trusted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let here = Surroundings::new();
    here.file(".postgresql/root.crt", &ours.certificate());
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&theirs));
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"");

    server.show(&Certificate::of("db.test").expired().signed_by(&ours));
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"");

    // The wrong name does not hide that nobody known has signed it.
    server.show(&Certificate::of("other.test").signed_by(&theirs));
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada sslmode=verify-ca"), @"");

    server.show(&Certificate::of("db.test").signed_by_itself());
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada sslmode=verify-ca"), @"");

    let here = Surroundings::new();
    for system in ["sslrootcert=system", "sslrootcert=system sslmode=verify-full"] {
        let said = here.outcome(&server, &format!("host=db.test user=ada {system}"));
        assert!(said.starts_with("no TLS with") || said.starts_with("cannot use"), "{said}");
    }
    let bundle = here.file("bundle.pem", &theirs.certificate());
    server.show(&Certificate::of("db.test").signed_by(&theirs));
    let here = here.var("SSL_CERT_FILE", bundle.to_str().unwrap());
    assert_eq!(here.outcome(&server, "host=db.test user=ada sslrootcert=system"), "TLSv1.3");
}

#[test]
fn certificates_of_old() {
    let authority = Authority::new("ours");
    let here = Surroundings::new().var("PGSSLMODE", "verify-full");
    let by_itself = Certificate::of("db.test").signed_by_itself();
    here.file(
        ".postgresql/root.crt",
        &format!("{}{}", authority.certificate(), by_itself.certificate),
    );

    // Without alternative names.
    let server = Server::with_tls(&Certificate::of_common_name("db.test").signed_by(&authority));
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "host=other.test user=ada"), @"");

    // Trusted just as it is.
    server.show(&by_itself);
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "host=other.test user=ada"), @"");

    let expired = Certificate::of("db.test").expired().signed_by_itself();
    here.file(".postgresql/root.crt", &expired.certificate);
    server.show(&expired);
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada"), @"");
}

#[test]
fn revoked_certificates() {
    let authority = Authority::new("ours");
    let here = Surroundings::new().var("PGSSLMODE", "verify-full");
    here.file(".postgresql/root.crt", &authority.certificate());
    here.file("list.pem", &authority.list_revoking("bad.test"));
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));
    assert_eq!(here.outcome(&server, "host=db.test user=ada sslcrl=list.pem"), "TLSv1.3");
    server.show(&Certificate::of("bad.test").signed_by(&authority));
    assert_eq!(here.outcome(&server, "host=bad.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada sslcrl=list.pem"), @"");
    // The usual place counts, too.
    here.file(".postgresql/root.crl", &authority.list_revoking("bad.test"));
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada"), @"");
    here.file(".postgresql/root.crl", &Authority::new("theirs").list_revoking("bad.test"));
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada"), @"");
}

#[test]
fn certificates_of_the_client() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&ours));
    server.trust(&ours.certificate());
    let here = Surroundings::new();
    let said = |more: &str| here.outcome(&server, &format!("user=certified {more}"));
    insta::assert_snapshot!(said(""), @"");

    let own = Certificate::of_common_name("certified").signed_by(&ours);
    here.file("own.crt", &own.certificate);
    let key = here.file("own.key", &own.key);
    assert_eq!(said("sslcert=own.crt sslkey=own.key"), "TLSv1.3");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key sslcertmode=disable"), @"");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key user=stranger"), @"");
    insta::assert_snapshot!(said("sslcert=own.crt"), @"");
    insta::assert_snapshot!(said("sslcert=none.crt sslkey=own.key"), @"");
    insta::assert_snapshot!(said("sslcert=own.key sslkey=own.key"), @"");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.crt"), @"");

    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key"), @"");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();

    let wrong = Certificate::of_common_name("certified").signed_by(&theirs);
    here.file("wrong.crt", &wrong.certificate);
    here.file("wrong.key", &wrong.key);
    insta::assert_snapshot!(said("sslmode=require sslcert=wrong.crt sslkey=wrong.key"), @"");
    insta::assert_snapshot!(said("sslmode=require sslcert=wrong.crt sslkey=own.key"), @"");
    let late = Certificate::of_common_name("certified").expired().signed_by(&ours);
    here.file("late.crt", &late.certificate);
    here.file("late.key", &late.key);
    insta::assert_snapshot!(said("sslmode=require sslcert=late.crt sslkey=late.key"), @"");

    here.file(".postgresql/postgresql.crt", &own.certificate);
    here.file(".postgresql/postgresql.key", &own.key);
    assert_eq!(said("sslmode=require"), "TLSv1.3");
    let armour = own.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    here.file(".postgresql/postgresql.key", &armour);
    insta::assert_snapshot!(said("sslmode=require"), @"");
    here.file(".postgresql/postgresql.crt", "nothing");
    insta::assert_snapshot!(said("sslmode=require"), @"");
    assert_eq!(here.outcome(&server, "user=ada sslmode=disable"), "clear");
}

#[test]
fn files_that_are_not_there() {
    let server = Server::new();
    let here = Surroundings::new();
    here.file("empty.pem", "");
    here.file("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let said = |more: &str| here.outcome(&server, &format!("user=ada {more}"));
    insta::assert_snapshot!(said("sslmode=verify-full"), @"");
    // A file that is named has to be there, whatever the mode.
    insta::assert_snapshot!(said("sslrootcert=none.pem"), @"");
    insta::assert_snapshot!(said("sslrootcert=empty.pem"), @"");
    insta::assert_snapshot!(said("sslrootcert=torn.pem"), @"");
    insta::assert_snapshot!(said("sslcrl=none.pem sslrootcert=empty.pem"), @"");
    assert_eq!(said("sslrootcert=none.pem sslmode=disable"), "clear");
}

#[test]
fn a_statement_is_cancelled_the_way_the_session_came() {
    let authority = Authority::new("ours");
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));
    let here = Surroundings::new();
    here.file(".postgresql/root.crt", &authority.certificate());
    for text in [
        format!("host=db.test hostaddr=127.0.0.1 port={} sslmode=verify-full", server.port),
        format!("host=127.0.0.1 port={} sslmode=disable", server.port),
        format!("host=127.0.0.1 port={} sslmode=require", server.port),
        format!("host=127.0.0.1 port={}", server.port),
        format!("host={}", server.cluster.socket_folder.display()),
    ] {
        let text = format!("{text} user=postgres dbname=postgres port={}", server.port);
        let mut session = here.connect(&text).unwrap();
        let canceler = session.canceler();
        let since = Instant::now();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            canceler.cancel().map_err(|error| error.to_string())
        });
        let error = session.client().batch_execute("SELECT pg_sleep(30)").unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        assert!(since.elapsed() < Duration::from_secs(20));
        assert_eq!(other.join().unwrap(), Ok(()));
    }
}

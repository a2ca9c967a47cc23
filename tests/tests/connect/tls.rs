//! Every `sslmode` against every kind of server.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use postgres::error::SqlState;

use crate::certificates::{Authority, Certificate, Certified};
use crate::server::{Server, Surroundings};

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Returns the outcome of each mode, one per line.
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
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"
    disable: clear
    allow: clear
    prefer: clear
    require: no TLS with postgres on ada@db.test:<port>: the server does not speak TLS -> turn it on in the server with `ssl = on`; only where clear text is what you want, replace `sslmode=require` by `sslmode=disable` or `prefer`
    verify-ca: no TLS with postgres on ada@db.test:<port>: the server does not speak TLS -> turn it on in the server with `ssl = on`; only where clear text is what you want, replace `sslmode=verify-ca` by `sslmode=disable` or `prefer`
    verify-full: no TLS with postgres on ada@db.test:<port>: the server does not speak TLS -> turn it on in the server with `ssl = on`; only where clear text is what you want, replace `sslmode=verify-full` by `sslmode=disable` or `prefer`
    ");
    assert_eq!(here.outcome(&server, "user=ada"), "clear");
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted"), @r#"postgres on encrypted@127.0.0.1:<port> refused the connection: pg_hba.conf rejects connection for host "127.0.0.1", user "encrypted", database "postgres", no encryption -> check the user in the test; the server's `pg_hba.conf` says who may log in from where, with or without TLS"#);
    insta::assert_snapshot!(
        here.outcome(&server, "host=db.test user=ada sslmode=require sslnegotiation=direct"), @"no TLS with postgres on ada@db.test:<port>: the server does not begin with TLS at once -> leave out `sslnegotiation=direct`: PostgreSQL understands it from 17 on"
    );
}

#[test]
fn a_server_with_tls() {
    let authority = Authority::new("ours");
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));

    let here = Surroundings::new();
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"
    disable: clear
    allow: clear
    prefer: TLSv1.3
    require: TLSv1.3
    verify-ca: cannot use `~/.postgresql/root.crt` as `sslrootcert`: it is not there, and `sslmode=verify-ca` needs it -> put the authority's certificate there, name another file with `sslrootcert`, or trust the system's with `sslrootcert=system`; `sslmode=require` encrypts without a look at who answers
    verify-full: cannot use `~/.postgresql/root.crt` as `sslrootcert`: it is not there, and `sslmode=verify-full` needs it -> put the authority's certificate there, name another file with `sslrootcert`, or trust the system's with `sslrootcert=system`; `sslmode=require` encrypts without a look at who answers
    ");
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=clear sslmode=require"), @r#"postgres on clear@127.0.0.1:<port> refused the connection: pg_hba.conf rejects connection for host "127.0.0.1", user "clear", database "postgres", SSL encryption -> check the user in the test; the server's `pg_hba.conf` says who may log in from where, with or without TLS"#);
    // What is refused with TLS may be had without, and the other way round.
    assert_eq!(here.outcome(&server, "user=clear sslmode=prefer"), "clear");
    assert_eq!(here.outcome(&server, "user=encrypted sslmode=allow"), "TLSv1.3");
    assert_eq!(here.outcome(&server, "user=encrypted sslmode=prefer"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted password=x sslmode=allow"), @r#"postgres on encrypted@127.0.0.1:<port> refused the connection: password authentication failed for user "encrypted" -> check the user and the password in the test"#);
    insta::assert_snapshot!(here.outcome(&server, "user=encrypted sslmode=disable"), @r#"postgres on encrypted@127.0.0.1:<port> refused the connection: pg_hba.conf rejects connection for host "127.0.0.1", user "encrypted", database "postgres", no encryption -> check the user in the test; the server's `pg_hba.conf` says who may log in from where, with or without TLS"#);

    here.file(".postgresql/root.crt", &authority.certificate());
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"
    disable: clear
    allow: clear
    prefer: TLSv1.3
    require: TLSv1.3
    verify-ca: TLSv1.3
    verify-full: TLSv1.3
    ");
    insta::assert_snapshot!(modes(&here, &server, "other.test", ""), @"
    disable: clear
    allow: clear
    prefer: TLSv1.3
    require: TLSv1.3
    verify-ca: TLSv1.3
    verify-full: no TLS with postgres on ada@other.test:<port>: the server's certificate is for `db.test`, not for `other.test` -> connect by a name that it is for (with `hostaddr` for the address, if need be), or with `sslmode=verify-ca`, which does not look at names
    ");
    insta::assert_snapshot!(modes(&here, &server, "no..name", ""), @"
    disable: clear
    allow: clear
    prefer: TLSv1.3
    require: TLSv1.3
    verify-ca: TLSv1.3
    verify-full: no TLS with postgres on ada@no..name:<port>: the name of the host can stand in no certificate -> connect by the name that its certificate is for, or with `sslmode=verify-ca`, which does not look at names
    ");
    assert_eq!(here.outcome(&server, "user=ada sslmode=verify-ca"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "user=ada sslmode=verify-full"), @"no TLS with postgres on ada@127.0.0.1:<port>: the server's certificate is for `db.test`, not for `127.0.0.1` -> connect by a name that it is for (with `hostaddr` for the address, if need be), or with `sslmode=verify-ca`, which does not look at names");

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
        here.outcome(&server, "host=db.test user=ada ssl_min_protocol_version=TLSv1.3"), @"no TLS with postgres on ada@db.test:<port>: the server supports no TLS version that is allowed here -> TLS 1.2 and 1.3 are allowed unless `ssl_min_protocol_version` or `ssl_max_protocol_version` restricts them"
    );
}

#[test]
fn tls_from_the_first_byte_on() {
    let authority = Authority::new("ours");
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&authority));
    let here = Surroundings::new().var("PGSSLNEGOTIATION", "direct");
    here.file(".postgresql/root.crt", &authority.certificate());
    let said = here.outcome(&server, "host=db.test user=ada sslmode=verify-full");
    if server.cluster.major() >= 17 {
        assert_eq!(said, "TLSv1.3");
    } else {
        assert!(said.contains("the server does not begin with TLS at once"), "{said}");
    }
}

#[test]
fn certificates_that_are_not_to_be_trusted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let here = Surroundings::new();
    here.file(".postgresql/root.crt", &ours.certificate());
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&theirs));
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"
    disable: clear
    allow: clear
    prefer: clear
    require: no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by no authority in `~/.postgresql/root.crt` -> have the certificate of the authority that signed it put there, or name the file that has it with `sslrootcert`
    verify-ca: no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by no authority in `~/.postgresql/root.crt` -> have the certificate of the authority that signed it put there, or name the file that has it with `sslrootcert`
    verify-full: no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by no authority in `~/.postgresql/root.crt` -> have the certificate of the authority that signed it put there, or name the file that has it with `sslrootcert`
    ");

    server.show(&Certificate::of("db.test").expired().signed_by(&ours));
    insta::assert_snapshot!(modes(&here, &server, "db.test", ""), @"
    disable: clear
    allow: clear
    prefer: clear
    require: no TLS with postgres on ada@db.test:<port>: the server's certificate has expired -> have the server's certificate renewed; check the clock of this machine
    verify-ca: no TLS with postgres on ada@db.test:<port>: the server's certificate has expired -> have the server's certificate renewed; check the clock of this machine
    verify-full: no TLS with postgres on ada@db.test:<port>: the server's certificate has expired -> have the server's certificate renewed; check the clock of this machine
    ");

    // The wrong name does not hide that the signer is unknown.
    server.show(&Certificate::of("other.test").signed_by(&theirs));
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada sslmode=verify-ca"), @"no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by no authority in `~/.postgresql/root.crt` -> have the certificate of the authority that signed it put there, or name the file that has it with `sslrootcert`");

    server.show(&Certificate::of("db.test").signed_by_itself());
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada sslmode=verify-ca"), @"no TLS with postgres on ada@db.test:<port>: the server's certificate is an authority's, which signed itself -> put this very certificate into `~/.postgresql/root.crt` to trust it");

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
    insta::assert_snapshot!(here.outcome(&server, "host=other.test user=ada"), @"no TLS with postgres on ada@other.test:<port>: the server's certificate is for `db.test`, not for `other.test` -> connect by a name that it is for (with `hostaddr` for the address, if need be), or with `sslmode=verify-ca`, which does not look at names");

    // Trusted just as it is.
    server.show(&by_itself);
    assert_eq!(here.outcome(&server, "host=db.test user=ada"), "TLSv1.3");
    insta::assert_snapshot!(here.outcome(&server, "host=other.test user=ada"), @"no TLS with postgres on ada@other.test:<port>: the server's certificate is for `db.test`, not for `other.test` -> connect by a name that it is for (with `hostaddr` for the address, if need be), or with `sslmode=verify-ca`, which does not look at names");

    let expired = Certificate::of("db.test").expired().signed_by_itself();
    here.file(".postgresql/root.crt", &expired.certificate);
    server.show(&expired);
    insta::assert_snapshot!(here.outcome(&server, "host=db.test user=ada"), @"no TLS with postgres on ada@db.test:<port>: the server's certificate has expired -> have the server's certificate renewed; check the clock of this machine");
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
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada sslcrl=list.pem"), @"no TLS with postgres on ada@bad.test:<port>: the server's certificate has been revoked -> another server may impersonate it; ask its administrator");
    // The usual place counts, too.
    here.file(".postgresql/root.crl", &authority.list_revoking("bad.test"));
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada"), @"no TLS with postgres on ada@bad.test:<port>: the server's certificate has been revoked -> another server may impersonate it; ask its administrator");
    here.file(".postgresql/root.crl", &Authority::new("theirs").list_revoking("bad.test"));
    insta::assert_snapshot!(here.outcome(&server, "host=bad.test user=ada"), @"no TLS with postgres on ada@bad.test:<port>: `sslcrl` has no list of the authority that signed the server's certificate -> add the lists of all authorities up to the root");
}

#[test]
fn certificate_is_rejected_when_expired() {
    let (ours, late) = (Authority::new("ours"), Authority::expired("late"));
    let here = Surroundings::new();
    here.file("list.pem", &ours.list_until(2025, "bad.test"));
    here.file("ours.pem", &ours.certificate());
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&ours));
    let said = |more: &str| here.outcome(&server, &format!("host=db.test user=ada {more}"));
    let full = "sslmode=verify-full sslrootcert=ours.pem";
    assert_eq!(said(full), "TLSv1.3");
    insta::assert_snapshot!(said(&format!("{full} sslcrl=list.pem")), @"no TLS with postgres on ada@db.test:<port>: the list in `sslcrl` has expired -> have it renewed");

    here.file("late.pem", &late.certificate());
    here.file("both.pem", &(late.certificate() + &ours.certificate()));
    assert_eq!(said("sslmode=verify-full sslrootcert=both.pem"), "TLSv1.3");
    insta::assert_snapshot!(said("sslmode=verify-full sslrootcert=late.pem"), @"no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by no authority in `~/late.pem` -> have the certificate of the authority that signed it put there, or name the file that has it with `sslrootcert`");
    server.show(&Certificate::of("db.test").signed_by(&late));
    insta::assert_snapshot!(said("sslmode=verify-full sslrootcert=late.pem"), @"no TLS with postgres on ada@db.test:<port>: the server's certificate is signed by an authority whose own one in `~/late.pem` has expired, or is not valid yet -> put the authority's new certificate there; check the clock of this machine");
    let said_by_both = said("sslmode=verify-ca sslrootcert=both.pem");
    assert!(said_by_both.contains("has expired, or is not valid yet"), "{said_by_both}");
    assert_eq!(said("sslrootcert=late.pem"), "clear");
}

#[test]
fn signatures_lead_up_to_what_signed_itself() {
    let ours = Authority::new("ours");
    let below = ours.below("below");
    let here = Surroundings::new();
    let certified = Certificate::of("db.test").signed_by(&below);
    here.file("below.pem", &below.certificate());
    here.file("both.pem", &(below.certificate() + &ours.certificate()));
    here.file("itself.pem", &certified.certificate);
    let server = Server::with_tls(&certified);
    let said = |file: &str| {
        here.outcome(
            &server,
            &format!("host=db.test user=ada sslmode=verify-full sslrootcert={file}"),
        )
    };
    assert_eq!(said("both.pem"), "TLSv1.3");
    insta::assert_snapshot!(said("below.pem"), @"cannot use `~/below.pem` as `sslrootcert`: no certificate in it has signed itself -> add the root authority's, up to which the signatures lead");
    insta::assert_snapshot!(said("itself.pem"), @"cannot use `~/itself.pem` as `sslrootcert`: no certificate in it has signed itself -> add the root authority's, up to which the signatures lead");
}

#[test]
fn the_variable_of_old_that_requires_tls() {
    let server = Server::new();
    let here = Surroundings::new().var("PGREQUIRESSL", "1");
    let said = here.outcome(&server, "user=ada");
    assert!(said.contains("the server does not speak TLS"), "{said}");
    assert_eq!(here.outcome(&server, "user=ada sslmode=prefer"), "clear");
    let here = here.var("PGREQUIRESSL", "0");
    assert_eq!(here.outcome(&server, "user=ada"), "clear");
}

#[test]
fn certificates_of_the_client() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&ours));
    server.trust(&ours.certificate());
    let here = Surroundings::new();
    let said = |more: &str| here.outcome(&server, &format!("user=certified {more}"));
    insta::assert_snapshot!(said(""), @"postgres on certified@127.0.0.1:<port> refused the connection: connection requires a valid client certificate -> check the user in the test; the server's `pg_hba.conf` says who may log in from where, with or without TLS");

    let own = Certificate::of_common_name("certified").signed_by(&ours);
    here.file("own.crt", &own.certificate);
    let key = here.file("own.key", &own.key);
    assert_eq!(said("sslcert=own.crt sslkey=own.key"), "TLSv1.3");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key sslcertmode=disable"), @"postgres on certified@127.0.0.1:<port> refused the connection: connection requires a valid client certificate -> check the user in the test; the server's `pg_hba.conf` says who may log in from where, with or without TLS");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key user=stranger"), @r#"postgres on stranger@127.0.0.1:<port> refused the connection: password authentication failed for user "stranger" -> check the user and the password in the test"#);
    insta::assert_snapshot!(said("sslcert=own.crt"), @"cannot use `~/.postgresql/postgresql.key` as `sslkey`: it is not there -> put it there, or name another with `sslkey`");
    insta::assert_snapshot!(said("sslcert=none.crt sslkey=own.key"), @"cannot use `~/none.crt` as `sslcert`: it is not there -> put it there, or name another with `sslcert`");
    insta::assert_snapshot!(said("sslcert=own.key sslkey=own.key"), @"cannot use `~/own.key` as `sslcert`: no certificate is in it -> it should begin with `-----BEGIN`");
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.crt"), @"cannot use `~/own.crt` as `sslkey`: it contains no private key -> it should have one, in PEM");

    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(said("sslcert=own.crt sslkey=own.key"), @"cannot use `~/own.key` as `sslkey`: it has group or world access (mode 0644) -> shut them out: `chmod 600 ~/own.key`");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();

    let wrong = Certificate::of_common_name("certified").signed_by(&theirs);
    here.file("wrong.crt", &wrong.certificate);
    here.file("wrong.key", &wrong.key);
    insta::assert_snapshot!(said("sslmode=require sslcert=wrong.crt sslkey=wrong.key"), @"no TLS with postgres on certified@127.0.0.1:<port>: the server does not know the authority that signed the certificate `~/wrong.crt` -> have it signed by an authority in the server's `ssl_ca_file`");
    insta::assert_snapshot!(said("sslmode=require sslcert=wrong.crt sslkey=own.key"), @"cannot use `~/wrong.crt` as `sslcert`: the key in `sslkey` is not its own -> name the two that belong together");
    let late = Certificate::of_common_name("certified").expired().signed_by(&ours);
    here.file("late.crt", &late.certificate);
    here.file("late.key", &late.key);
    insta::assert_snapshot!(said("sslmode=require sslcert=late.crt sslkey=late.key"), @"no TLS with postgres on certified@127.0.0.1:<port>: the server says that the certificate `~/late.crt` has expired -> have it renewed");

    here.file(".postgresql/postgresql.crt", &own.certificate);
    here.file(".postgresql/postgresql.key", &own.key);
    assert_eq!(said("sslmode=require"), "TLSv1.3");
    let armour = own.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    here.file(".postgresql/postgresql.key", &armour);
    insta::assert_snapshot!(said("sslmode=require"), @"cannot use `~/.postgresql/postgresql.key` as `sslkey`: it is under a passphrase -> take it off: `openssl pkey -in KEY -out PLAIN`, and shut others out of PLAIN");
    here.file(".postgresql/postgresql.crt", "nothing");
    insta::assert_snapshot!(said("sslmode=require"), @"cannot use `~/.postgresql/postgresql.crt` as `sslcert`: no certificate is in it -> it should begin with `-----BEGIN`");
    assert_eq!(here.outcome(&server, "user=ada sslmode=disable"), "clear");
}

#[test]
fn files_that_are_not_there() {
    let server = Server::new();
    let here = Surroundings::new();
    here.file("empty.pem", "");
    here.file("torn.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let said = |more: &str| here.outcome(&server, &format!("user=ada {more}"));
    insta::assert_snapshot!(said("sslmode=verify-full"), @"cannot use `~/.postgresql/root.crt` as `sslrootcert`: it is not there, and `sslmode=verify-full` needs it -> put the authority's certificate there, name another file with `sslrootcert`, or trust the system's with `sslrootcert=system`; `sslmode=require` encrypts without a look at who answers");
    // A file that is named has to be there, whatever the mode.
    insta::assert_snapshot!(said("sslrootcert=none.pem"), @"cannot use `~/none.pem` as `sslrootcert`: it is not there -> put it there, or name another with `sslrootcert`");
    insta::assert_snapshot!(said("sslrootcert=empty.pem"), @"cannot use `~/empty.pem` as `sslrootcert`: no certificate is in it -> it should begin with `-----BEGIN`");
    insta::assert_snapshot!(said("sslrootcert=torn.pem"), @"cannot use `~/torn.pem` as `sslrootcert`: it is not in PEM -> it should begin with `-----BEGIN`");
    insta::assert_snapshot!(said("sslcrl=none.pem sslrootcert=empty.pem"), @"cannot use `~/empty.pem` as `sslrootcert`: no certificate is in it -> it should begin with `-----BEGIN`");
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

/// Keys and signatures that the tests do not make themselves, and the recipe of PostgreSQL's
/// manual, which gives a certificate of version 1.
#[test]
fn certificates_of_openssl() {
    const RECIPES: &str = r#"
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -out ca.crt
        openssl req -x509 -newkey rsa:2048 -nodes -keyout itself.key -subj /CN=db.test -out itself.crt
        echo subjectAltName=DNS:db.test > names
        for name in old rsa pss; do
            openssl req -new -newkey rsa:2048 -nodes -keyout $name.key -subj /CN=db.test -out $name.csr
        done
        openssl req -new -newkey ed25519 -nodes -keyout ed25519.key -subj /CN=db.test -out ed25519.csr
        authority="-CA ca.crt -CAkey ca.key -CAcreateserial"
        openssl x509 -req -in old.csr $authority -out old.crt
        openssl x509 -req -in rsa.csr $authority -extfile names -sha512 -out rsa.crt
        openssl x509 -req -in ed25519.csr $authority -extfile names -out ed25519.crt
        openssl x509 -req -in pss.csr $authority -extfile names -sha384 \
            -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 -out pss.crt"#;
    let here = Surroundings::new();
    let folder = here.file("names", "").parent().unwrap().to_owned();
    let made = Command::new("sh").args(["-c", RECIPES]).current_dir(&folder).output().unwrap();
    if !made.status.success() {
        #[expect(clippy::print_stderr, reason = "whoever reads the tests should know")]
        {
            eprintln!("skipped: `openssl` is not installed, or knows less");
        }
        return;
    }
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let of = |name: &str| Certified {
        certificate: read(&format!("{name}.crt")),
        key: read(&format!("{name}.key")),
    };
    here.file(".postgresql/root.crt", &(read("ca.crt") + &read("itself.crt")));
    let server = Server::with_tls(&of("rsa"));
    let said = |more: &str| {
        here.outcome(&server, &format!("host=db.test user=ada sslmode=verify-full {more}"))
    };
    for name in ["rsa", "pss", "itself"] {
        server.show(&of(name));
        for version in ["TLSv1.2", "TLSv1.3"] {
            let binding = "channel_binding=require ssl_max_protocol_version";
            assert_eq!(said(&format!("{binding}={version}")), version, "{name}");
        }
    }
    // Without a digest to bind to, the login is not bound.
    server.show(&of("ed25519"));
    assert_eq!(said(""), "TLSv1.3");

    server.show(&of("old"));
    let of_old = said("");
    // From 3.4 on, openssl makes it one of version 3.
    if of_old != "TLSv1.3" {
        insta::assert_snapshot!(of_old, @"no TLS with postgres on ada@db.test:<port>: the server's certificate is of version 1 of X.509, which cannot be checked -> have it recreated with `subjectAltName`, which makes it one of version 3");
    }
    let elsewhere = Surroundings::new();
    let said = elsewhere.outcome(&server, "host=db.test user=ada sslmode=require");
    assert_eq!(said, "TLSv1.3");
}

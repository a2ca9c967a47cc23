//! Authentication: passwords of every kind, channel binding, files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::certificates::{Authority, Certificate};
use crate::server::{PASSWORD, Server, Surroundings, encryption};

#[test]
fn passwords_of_every_kind() {
    let server = Server::with_tls(&Certificate::of("db.test").signed_by(&Authority::new("ours")));
    let here = Surroundings::new();
    let said = |text: &str| here.outcome(&server, text);
    for user in ["ada", "md5", "plain"] {
        assert_eq!(said(&format!("user={user} sslmode=require")), "TLSv1.3", "{user}");
        assert_eq!(said(&format!("user={user} sslmode=disable")), "clear", "{user}");
    }
    insta::assert_snapshot!(said("user=ada password=wrong"), @r#"postgres on ada@127.0.0.1:<port> refused the connection: password authentication failed for user "ada" -> check the user and the password in the test"#);
    insta::assert_snapshot!(said("user=ada dbname=none"), @r#"none on ada@127.0.0.1:<port> refused the connection: database "none" does not exist -> create it with `migrate db create`"#);
    let none = Surroundings::new().without("PGPASSWORD");
    insta::assert_snapshot!(none.outcome(&server, "user=ada"), @"cannot log in to postgres on ada@127.0.0.1:<port>: the server requires a password, but none was supplied -> put it into `PGPASSWORD`, `~/.pgpass`, or the URL");

    assert_eq!(said("user=ada sslmode=require channel_binding=require"), "TLSv1.3");
    assert_eq!(said("user=ada channel_binding=disable"), "TLSv1.3");
    insta::assert_snapshot!(said("user=ada sslmode=disable channel_binding=require"), @"cannot log in to postgres on ada@127.0.0.1:<port>: `channel_binding=require` cannot be kept: the server does not bind the login to TLS -> it takes TLS and a password as `scram-sha-256` keeps it");
    insta::assert_snapshot!(said("user=md5 sslmode=require channel_binding=require"), @"cannot log in to postgres on md5@127.0.0.1:<port>: `channel_binding=require` cannot be kept: the server does not bind the login to TLS -> it takes TLS and a password as `scram-sha-256` keeps it");
}

#[test]
fn a_password_file() {
    let server = Server::new();
    let here = Surroundings::new().without("PGPASSWORD");
    let escaped = PASSWORD.replace('\\', r"\\").replace(':', r"\:");
    let file = here.file(".pgpass", &format!("# ours\n127.0.0.1:*:postgres:ada:{escaped}\n"));
    assert_eq!(here.outcome(&server, "user=ada"), "clear");
    insta::assert_snapshot!(here.outcome(&server, "user=md5"), @"cannot log in to postgres on md5@127.0.0.1:<port>: the server requires a password, but none was supplied -> put it into `PGPASSWORD`, `~/.pgpass`, or the URL");

    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(here.outcome(&server, "user=ada"), @"cannot log in to postgres on ada@127.0.0.1:<port>: the server requires a password, but none was supplied -> put it into `PGPASSWORD`, `~/.pgpass`, or the URL; `~/.pgpass` is ignored: it has group or world access; run `chmod 600 ~/.pgpass`");
    // Where the password is not needed, it is a warning.
    let text = format!("host=127.0.0.1 port={} user=postgres", server.port);
    let session = here.connect(&text).unwrap();
    insta::assert_snapshot!(here.stable(&server, session.warning().unwrap()), @"`~/.pgpass` is ignored: it has group or world access; run `chmod 600 ~/.pgpass`");
}

#[test]
fn a_service() {
    let server = Server::new();
    let here = Surroundings::new().without("PGPASSWORD").var("PGSERVICE", "shop");
    let service = format!(
        "[shop]\nhost=127.0.0.1\nport={}\nuser=ada\ndbname=postgres\npassword={PASSWORD}\n",
        server.port
    );
    here.file(".pg_service.conf", &service);
    let mut session = here.connect("sslmode=disable").unwrap();
    assert_eq!(encryption(&mut session), "clear");
    assert_eq!(session.user(), "ada");
}

#[test]
fn where_waiting_helps_that_is_said() {
    let server = Server::new();
    server.execute("ALTER ROLE plain CONNECTION LIMIT 0");
    let text = format!("host=127.0.0.1 port={} user=plain dbname=postgres", server.port);
    let error = Surroundings::new().connect(&text).err().unwrap();
    insta::assert_snapshot!(error.help(), @"close some connections, or raise the connection limit of the server (`max_connections`), the database or the role; `migrate db wait` waits for a free connection");
}

//! How to prove who one is: passwords of every kind, channel binding, files.

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
    insta::assert_snapshot!(said("user=ada password=wrong"), @"");
    insta::assert_snapshot!(said("user=ada dbname=none"), @"");
    let none = Surroundings::new().without("PGPASSWORD");
    insta::assert_snapshot!(none.outcome(&server, "user=ada"), @"");

    assert_eq!(said("user=ada sslmode=require channel_binding=require"), "TLSv1.3");
    assert_eq!(said("user=ada channel_binding=disable"), "TLSv1.3");
    insta::assert_snapshot!(said("user=ada sslmode=disable channel_binding=require"), @"");
    insta::assert_snapshot!(said("user=md5 sslmode=require channel_binding=require"), @"");
}

#[test]
fn a_password_file() {
    let server = Server::new();
    let here = Surroundings::new().without("PGPASSWORD");
    let escaped = PASSWORD.replace('\\', r"\\").replace(':', r"\:");
    let file = here.file(".pgpass", &format!("# ours\n127.0.0.1:*:postgres:ada:{escaped}\n"));
    assert_eq!(here.outcome(&server, "user=ada"), "clear");
    insta::assert_snapshot!(here.outcome(&server, "user=md5"), @"");

    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(here.outcome(&server, "user=ada"), @"");
    // Where the password is not needed, it is a warning.
    let text = format!("host=127.0.0.1 port={} user=postgres", server.port);
    let session = here.connect(&text).unwrap();
    insta::assert_snapshot!(here.stable(&server, session.warning().unwrap()), @"");
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

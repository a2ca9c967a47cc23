//! The manual, as the program prints it.

use migrate_tests::Cli;

#[test]
fn every_command_has_its_page() {
    let cli = Cli::new();
    let help = cli.run("--help").stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<_> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() >= 12, "{help}");
    insta::assert_snapshot!("help", help);
    for name in names {
        let said = cli.run(&format!("{name} --help"));
        assert_eq!(said.code, Some(0));
        insta::assert_snapshot!(format!("help_{name}"), said.stdout);
    }
}

#[test]
fn completions_for_the_shells() {
    let cli = Cli::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = cli.run(&format!("completions {shell}"));
        assert_eq!(said.code, Some(0));
        for word in ["single-transaction", "discard-rows", "uninstall"] {
            assert!(said.stdout.contains(word), "{shell}: {word}");
        }
        let json = cli.run(&format!("completions {shell} --json")).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["shell"], shell);
        assert_eq!(json["script"].as_str().unwrap().trim_end(), said.stdout.trim_end());
    }
}

//! How PostgreSQL is installed on this system, as a line to paste.

use std::fs;

/// The command that installs PostgreSQL on this system, where we know it.
pub(crate) fn install_line(major: Option<u32>) -> Option<String> {
    if cfg!(target_os = "macos") {
        return Some(format!("brew install postgresql@{}", major.unwrap_or(17)));
    }
    install_line_of(&fs::read_to_string("/etc/os-release").ok()?, major)
}

/// See [os-release(5)](https://www.freedesktop.org/software/systemd/man/os-release.html).
fn install_line_of(os_release: &str, major: Option<u32>) -> Option<String> {
    let value = |name: &str| {
        let line =
            os_release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    let ids = format!("{} {}", value("ID")?, value("ID_LIKE").unwrap_or_default());
    let number = major.map(|major| major.to_string()).unwrap_or_default();
    let dash = if major.is_some() { "-" } else { "" };
    ids.split_whitespace().find_map(|id| match id {
        "debian" | "ubuntu" => Some(format!("sudo apt-get install postgresql{dash}{number}")),
        "fedora" | "rhel" | "centos" => Some(format!("sudo dnf install postgresql{number}-server")),
        "arch" => Some("sudo pacman -S postgresql".to_owned()),
        "alpine" => Some(format!("apk add postgresql{}", major.unwrap_or(17))),
        "suse" | "opensuse" => Some(format!("sudo zypper install postgresql{number}-server")),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_lines_by_system() {
        let line = |text: &str, major| install_line_of(text, major).unwrap();
        let debian = "NAME=\"Debian\"\nID=debian\n";
        assert_eq!(line(debian, None), "sudo apt-get install postgresql");
        assert_eq!(line(debian, Some(16)), "sudo apt-get install postgresql-16");
        let mint = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
        assert_eq!(line(mint, None), "sudo apt-get install postgresql");
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        assert_eq!(line(rocky, None), "sudo dnf install postgresql-server");
        assert_eq!(line("ID=arch\n", Some(16)), "sudo pacman -S postgresql");
        assert_eq!(line("ID=alpine\n", Some(16)), "apk add postgresql16");
        assert_eq!(install_line_of("ID=plan9\n", None), None);
    }
}

//! Small disks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small file system in memory, unmounted with the value.
pub struct Mount(PathBuf);

impl Mount {
    /// Mounts it on a folder, which is made where there is none. `None` where mounting is not
    /// allowed.
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    #[must_use]
    pub fn new(folder: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let options = format!("size={size},mode=0700");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", folder.to_str()?]);
        mounted.then(|| Self(folder.to_owned()))
    }

    /// Lets it be written to, or not.
    ///
    /// # Panics
    ///
    /// If the system does not.
    pub fn make_read_only(&self, read_only: bool) {
        self.again(if read_only { "ro" } else { "rw" });
    }

    /// Gives it another size, such as `120m`.
    ///
    /// # Panics
    ///
    /// If the system does not.
    pub fn resize(&self, size: &str) {
        self.again(&format!("size={size}"));
    }

    fn again(&self, option: &str) {
        let path = self.0.display().to_string();
        assert!(run("mount", &["-o", &format!("remount,{option}"), &path]), "{option}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["-l", &self.0.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

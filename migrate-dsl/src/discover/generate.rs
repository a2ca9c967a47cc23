//! The module that a migrations crate includes.

use std::fmt::Write;
use std::path::Path;

use super::names::{Source, SourceFile};
use crate::digest::fnv1a_128;

/// The code of `OUT_DIR/migrations.rs`: a `mod` line for each Rust file, and the function `all`.
///
/// A `down` that a file does not have is found one scope further out, since the names of an inner
/// `use m::*` hide those of an outer one.
pub(super) fn module(folder: &Path, sources: &[Source], hash: &str) -> Result<String, Vec<String>> {
    let mut modules = String::new();
    let mut list = String::new();
    for source in sources {
        let Source { name, file, .. } = source;
        let path = folder.join(file.up());
        let text = super::read(&path)?;
        match file {
            SourceFile::Rust(file) => {
                // A private or misspelled `down` is never used, and then the build says so on the
                // author's own line.
                _ = writeln!(modules, "#[deny(dead_code)] #[path = {path:?}] mod m{name};");
                _ = writeln!(
                    list,
                    "        {{ use m{name}::*; Migration::rust({name:?}, {:?}, {:?}, {:?}, m{name}::up, down) }},",
                    format!("src/{file}"),
                    digest(&[&text]),
                    (line_of(&text, "up"), line_of(&text, "down")),
                );
            }
            SourceFile::Sql { up, down } => {
                let mut texts = vec![text.as_str()];
                let down_text =
                    down.as_ref().map(|down| super::read(&folder.join(down))).transpose()?;
                texts.extend(down_text.as_deref());
                let down = match down {
                    Some(down) => format!(
                        "Some(({:?}, include_str!({:?})))",
                        format!("src/{down}"),
                        folder.join(down)
                    ),
                    None => "None".to_owned(),
                };
                _ = writeln!(
                    list,
                    "        Migration::sql({name:?}, {:?}, {:?}, include_str!({path:?}), {down}),",
                    format!("src/{up}"),
                    digest(&texts),
                );
            }
        }
    }
    Ok(format!(
        "{modules}
mod defaults {{
    #[allow(dead_code)]
    pub fn down(pgm: &mut ::migrate_dsl::Pgm) {{ pgm.infer_down() }}
}}

/// All migrations of this crate, in order.
#[allow(unused_imports)]
pub fn all() -> ::migrate_dsl::Migrations {{
    use ::migrate_dsl::{{Migration, Migrations}};
    use defaults::*;
    let list = vec![
{list}    ];
    Migrations::new(env!(\"CARGO_MANIFEST_DIR\"), {hash:?}, list)
}}
"
    ))
}

/// The digest of a migration's source. Line endings and blanks at the end of a line are no
/// change.
fn digest(texts: &[&str]) -> String {
    let mut normal = String::new();
    for text in texts {
        for line in text.trim_end().lines() {
            normal.push_str(line.trim_end());
            normal.push('\n');
        }
        normal.push('\0');
    }
    format!("{:032x}", fnv1a_128(normal.as_bytes()))
}

/// The line of `fn <function>`, from 1; 1 where there is none.
fn line_of(text: &str, function: &str) -> u32 {
    let wanted = format!("fn {function}(");
    let at = text.lines().position(|line| line.contains(&wanted)).unwrap_or(0);
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_and_trailing_blanks_are_no_change() {
        assert_eq!(digest(&["a\r\n  b  \n\n"]), digest(&["a\n  b"]));
        assert_ne!(digest(&["a\nb"]), digest(&["a\n b"]));
        assert_ne!(digest(&["a", "b"]), digest(&["a\nb"]));
    }

    #[test]
    fn functions_are_found_by_line() {
        let text = "use x;\n\npub fn up(pgm: &mut Pgm) {}\nfn down(_: &mut Pgm) {}";
        assert_eq!((line_of(text, "up"), line_of(text, "down")), (3, 4));
    }
}

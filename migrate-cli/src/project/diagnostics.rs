//! The compiler's messages, as the author of a migration should see them: about the migrations,
//! not about the code that includes them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use migrate_core::discover::plain_file;
use serde::Deserialize;

use super::shown;

/// A message of rustc's.
#[derive(Deserialize)]
pub(super) struct CompilerMessage {
    pub(super) level: String,
    message: String,
    code: Option<Code>,
    #[serde(default)]
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Child>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Child {
    message: String,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    #[serde(default)]
    text: Vec<SpanText>,
}

#[derive(Deserialize)]
struct SpanText {
    text: String,
    highlight_start: usize,
    highlight_end: usize,
}

/// Translates messages into the terms and files of the author of the migrations.
pub(super) struct Explainer<'a> {
    folder: &'a Path,
    here: &'a Path,
}

impl<'a> Explainer<'a> {
    /// For the crate in `folder`, with paths shown relative to `here`.
    pub(super) fn new(folder: &'a Path, here: &'a Path) -> Self {
        Self { folder, here }
    }

    /// Whether the package is the crate of migrations.
    pub(super) fn is_ours(&self, package_id: &str) -> bool {
        let path = package_id.strip_prefix("path+file://").unwrap_or_default();
        let path = path.split('#').next().unwrap_or_default();
        Path::new(path) == self.folder
    }

    /// The message as it is to be shown, in colour.
    pub(super) fn explain(&self, message: &CompilerMessage) -> String {
        let explained =
            self.about_the_signature(message).or_else(|| self.about_what_is_unused(message));
        let text = explained.unwrap_or_else(|| {
            let rendered = message.rendered.as_ref().unwrap_or(&message.message);
            let prefix = |folder: &Path| folder.join("").display().to_string();
            let way = Path::new(&shown(self.folder, self.here)).join("");
            // Within the crate, what is below the working folder needs no way to it.
            let rendered = match self.here.strip_prefix(self.folder) {
                Ok(_) => rendered.replace(&prefix(self.here), ""),
                Err(_) => rendered.clone(),
            };
            rendered.replace(&prefix(self.folder), &way.display().to_string())
        });
        text.trim_end().to_owned()
    }

    /// An error in the generated code comes from an `up` or `down` that it cannot use.
    fn about_the_signature(&self, message: &CompilerMessage) -> Option<String> {
        let span = message.spans.iter().find(|span| span.is_primary)?;
        let text = span.text.first().filter(|_| span.is_generated())?;
        let (_, rest) = text.text.split_once("\"src/")?;
        let source = Source::read(self, &format!("src/{}", rest.split_once('"')?.0))?;
        let highlighted: String = text
            .text
            .chars()
            .take(text.highlight_end.saturating_sub(1))
            .skip(text.highlight_start.saturating_sub(1))
            .collect();
        let function = if highlighted.ends_with("down") { "down" } else { "up" };
        let code = message.code.as_ref().map_or("", |code| code.code.as_str());
        let Some(found) = find_function(&source.text, function) else {
            return Some(source.missing(function));
        };
        Some(match code {
            "E0603" => source.private(function, &found, &format!("`{function}` is private")),
            _ => source.mistyped(function, &found, message.found_item().as_deref()),
        })
    }

    /// The build denies unused code in migrations, so that a `down` that is never called is
    /// found.
    fn about_what_is_unused(&self, message: &CompilerMessage) -> Option<String> {
        let code = message.code.as_ref().map(|code| code.code.as_str());
        let denied_by_us =
            message.children.iter().any(|child| child.spans.iter().any(Span::is_generated));
        let span = message.spans.iter().find(|span| span.is_primary)?;
        if code != Some("dead_code") || !denied_by_us {
            return None;
        }
        let path = Path::new(&span.file_name).strip_prefix(self.folder).ok()?;
        let source = Source::read(self, path.to_str()?)?;
        let name = source.text.get(span.byte_start..span.byte_end)?;
        let found = find_function(&source.text, name);
        Some(match (name, found) {
            ("down", Some(found)) => {
                source.private(name, &found, "`down` is not `pub`, so it would be ignored")
            }
            (name, found) => source.unused(&message.message, name, span, found.is_some()),
        })
    }
}

impl Span {
    fn is_generated(&self) -> bool {
        Path::new(&self.file_name).ends_with("out/migrations.rs")
    }
}

impl CompilerMessage {
    /// The type of the function, where the message tells it: `fn(Pgm)`.
    fn found_item(&self) -> Option<String> {
        let mut notes = self.children.iter().map(|child| &child.message);
        let found = notes.find_map(|note| note.split_once("found fn item `"))?.1;
        let item = found.split_once(" {")?.0;
        Some(item.replace("for<'a> ", "").replace("&'a ", "&").replace("migrate_dsl::", ""))
    }
}

/// A migration's file.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn read(explainer: &Explainer<'_>, file: &str) -> Option<Self> {
        let path: PathBuf = explainer.folder.join(file);
        Some(Self {
            text: plain_file::read_to_string(&path).ok()?,
            path: shown(&path, explainer.here),
        })
    }

    fn missing(&self, function: &str) -> String {
        let title = Level::ERROR.primary_title(format!("the migration has no `{function}`"));
        let origin = Origin::path(self.path.as_str()).line(1).char_column(1);
        let help = format!("add `{}`", signature(function) + " { … }");
        render(&[title.element(origin).element(Level::HELP.message(help))])
    }

    fn private(&self, function: &str, found: &Function, title: &str) -> String {
        let label = "only a `pub` function is part of the migration";
        let mut groups = vec![self.pointing_at(found.name.clone(), title, label)];
        let help = format!("write `{}`", signature(function));
        groups.push(self.patched(help, found.start..found.start, "pub ".to_owned()));
        render(&groups)
    }

    fn mistyped(&self, function: &str, found: &Function, item: Option<&str>) -> String {
        let title = format!("`{function}` is not what a migration's `{function}` must be");
        let label = format!("expected `{}`", signature(function));
        let mut group = self.pointing_at(found.start..found.end, &title, &label);
        if let Some(item) = item {
            group = group.element(Level::NOTE.message(format!("it is a `{item}`")));
        }
        let is_public = self.text[..found.start].ends_with("pub ");
        let start = found.start - if is_public { "pub ".len() } else { 0 };
        let help = format!("write `{}`", signature(function));
        let patch = self.patched(help, start..found.end, signature(function));
        render(&[group, patch])
    }

    fn unused(&self, message: &str, name: &str, span: &Span, is_function: bool) -> String {
        let label = "a migration is its `up` and its `down`, and what these use";
        let group = self.pointing_at(span.byte_start..span.byte_end, message, label);
        let near = ["up", "down"].into_iter().find(|known| {
            is_function && strsim::damerau_levenshtein(known, &name.to_lowercase()) <= 2
        });
        let Some(near) = near.filter(|_| name.len() > 1) else {
            return render(&[group]);
        };
        let help = format!("did you mean `{near}`?");
        let patch = self.patched(help, span.byte_start..span.byte_end, near.to_owned());
        render(&[group, patch])
    }

    fn pointing_at<'a>(&'a self, span: Range<usize>, title: &'a str, label: &'a str) -> Group<'a> {
        let snippet = Snippet::source(self.text.as_str())
            .path(self.path.as_str())
            .annotation(AnnotationKind::Primary.span(span).label(label));
        Level::ERROR.primary_title(title).element(snippet)
    }

    fn patched(&self, help: String, span: Range<usize>, replacement: String) -> Group<'_> {
        let snippet = Snippet::source(self.text.as_str())
            .path(self.path.as_str())
            .patch(Patch::new(span, replacement));
        Level::HELP.secondary_title(help).element(snippet)
    }
}

fn signature(function: &str) -> String {
    format!("pub fn {function}(pgm: &mut Pgm)")
}

fn render(groups: &[Group<'_>]) -> String {
    Renderer::styled().render(groups)
}

/// Where a function stands in a text.
struct Function {
    /// Where `fn` is, or the `async`, `unsafe`, `const` in front of it; behind `pub`.
    start: usize,
    name: Range<usize>,
    /// Behind its parameters and what it returns.
    end: usize,
}

fn find_function(text: &str, name: &str) -> Option<Function> {
    let wanted = format!("fn {name}");
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let at = text.match_indices(&wanted).map(|(at, _)| at).find(|at| {
        let line = text[..*at].rfind('\n').map_or(0, |end| end + 1);
        let behind = &text[at + wanted.len()..];
        !text[..*at].ends_with(is_part)
            && !behind.starts_with(is_part)
            && !text[line..*at].trim_start().starts_with("//")
    })?;
    let mut start = at;
    for word in ["unsafe ", "async ", "const "] {
        if text[..start].ends_with(word) {
            start -= word.len();
        }
    }
    let body = text[at..].find('{').map_or(text.len(), |body| at + body);
    Some(Function {
        start,
        name: at + 3..at + wanted.len(),
        end: text[..body].trim_end().len().max(at + wanted.len()),
    })
}

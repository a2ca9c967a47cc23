//! `migrate-cli/JSON.md`, written from the types that `--json` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use syn::visit::Visit;
use syn::{
    Attribute, Expr, Fields, GenericArgument, Item, ItemEnum, ItemStruct, Lit, Meta, PathArguments,
    Type,
};

use crate::{sources, workspace};

const FILE: &str = "migrate-cli/JSON.md";

const HEAD: &str = "# What `--json` prints

This page is written from the types that are printed, and a test compares the two.

With `--json`, every command prints lines to stdout, each of them an object; whatever is meant for a person goes
to stderr all the same. A line has the version of this format as `format`, which is 1, and says by `event` what
it is: `summary` is what the command has done, `dry_run` what it would do, `error` why it has failed, and the
others are what happens meanwhile. Events and keys may be added without another version; what a script does not
know, it can ignore. The exit codes are those of [README](../README.md#commands).

`migrate plan` prints the plan itself, a file of a [format of its own](../migrate-dsl/src/plan/mod.rs). Where \"a plan\" is
mentioned here, its objects are meant.
";

/// Objects of a plan, which has a format of its own.
const OF_PLAN: [&str; 3] = ["Migration", "Step", "Place"];

#[test]
fn the_reference_of_json_is_what_its_types_say() {
    let path = workspace().join(FILE);
    let (expected, found) = (reference(), fs::read_to_string(&path).unwrap_or_default());
    if expected != found && std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert_eq!(expected, found, "INSTA_UPDATE=always writes {FILE}");
}

fn reference() -> String {
    let types = Types::read();
    let mut text = HEAD.to_owned();
    let mut mentioned = Vec::new();
    text += "\n## Commands\n";
    for (command, item) in types.commands() {
        let (name, doc) = (item.ident.to_string(), documentation(&item.attrs));
        let event = if name.ends_with("DryRun") { "dry_run" } else { "summary" };
        write!(text, "\n### `migrate {command}`: `{event}`\n\n{doc}\n").unwrap();
        text += &types.table(&item.fields, &mut mentioned);
    }
    text += "\n## Events\n";
    for name in ["Output", "Event"] {
        let Some(Item::Enum(events)) = types.items.get(name) else { panic!("no {name}") };
        for variant in &events.variants {
            let called =
                renamed(&variant.attrs).unwrap_or_else(|| snake(&variant.ident.to_string()));
            write!(text, "\n### `{called}`\n\n{}\n", documentation(&variant.attrs)).unwrap();
            text += &types.table(&variant.fields, &mut mentioned);
        }
    }
    text += "\n## Objects\n";
    let mut known: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = mentioned.pop() {
        if OF_PLAN.contains(&name.as_str()) || !known.insert(name.clone()) {
            continue;
        }
        // Those that they mention.
        types.object(&name, &mut mentioned);
    }
    for name in known {
        text += &types.object(&name, &mut Vec::new());
    }
    text
}

/// The types of the workspace, by their names.
struct Types {
    items: BTreeMap<String, Item>,
    /// What commands print, by command.
    printed: Vec<(String, ItemStruct)>,
    /// The words of types that are written by hand.
    words: BTreeMap<String, Vec<String>>,
}

impl Types {
    fn read() -> Self {
        let mut types =
            Self { items: BTreeMap::new(), printed: Vec::new(), words: BTreeMap::new() };
        for folder in ["migrate-dsl/src", "migrate-core/src", "migrate-cli/src"] {
            for (file, _) in sources(folder) {
                let parsed = syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap();
                let is_command = file.contains("migrate-cli/src/commands");
                // What else the program writes are files of its own.
                if file.contains("migrate-cli") && !is_command && !file.ends_with("src/json.rs") {
                    continue;
                }
                let command = Path::new(&file).file_stem().unwrap().to_string_lossy().into_owned();
                for item in parsed.items {
                    types.take(item, is_command.then_some(command.as_str()));
                }
            }
        }
        types.printed.sort_by(|(a, _), (b, _)| a.cmp(b));
        types
    }

    fn take(&mut self, item: Item, command: Option<&str>) {
        match item {
            Item::Impl(block) => {
                let Type::Path(path) = &*block.self_ty else { return };
                let name = path.path.segments.last().unwrap().ident.to_string();
                for item in &block.items {
                    if let syn::ImplItem::Fn(method) = item
                        && method.sig.ident == "as_str"
                    {
                        let mut words = Words::default();
                        words.visit_block(&method.block);
                        self.words.insert(name.clone(), words.0);
                    }
                }
            }
            Item::Struct(item) if is_serialized(&item.attrs) => {
                let name = item.ident.to_string();
                match command.filter(|_| name.ends_with("Summary") || name.ends_with("DryRun")) {
                    Some(command) => {
                        let front = name.trim_end_matches("Summary").trim_end_matches("DryRun");
                        let command = format!("{command} {}", snake(front));
                        self.printed.push((command.trim().to_owned(), item));
                    }
                    None => _ = self.items.insert(name, Item::Struct(item)),
                }
            }
            Item::Enum(item) if is_serialized(&item.attrs) => {
                _ = self.items.insert(item.ident.to_string(), Item::Enum(item));
            }
            _ => {}
        }
    }

    fn commands(&self) -> &[(String, ItemStruct)] {
        &self.printed
    }

    /// The fields, as a table.
    fn table(&self, fields: &Fields, mentioned: &mut Vec<String>) -> String {
        let mut rows = String::new();
        self.rows(fields, &mut rows, mentioned);
        match rows.is_empty() {
            true => String::new(),
            false => format!("\n| key | value | |\n|---|---|---|\n{rows}"),
        }
    }

    fn rows(&self, fields: &Fields, rows: &mut String, mentioned: &mut Vec<String>) {
        for field in fields {
            let attributes = serde(&field.attrs);
            if attributes.contains("skip)") || attributes.trim() == "skip" {
                continue;
            }
            let inner = innermost(&field.ty);
            let is_flat = attributes.contains("flatten") || field.ident.is_none();
            match self.items.get(&inner).filter(|_| is_flat) {
                Some(Item::Struct(item)) => self.rows(&item.fields, rows, mentioned),
                Some(Item::Enum(item)) => self.rows_of_enum(item, rows, mentioned),
                _ => {
                    let key = renamed(&field.attrs)
                        .unwrap_or_else(|| field.ident.as_ref().unwrap().to_string());
                    let mut value = match attributes.contains("milliseconds") {
                        true => "milliseconds".to_owned(),
                        false => self.value(&field.ty, mentioned),
                    };
                    if attributes.contains("milliseconds_if_known") {
                        value += " or null";
                    }
                    if attributes.contains("skip_serializing_if") {
                        value = format!("{}, or left out", value.trim_end_matches(" or null"));
                    }
                    let doc = documentation(&field.attrs).replace('\n', " ");
                    writeln!(rows, "| `{key}` | {value} | {doc} |").unwrap();
                }
            }
        }
    }

    /// The tag of an enum, and the fields of its variants.
    fn rows_of_enum(&self, item: &ItemEnum, rows: &mut String, mentioned: &mut Vec<String>) {
        let attributes = serde(&item.attrs);
        let tag = attributes.split("tag = \"").nth(1).and_then(|rest| rest.split('"').next());
        let tag = tag.expect("a flat enum has a tag");
        let values = self.variants(item, mentioned);
        writeln!(
            rows,
            "| `{tag}` | {values} | {} |",
            documentation(&item.attrs).replace('\n', " ")
        )
        .unwrap();
        for variant in &item.variants {
            self.rows(&variant.fields, rows, mentioned);
        }
    }

    fn variants(&self, item: &ItemEnum, mentioned: &mut Vec<String>) -> String {
        let tagged = serde(&item.attrs).contains("tag = ");
        let variants = item.variants.iter().map(|variant| {
            let name = renamed(&variant.attrs).unwrap_or_else(|| snake(&variant.ident.to_string()));
            match variant.fields.iter().next().filter(|_| !tagged) {
                Some(field) => {
                    format!("`{{\"{name}\": …}}` with {}", self.value(&field.ty, mentioned))
                }
                None => format!("`{name}`"),
            }
        });
        variants.collect::<Vec<_>>().join(", ")
    }

    /// Returns the JSON type of a type.
    fn value(&self, ty: &Type, mentioned: &mut Vec<String>) -> String {
        let (name, inner) = match ty {
            Type::Reference(reference) => return self.value(&reference.elem, mentioned),
            Type::Slice(slice) => return list(&self.value(&slice.elem, mentioned)),
            Type::Path(path) => {
                let segment = path.path.segments.last().unwrap();
                let inner = match &segment.arguments {
                    PathArguments::AngleBracketed(arguments) => {
                        arguments.args.iter().find_map(|argument| match argument {
                            GenericArgument::Type(ty) => Some(ty),
                            _ => None,
                        })
                    }
                    _ => None,
                };
                (segment.ident.to_string(), inner)
            }
            _ => panic!("a type that is not known: {ty:?}"),
        };
        match (name.as_str(), inner) {
            ("Option", Some(inner)) => format!("{} or null", self.value(inner, mentioned)),
            ("Vec", Some(inner)) => list(&self.value(inner, mentioned)),
            ("DateTime", _) => "text: a time by RFC 3339".to_owned(),
            ("String" | "str" | "PathBuf", _) => "text".to_owned(),
            ("bool", _) => "true or false".to_owned(),
            ("u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64", _) => "number".to_owned(),
            _ if OF_PLAN.contains(&name.as_str()) => {
                format!("object: {} of a plan", name.to_lowercase())
            }
            _ => match (self.items.get(&name), self.words.get(&name)) {
                (Some(Item::Enum(item)), _) => self.variants(item, mentioned),
                (Some(_), _) => {
                    mentioned.push(name.clone());
                    format!("[{0}](#{1})", spaced(&name), spaced(&name).replace(' ', "-"))
                }
                (None, Some(words)) => {
                    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
                }
                (None, None) => panic!("`{name}` is not known"),
            },
        }
    }

    fn object(&self, name: &str, mentioned: &mut Vec<String>) -> String {
        let Some(Item::Struct(item)) = self.items.get(name) else { panic!("no {name}") };
        let table = self.table(&item.fields, mentioned);
        format!("\n### {}\n\n{}\n{table}", spaced(name), documentation(&item.attrs))
    }
}

/// The words in a piece of code.
#[derive(Default)]
struct Words(Vec<String>);

impl Visit<'_> for Words {
    fn visit_lit_str(&mut self, literal: &syn::LitStr) {
        self.0.push(literal.value());
    }
}

fn list(of: &str) -> String {
    format!("list of {of}")
}

/// `lock holder` of `LockHolder`.
fn spaced(name: &str) -> String {
    snake(name).replace('_', " ")
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn innermost(ty: &Type) -> String {
    match ty {
        Type::Reference(reference) => innermost(&reference.elem),
        Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => String::new(),
    }
}

fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    // Links are those of rustdoc.
    without_links(text.split("\n\n").next().unwrap_or_default())
}

fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        let name = name.rsplit("::").next().unwrap();
        write!(plain, "{before}`{name}`").unwrap();
        rest = match after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain + rest
}

/// The words in `#[serde(..)]`, also within `cfg_attr`.
fn serde(attributes: &[Attribute]) -> String {
    let lists = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("serde") || list.path.is_ident("cfg_attr") => {
            Some(list.tokens.to_string())
        }
        _ => None,
    });
    lists.collect::<Vec<_>>().join(" ")
}

fn renamed(attributes: &[Attribute]) -> Option<String> {
    let attributes = serde(attributes);
    let rest = attributes.split("rename = \"").nth(1)?;
    Some(rest.split('"').next()?.to_owned())
}

fn is_serialized(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            let is_derive = list.path.is_ident("derive") || list.path.is_ident("cfg_attr");
            is_derive && list.tokens.to_string().contains("Serialize")
        }
        _ => false,
    })
}

//! What an application can name of the engine: all of it in one list, so that additions, and breaking
//! changes, are seen in a review.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{ImplItem, Item, ItemImpl, ItemUse, Type, UseTree, Visibility};

use crate::workspace;

/// The public names of a crate, by the paths that an application writes.
pub(crate) fn names(package: &str) -> BTreeSet<String> {
    let root = workspace().join(package).join("src/lib.rs");
    let mut surface = Surface::default();
    surface.read(&root, &Place { path: Vec::new(), is_public: true });
    surface.names()
}

/// A module: its path, and whether the modules on it are public.
#[derive(Clone)]
struct Place {
    path: Vec<String>,
    is_public: bool,
}

#[derive(Default)]
struct Surface {
    /// Names, by the path under which they can be written.
    exported: BTreeMap<String, String>,
    /// What belongs to a type, by its name.
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Surface {
    fn read(&mut self, file: &Path, place: &Place) {
        let parsed = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
        self.items(parsed.items, file, place);
    }

    fn items(&mut self, items: Vec<Item>, file: &Path, place: &Place) {
        for item in items {
            match item {
                Item::Mod(module) if !is_left_out(&module.attrs) => {
                    let is_public = place.is_public && is_public(&module.vis);
                    let name = module.ident.to_string();
                    let path = [place.path.clone(), vec![name.clone()]].concat();
                    let below = Place { path, is_public };
                    match module.content {
                        Some((_, items)) => self.items(items, file, &below),
                        None => self.read(&file_of(file, &name), &below),
                    }
                }
                Item::Use(import) if place.is_public && is_public(&import.vis) => {
                    self.import(&import, place);
                }
                Item::Impl(block) if block.trait_.is_none() => self.methods(block),
                Item::Struct(item) if is_public(&item.vis) => {
                    let fields = item.fields.iter().filter(|field| is_public(&field.vis));
                    let fields = fields.filter_map(|field| field.ident.as_ref());
                    self.declare(&item.ident, place, fields.map(ToString::to_string));
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let variants = item.variants.iter().map(|variant| variant.ident.to_string());
                    self.declare(&item.ident, place, variants);
                }
                Item::Trait(item) if is_public(&item.vis) => {
                    self.declare(&item.ident, place, []);
                }
                Item::Fn(item) if is_public(&item.vis) => self.declare(&item.sig.ident, place, []),
                Item::Const(item) if is_public(&item.vis) => self.declare(&item.ident, place, []),
                Item::Type(item) if is_public(&item.vis) => self.declare(&item.ident, place, []),
                _ => {}
            }
        }
    }

    fn declare(
        &mut self,
        name: &syn::Ident,
        place: &Place,
        members: impl IntoIterator<Item = String>,
    ) {
        let name = name.to_string();
        self.members.entry(name.clone()).or_default().extend(members);
        if place.is_public {
            let path = [place.path.clone(), vec![name.clone()]].concat().join("::");
            self.exported.insert(path, name);
        }
    }

    fn methods(&mut self, block: ItemImpl) {
        let Type::Path(of) = *block.self_ty else { return };
        let Some(of) = of.path.segments.last().map(|segment| segment.ident.to_string()) else {
            return;
        };
        let members = self.members.entry(of).or_default();
        for item in block.items {
            match item {
                ImplItem::Fn(method) if is_public(&method.vis) => {
                    members.insert(method.sig.ident.to_string());
                }
                ImplItem::Const(item) if is_public(&item.vis) => {
                    members.insert(item.ident.to_string());
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, import: &ItemUse, place: &Place) {
        let mut trees = vec![&import.tree];
        while let Some(tree) = trees.pop() {
            let (name, shown) = match tree {
                UseTree::Path(path) => {
                    trees.push(&path.tree);
                    continue;
                }
                UseTree::Group(group) => {
                    trees.extend(&group.items);
                    continue;
                }
                UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
                UseTree::Rename(name) => (name.ident.to_string(), name.rename.to_string()),
                UseTree::Glob(_) => panic!("list what is imported: {:?}", place.path),
            };
            let path = [place.path.clone(), vec![shown]].concat().join("::");
            self.exported.insert(path, name);
        }
    }

    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (path, name) in &self.exported {
            names.insert(path.clone());
            let members = self.members.get(name).into_iter().flatten();
            names.extend(members.map(|member| format!("{path}::{member}")));
        }
        names
    }
}

/// Modules for tests, and those that no application is meant to see.
fn is_left_out(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let of = |name: &str, word: &str| {
            attribute.path().is_ident(name)
                && attribute.parse_args::<syn::Ident>().is_ok_and(|it| it == word)
        };
        of("cfg", "test") || of("doc", "hidden")
    })
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Returns the file of the module of this name that is declared in a file.
fn file_of(file: &Path, name: &str) -> PathBuf {
    let folder = file.parent().unwrap();
    let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod") => folder.to_owned(),
        Some(stem) => folder.join(stem),
        None => panic!("{}", file.display()),
    };
    let own = folder.join(format!("{name}.rs"));
    if own.is_file() { own } else { folder.join(name).join("mod.rs") }
}

//! What the language can say, read from its sources: verbs, their options, and the values of
//! these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::visit::Visit;
use syn::{
    Attribute, FnArg, GenericParam, Generics, ImplItem, Item, ItemImpl, ReturnType, Signature,
    Type, TypeParamBound, Visibility, WherePredicate,
};

mod expand;

use expand::Macro;

/// The public methods of the language, by type.
#[derive(Default)]
pub struct Language {
    /// `CreateIndex` has `unique`, …
    pub types: BTreeMap<String, BTreeMap<String, Method>>,
    /// What a type lends the methods of: `IdentityColumn` those of `Column`.
    pub lends: BTreeMap<String, String>,
    /// Public functions that stand alone, with the type of what they give: `col`.
    pub functions: BTreeMap<String, String>,
    /// The variants of public enums without fields.
    pub enums: BTreeMap<String, Vec<String>>,
    /// The functions of types that make a value of theirs: `Object::table`.
    pub constructors: BTreeMap<String, Vec<String>>,
}

/// A public method.
#[derive(Clone, Debug)]
pub struct Method {
    /// The file that defines it, from the folder of the sources on.
    pub file: String,
    /// The type of what it gives, if it is one of the language.
    pub gives: Option<String>,
    /// It gives nothing at all.
    pub gives_nothing: bool,
    /// What the closures among its arguments get, by the argument's position.
    pub closures: BTreeMap<usize, String>,
    /// The types of its other arguments that are named as they are.
    pub takes: BTreeSet<String>,
}

/// The folder of the language's sources.
#[must_use]
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-dsl/src")
}

/// The Rust files below a folder, in the order of their paths.
///
/// # Panics
///
/// If the folder cannot be read.
#[must_use]
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            files.append(&mut rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Parses a Rust file.
///
/// # Panics
///
/// If it is none.
#[must_use]
pub fn parse(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).expect("a source can be read");
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Language {
    /// Reads the sources of the language.
    ///
    /// # Panics
    ///
    /// If they cannot be read.
    #[must_use]
    pub fn read() -> Self {
        let folder = sources();
        let files: Vec<_> = rust_files(&folder)
            .into_iter()
            .filter(|path| !path.ends_with("tests.rs"))
            .map(|path| {
                let name = path.strip_prefix(&folder).expect("the file is in the folder");
                (name.display().to_string(), parse(&path).items)
            })
            .collect();
        let mut reader = Reader { macros: Vec::new(), language: Self::default() };
        for (file, items) in &files {
            for item in items {
                if let Item::Macro(item) = item
                    && let Some(name) = &item.ident
                {
                    let rules = Macro::new(item.mac.tokens.clone());
                    reader.macros.push((name.to_string(), file.clone(), rules));
                }
            }
        }
        for (file, items) in &files {
            reader.items(file, items);
        }
        reader.language
    }

    /// The method of a type, its own or lent.
    #[must_use]
    pub fn method(&self, of: &str, name: &str) -> Option<(&str, &Method)> {
        let found = self
            .types
            .get_key_value(of)
            .and_then(|(of, methods)| methods.get(name).map(|method| (of.as_str(), method)));
        found.or_else(|| self.method(self.lends.get(of)?, name))
    }

    /// The verbs: methods of `Pgm` that stand with the operations.
    pub fn verbs(&self) -> impl Iterator<Item = (&str, &Method)> {
        let methods = self.types.get("Pgm").into_iter().flatten();
        let verbs = methods.filter(|(_, method)| method.file.starts_with("operations/"));
        verbs.map(|(name, method)| (name.as_str(), method))
    }

    /// The types through which a method, and what it gives or hands to closures, lets more be said.
    #[must_use]
    pub fn builders_of(&self, method: &Method) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next: Vec<String> = self.leads_to(method).cloned().collect();
        while let Some(of) = next.pop() {
            // A verb inside a verb is not its option.
            if of == "Pgm" || !found.insert(of.clone()) {
                continue;
            }
            next.extend(self.lends.get(&of).cloned());
            let methods = self.types.get(&of).into_iter().flatten();
            next.extend(methods.flat_map(|(_, method)| self.leads_to(method)).cloned());
        }
        found
    }

    /// The builders that a method hands on; the name of a column is none.
    fn leads_to<'a>(&'a self, method: &'a Method) -> impl Iterator<Item = &'a String> {
        let given = method.gives.iter().filter(|given| self.is_builder(given));
        given.chain(method.closures.values())
    }

    /// Whether calls can be chained: one of its methods returns a builder again.
    #[must_use]
    pub fn is_builder(&self, of: &str) -> bool {
        let methods = self.types.get(of).into_iter().flatten();
        let lent = self.lends.contains_key(of);
        lent || methods.into_iter().any(|(_, method)| method.gives.as_deref() == Some(of))
    }

    /// The options of a type: the methods that set something. Those that only query are excluded.
    pub fn options(&self, of: &str) -> impl Iterator<Item = (&str, &Method)> {
        let methods = self.types.get(of).into_iter().flatten();
        let options = methods
            .filter(|(_, method)| self.leads_to(method).next().is_some() || method.gives_nothing);
        options.map(|(name, method)| (name.as_str(), method))
    }
}

struct Reader {
    /// Name, file, rules.
    macros: Vec<(String, String, Macro)>,
    language: Language,
}

impl Reader {
    fn items(&mut self, file: &str, items: &[Item]) {
        for item in items {
            match item {
                Item::Impl(item) if !is_test(&item.attrs) => self.implementation(file, item),
                Item::Fn(item) if is_public(&item.vis) => {
                    if let Some(gives) = given(&item.sig, "") {
                        self.language.functions.insert(item.sig.ident.to_string(), gives);
                    }
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    let variants = item.variants.iter();
                    if variants.clone().all(|variant| variant.fields.is_empty()) {
                        let names = variants.map(|variant| variant.ident.to_string());
                        self.language.enums.insert(item.ident.to_string(), names.collect());
                    }
                }
                Item::Mod(item) if !is_test(&item.attrs) => {
                    let inside = item.content.iter().flat_map(|(_, items)| items.clone());
                    self.items(file, &inside.collect::<Vec<_>>());
                }
                Item::Macro(item) if item.ident.is_none() => {
                    let name = item.mac.path.segments.last().map(|last| last.ident.to_string());
                    let expanded = self.expanded(file, &name.unwrap_or_default(), &item.mac.tokens);
                    if let Some(inside) = expanded {
                        self.items(file, &inside);
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the expansion of a macro of the language. Of several with the name, the nearest one
    /// is used.
    fn expanded(
        &self,
        file: &str,
        name: &str,
        input: &proc_macro2::TokenStream,
    ) -> Option<Vec<Item>> {
        let common =
            |other: &str| file.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let named = self.macros.iter().filter(|(other, ..)| other == name);
        let (_, defined, rules) =
            named.max_by_key(|(_, other, _)| (other == file, common(other)))?;
        let text = rules.expand(input).unwrap_or_else(|| {
            panic!("`{name}!` in `{file}`: none of its rules in `{defined}` fits")
        });
        let parsed = syn::parse2::<syn::File>(text);
        Some(parsed.unwrap_or_else(|error| panic!("`{name}!` in `{file}`: {error}")).items)
    }

    fn implementation(&mut self, file: &str, item: &ItemImpl) {
        let Some(of) = type_name(&item.self_ty, "") else { return };
        if let Some((_, path, _)) = &item.trait_ {
            let lends = path.segments.last().is_some_and(|last| last.ident == "Deref");
            for inside in &item.items {
                if let (true, ImplItem::Type(target)) = (lends, inside)
                    && let Some(target) = type_name(&target.ty, &of)
                {
                    self.language.lends.insert(of.clone(), target);
                }
            }
            return;
        }
        for inside in &item.items {
            let ImplItem::Fn(function) = inside else { continue };
            if !is_public(&function.vis) || is_test(&function.attrs) || is_hidden(&function.attrs) {
                continue;
            }
            let name = function.sig.ident.to_string();
            if function.sig.receiver().is_none() {
                if given(&function.sig, &of).as_ref() == Some(&of) {
                    self.language.constructors.entry(of.clone()).or_default().push(name);
                }
                continue;
            }
            let method = method(file, &function.sig, &of);
            self.language.types.entry(of.clone()).or_default().insert(name, method);
        }
    }
}

fn method(file: &str, signature: &Signature, of: &str) -> Method {
    let arguments = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed.ty.as_ref()),
        FnArg::Receiver(_) => None,
    });
    let mut closures = BTreeMap::new();
    let mut takes = BTreeSet::new();
    for (position, argument) in arguments.enumerate() {
        if let Some(gets) = closure(argument, &signature.generics, of) {
            closures.insert(position, gets);
        } else if let Type::Path(_) = argument {
            takes.extend(type_name(argument, of));
        }
    }
    Method {
        file: file.to_owned(),
        gives: given(signature, of),
        gives_nothing: matches!(signature.output, ReturnType::Default),
        closures,
        takes,
    }
}

/// The type of what a function gives, behind any reference.
fn given(signature: &Signature, of: &str) -> Option<String> {
    match &signature.output {
        ReturnType::Type(_, given) => type_name(given, of),
        ReturnType::Default => None,
    }
}

/// `Table` of `&mut crate::Table`; without what is in angle brackets.
fn type_name(given: &Type, of: &str) -> Option<String> {
    match given {
        Type::Reference(reference) => type_name(&reference.elem, of),
        Type::Paren(inside) => type_name(&inside.elem, of),
        Type::Group(inside) => type_name(&inside.elem, of),
        Type::Path(path) => {
            let last = path.path.segments.last()?.ident.to_string();
            Some(if last == "Self" { of.to_owned() } else { last })
        }
        _ => None,
    }
}

/// `Table` of `impl FnOnce(&mut Table) -> R`, or of `F` with such a bound.
fn closure(argument: &Type, generics: &Generics, of: &str) -> Option<String> {
    let among = |bounds: &syn::punctuated::Punctuated<TypeParamBound, syn::Token![+]>| {
        bounds.iter().find_map(|bound| {
            let TypeParamBound::Trait(bound) = bound else { return None };
            let last = bound.path.segments.last()?;
            let syn::PathArguments::Parenthesized(inputs) = &last.arguments else { return None };
            type_name(inputs.inputs.first()?, of)
        })
    };
    match argument {
        Type::ImplTrait(bounds) => among(&bounds.bounds),
        Type::Path(path) => {
            let name = path.path.get_ident()?;
            let of_parameter = generics.params.iter().find_map(|parameter| match parameter {
                GenericParam::Type(parameter) if parameter.ident == *name => {
                    among(&parameter.bounds)
                }
                _ => None,
            });
            let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
            let mut clauses = clauses.filter_map(|clause| match clause {
                WherePredicate::Type(clause) if clause.bounded_ty == *argument => Some(clause),
                _ => None,
            });
            of_parameter.or_else(|| clauses.find_map(|clause| among(&clause.bounds)))
        }
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    let text = |attribute: &Attribute| attribute.to_token_stream().to_string();
    attributes.iter().any(|attribute| text(attribute).replace(' ', "") == "#[cfg(test)]")
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    let text = |attribute: &Attribute| attribute.to_token_stream().to_string();
    attributes.iter().any(|attribute| text(attribute).replace(' ', "") == "#[doc(hidden)]")
}

/// Which methods of the language a source calls, and which paths it names.
pub struct Calls<'a> {
    language: &'a Language,
    /// The types of the names in sight, the nearest last.
    names: Vec<(String, Option<String>)>,
    /// Type and method.
    pub methods: BTreeSet<(String, String)>,
    /// `Always`, `LikeOption::All`.
    pub paths: BTreeSet<String>,
}

impl<'a> Calls<'a> {
    /// Nothing called so far.
    #[must_use]
    pub fn new(language: &'a Language) -> Self {
        Self { language, names: Vec::new(), methods: BTreeSet::new(), paths: BTreeSet::new() }
    }

    /// The type of an expression; what it calls is noted on the way.
    fn type_of(&mut self, expression: &syn::Expr) -> Option<String> {
        match expression {
            syn::Expr::Path(path) => {
                self.visit_expr_path(path);
                let name = path.path.get_ident()?.to_string();
                self.names.iter().rev().find(|(known, _)| *known == name)?.1.clone()
            }
            syn::Expr::Paren(inside) => self.type_of(&inside.expr),
            syn::Expr::Reference(inside) => self.type_of(&inside.expr),
            syn::Expr::Call(call) => {
                self.visit_expr_call(call);
                let syn::Expr::Path(path) = call.func.as_ref() else { return None };
                let segments = &path.path.segments;
                let last = segments.last()?.ident.to_string();
                match segments.len() {
                    1 => self.language.functions.get(&last).cloned(),
                    more => {
                        let of = segments[more - 2].ident.to_string();
                        let made = self.language.constructors.get(&of)?.contains(&last);
                        made.then_some(of)
                    }
                }
            }
            syn::Expr::MethodCall(call) => self.call(call),
            other => {
                syn::visit::visit_expr(self, other);
                None
            }
        }
    }

    fn call(&mut self, call: &syn::ExprMethodCall) -> Option<String> {
        let receiver = self.type_of(&call.receiver);
        let name = call.method.to_string();
        let found = receiver.and_then(|of| {
            let (of, method) = self.language.method(&of, &name)?;
            Some((of.to_owned(), method.clone()))
        });
        for (position, argument) in call.args.iter().enumerate() {
            let gets = found.as_ref().and_then(|(_, method)| method.closures.get(&position));
            match (argument, gets) {
                (syn::Expr::Closure(closure), gets) => self.closure(closure, gets.cloned()),
                (argument, _) => _ = self.type_of(argument),
            }
        }
        let (of, method) = found?;
        self.methods.insert((of, name));
        method.gives
    }

    fn closure(&mut self, closure: &syn::ExprClosure, gets: Option<String>) {
        let names = self.names.len();
        for input in &closure.inputs {
            self.names.extend(name_of(input).map(|name| (name, gets.clone())));
        }
        _ = self.type_of(&closure.body);
        self.names.truncate(names);
    }
}

fn name_of(pattern: &syn::Pat) -> Option<String> {
    match pattern {
        syn::Pat::Ident(name) => Some(name.ident.to_string()),
        syn::Pat::Type(typed) => name_of(&typed.pat),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Calls<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        _ = self.call(call);
    }

    /// A closure outside of the language's own gets the builder of a migration.
    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.closure(closure, Some("Pgm".to_owned()));
    }

    /// `vec![case(..), case(..)]`.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let list = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        for expression in called.parse_body_with(list).into_iter().flatten() {
            _ = self.type_of(&expression);
        }
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        for input in &signature.inputs {
            if let FnArg::Typed(typed) = input {
                let of = type_name(&typed.ty, "");
                self.names.extend(name_of(&typed.pat).map(|name| (name, of)));
            }
        }
        syn::visit::visit_signature(self, signature);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let of = local.init.as_ref().and_then(|init| self.type_of(&init.expr));
        self.names.extend(name_of(&local.pat).map(|name| (name, of)));
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let names: Vec<_> = path.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let last = names.len().saturating_sub(2);
        self.paths.insert(names[last..].join("::"));
    }
}

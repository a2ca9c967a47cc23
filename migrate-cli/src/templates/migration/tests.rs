use super::*;

fn columns(specs: &[&str]) -> Vec<ColumnSpec> {
    specs.iter().map(|spec| spec.parse().unwrap()).collect()
}

/// A name and columns, for each thing that a name can ask for.
pub(crate) const NAMES: &[(&str, &[&str])] = &[
    ("create_posts", &[]),
    ("create_posts_table", &["title:varchar(120)!", "user:references!", "tags:text[]"]),
    ("create_tokens", &["id:uuid", "name"]),
    ("create_events", &["created_at:timestamptz"]),
    (
        "create_samples",
        &["a:varchar", "b:numeric", "c:bit:3", "d:mood[]", "e:app.mood", "f:time(3)", "g:box!"],
    ),
    ("add_title_and_body_to_posts", &[]),
    ("add_location_to_posts", &["location:point"]),
    ("add_lat_and_lng_posts", &["lat:float", "lng:float"]),
    ("add_something", &[]),
    ("remove_lat_from_posts", &[]),
    ("drop_lat_and_lng_from_posts", &[]),
    ("drop_posts", &[]),
    ("drop_table_posts", &[]),
    ("rename_contents_to_body_in_comments", &[]),
    ("rename_posts_to_articles", &[]),
    ("create_index_on_posts", &["title", "likes"]),
    ("create_index_on_posts_title", &[]),
    ("index_title_and_likes_on_posts", &[]),
    ("add_index_title_to_posts", &[]),
    ("drop_index_posts_title_idx", &[]),
    ("tidy_up", &[]),
];

#[test]
fn names_tell_what_to_do() {
    let bodies = NAMES.iter().map(|(name, specs)| {
        let columns = columns(specs);
        let text = rust(&Shape::of(name, &columns), &columns);
        let (_, body) = text.split_once("Pgm) {\n").unwrap();
        format!("{name} {}\n{}\n", specs.join(" "), body.trim_end_matches("}\n"))
    });
    insta::assert_snapshot!(bodies.collect::<String>(), @r#"
    create_posts 
        pgm.create_table("posts", |t| {
            t.id();
            t.timestamps();
        });

    create_posts_table title:varchar(120)! user:references! tags:text[]
        pgm.create_table("posts", |t| {
            t.id();
            t.varchar("title", 120).not_null();
            t.bigint("user_id").references("users", "id").not_null();
            t.text("tags").array();
            t.timestamps();
        });

    create_tokens id:uuid name
        pgm.create_table("tokens", |t| {
            t.uuid("id").primary_key();
            t.text("name");
            t.timestamps();
        });

    create_events created_at:timestamptz
        pgm.create_table("events", |t| {
            t.id();
            t.timestamptz("created_at");
        });

    create_samples a:varchar b:numeric c:bit:3 d:mood[] e:app.mood f:time(3) g:box!
        pgm.create_table("samples", |t| {
            t.id();
            t.varchar("a", None);
            t.numeric("b", None);
            t.bit("c", 3);
            t.column("d", "mood").array();
            t.column("e", ("app", "mood"));
            t.column("f", expr("time(3)"));
            t.box_("g").not_null();
            t.timestamps();
        });

    add_title_and_body_to_posts 
        // The name does not tell the type: `text` is a guess.
        pgm.add_column("posts", |t| {
            t.text("title");
            t.text("body");
        });

    add_location_to_posts location:point
        pgm.add_column("posts", |t| {
            t.point("location");
        });

    add_lat_and_lng_posts lat:float lng:float
        pgm.add_column("posts", |t| {
            t.double_precision("lat");
            t.double_precision("lng");
        });

    add_something 
        // What is to be done: `pgm.create_table(..)`, `pgm.add_column(..)`, `pgm.sql(..)`, …

    remove_lat_from_posts 
        pgm.drop_column("posts", "lat");

    drop_lat_and_lng_from_posts 
        pgm.drop_column("posts", ["lat", "lng"]);

    drop_posts 
        pgm.drop_table("posts");

    drop_table_posts 
        pgm.drop_table("posts");

    rename_contents_to_body_in_comments 
        pgm.rename_column("comments", "contents", "body");

    rename_posts_to_articles 
        pgm.rename_table("posts", "articles");

    create_index_on_posts title likes
        pgm.create_index("posts", ["title", "likes"]);

    create_index_on_posts_title 
        pgm.create_index("posts", "title");

    index_title_and_likes_on_posts 
        pgm.create_index("posts", ["title", "likes"]);

    add_index_title_to_posts 
        pgm.create_index("posts", "title");

    drop_index_posts_title_idx 
        pgm.drop_index("posts_title_idx");

    tidy_up 
        // What is to be done: `pgm.create_table(..)`, `pgm.add_column(..)`, `pgm.sql(..)`, …
    "#);
}

/// Migrations of all shapes, in a crate: the verbs that the language has compile.
#[test]
fn what_is_written_compiles_and_is_formatted() {
    let checkout = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrate-dsl/src");
    let mut language = String::new();
    read_all(&checkout, &mut language);
    let mut migrations = Vec::new();
    for (second, (name, specs)) in NAMES.iter().enumerate() {
        let columns = columns(specs);
        let text = rust(&Shape::of(name, &columns), &columns);
        let (_, call) = text.split_once(" pgm.").unwrap_or(("", "sql("));
        let (verb, _) = call.split_once('(').unwrap();
        let has_verb = language.contains(&format!("pub fn {verb}"));
        if has_verb {
            migrations.push((format!("202501010000{second:02}_{name}.rs"), text));
        }
    }
    let all_types = crate::templates::types::PLAIN.iter();
    let all_types: Vec<_> =
        all_types.map(|name| format!("{name}:{name}").parse().unwrap()).collect();
    let table = Shape::CreateTable("every_type".to_owned());
    let file = "20250102000000_create_every_type.rs".to_owned();
    migrations.push((file, rust(&table, &all_types)));
    assert!(migrations.len() >= 12);
    let files: Vec<_> =
        migrations.iter().map(|(file, text)| (file.as_str(), text.clone())).collect();
    let project = crate::project::tests::sandbox::Sandbox::new("templates", &files);
    let plan = project.plan().plan();
    for migration in &plan.migrations {
        assert_eq!(migration.problems, [], "{}", migration.name);
        assert!(migration.up.iter().all(|step| step.hints.is_empty()));
    }
    let folder = project.folder.join("migrations");
    let paths = crate::project::rustfmt::rust_files(&folder).unwrap();
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let unformatted =
        crate::project::rustfmt::unformatted(&folder, &paths, &project.environment).unwrap();
    assert_eq!(unformatted, Vec::<std::path::PathBuf>::new());
}

fn read_all(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

//! From valid input to malformed input.

use serde_json::{Value, json};

/// Numbers that look random, and are the same for the same seed
/// ([SplitMix64](https://prng.di.unimi.it/splitmix64.c)).
pub(crate) struct Random(u64);

impl Random {
    /// Returns the seed by which runs differ.
    pub(crate) fn seed() -> u64 {
        let seed = std::env::var("MIGRATE_TEST_SEED").ok();
        seed.and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121)
    }

    /// The numbers of one class of inputs.
    pub(crate) fn of(class: &str) -> Self {
        let class = class.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        Self(Self::seed() ^ class)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One that is less than `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Text that is seldom expected.
pub(crate) fn nasty_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\n",
        "\t",
        "\0",
        "a\0b",
        "'",
        "\"",
        "\\",
        "`",
        "$$",
        ";",
        "--",
        "/*",
        "*/",
        "%",
        "%s",
        "%00",
        "%zz",
        "{}",
        "[]",
        "null",
        "true",
        "-1",
        "0",
        "1e999",
        "NaN",
        "9223372036854775808",
        "18446744073709551616",
        "4294967296",
        "2147483648",
        "-2147483649",
        "0x10",
        "..",
        "../..",
        "/",
        "~",
        "-",
        "--",
        "=",
        "=x",
        "\u{feff}",
        "\u{202e}abc",
        "Łódź",
        "日本語",
        "e\u{301}",
        "🦀",
        "\u{10ffff}",
        "\u{7f}\u{1b}[31m",
        "a/b",
        "C:\\x",
        "public",
        "DROP TABLE posts; --",
        "' OR 1=1 --",
        "$(id)",
        "`id`",
        "@",
        ":",
        "//",
        "postgres://",
        "pg_catalog",
    ]
    .map(str::to_owned)
    .into();
    texts.extend(["x", "é", "(", "\"", "[", "/*"].map(|piece| piece.repeat(5_000)));
    texts
}

/// A value of JSON that is seldom expected.
pub(crate) fn nasty_value(random: &mut Random) -> Value {
    let deep = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    match random.below(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(4_294_967_296_u64),
        6 => json!(0.5),
        7 => json!([]),
        8 => json!({}),
        9 => deep(120),
        10 => json!({"kind": "none", "reason": 1, "sql": {}, "name": []}),
        _ => json!(random.pick(&nasty_texts())),
    }
}

/// Returns bytes with one to three places changed.
pub(crate) fn bytes(valid: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        let to = (at + 1 + random.below(40)).min(bytes.len());
        match random.below(9) {
            0 => bytes.truncate(at),
            1 => _ = bytes.get_mut(at).map(|byte| *byte ^= 1 << random.below(8)),
            2 => _ = bytes.get_mut(at).map(|byte| *byte = random.below(256) as u8),
            3 => _ = bytes.drain(at.min(to)..to),
            4 => {
                let piece = bytes[at.min(to)..to].to_vec();
                let often = [1, 2, 50][random.below(3)];
                bytes.splice(at..at, piece.repeat(often));
            }
            5 => _ = bytes.splice(at..at, random.pick(&nasty_texts()).bytes()),
            6 => _ = bytes.splice(at..at, [0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
            7 => {
                let other = random.below(bytes.len());
                if at < bytes.len() && other < bytes.len() {
                    bytes.swap(at, other);
                }
            }
            _ => _ = bytes.splice(at..at, b"[".repeat(10_000)),
        }
    }
    bytes
}

/// Returns text with one to three places changed.
pub(crate) fn text(valid: &str, random: &mut Random) -> String {
    String::from_utf8_lossy(&bytes(valid.as_bytes(), random)).into_owned()
}

/// JSON of which one to three parts are not what they should be.
pub(crate) fn value(valid: &Value, random: &mut Random) -> Value {
    let mut value = valid.clone();
    for _ in 0..=random.below(3) {
        change_somewhere(&mut value, random);
    }
    value
}

/// JSON of which one or two texts or numbers are others, but of the same type.
pub(crate) fn leaves(valid: &Value, random: &mut Random) -> Value {
    let mut value = valid.clone();
    for _ in 0..=random.below(2) {
        change_leaf(&mut value, random);
    }
    value
}

fn change_leaf(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(list) if !list.is_empty() => {
            let at = random.below(list.len());
            change_leaf(&mut list[at], random);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let names: Vec<_> = fields.keys().cloned().collect();
            change_leaf(&mut fields[random.pick(&names)], random);
        }
        Value::String(said) if random.below(3) == 0 => *said = random.pick(&nasty_texts()).clone(),
        Value::String(said) => *said = text(said, random),
        Value::Number(_) => *value = json!(*random.pick(&[0, 1, 2, 17, 4_294_967_295_u32])),
        Value::Bool(said) => *said = !*said,
        _ => {}
    }
}

fn change_somewhere(value: &mut Value, random: &mut Random) {
    let goes_on = random.below(8) > 0;
    match value {
        Value::Array(list) if goes_on && !list.is_empty() => {
            let at = random.below(list.len());
            match random.below(12) {
                0 => _ = list.remove(at),
                1 => {
                    let twin = list[at].clone();
                    list.insert(at, twin);
                }
                2 => list.reverse(),
                _ => change_somewhere(&mut list[at], random),
            }
        }
        Value::Object(fields) if goes_on && !fields.is_empty() => {
            let names: Vec<_> = fields.keys().cloned().collect();
            let name = random.pick(&names);
            match random.below(12) {
                0 => _ = fields.remove(name),
                1 => {
                    let taken = fields.remove(name).unwrap_or_default();
                    fields.insert(random.pick(&nasty_texts()).clone(), taken);
                }
                _ => change_somewhere(&mut fields[name], random),
            }
        }
        Value::String(said) if goes_on => *said = text(said, random),
        Value::Number(number) if goes_on => {
            let edges = [0, 1, 2, 17, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, 1 << 32, u64::MAX];
            let near = number.as_u64().unwrap_or_default().wrapping_add(1);
            *value = json!(*random.pick(&[&edges[..], &[near]].concat()));
        }
        other => *other = nasty_value(random),
    }
}

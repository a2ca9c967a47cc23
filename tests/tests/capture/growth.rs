//! The cost of a capture is proportional to the objects that the step concerns.
//!
//! The same capture is made at two sizes, one four times the other: quadratic work then costs sixteen
//! times as much. What is measured is the time that both processes were running, not the elapsed
//! time, the least of several attempts; and the peak memory of the client.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;

use migrate_core::capture::State;
use migrate_tests::growth::{self, Growing};
use migrate_tests::{TestDatabase, tell};

/// Counts what each thread has.
struct Counting;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: everything is done by `System`; a thread that ends is no longer counted.
#[expect(unsafe_code, reason = "an allocator that counts is one")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        _ = NOW.try_with(|now| {
            now.set(now.get().wrapping_add(layout.size()));
            _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
        });
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        _ = NOW.try_with(|now| now.set(now.get().saturating_sub(layout.size())));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a capture has cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// The time that the client and the server were running, in milliseconds.
    time: f64,
    /// The most memory that the client had, in kilobytes.
    memory: f64,
}

impl Cost {
    /// Returns the ratio of the two.
    fn over(self, other: Self) -> Self {
        Self { time: self.time / other.time, memory: self.memory / other.memory }
    }

    fn least(self, other: Self) -> Self {
        Self { time: self.time.min(other.time), memory: self.memory.min(other.memory) }
    }
}

/// What the server takes the catalog for when it plans the queries of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statistics {
    /// What it was before the schema was made.
    OfBefore,
    /// What it is.
    OfNow,
}

/// The cost of capturing the step of a case.
fn cost(case: &Growing, size: usize, statistics: Statistics) -> Cost {
    let database = TestDatabase::new();
    (case.schema)(size).iter().for_each(|sql| database.execute(sql));
    if statistics == Statistics::OfNow {
        database.execute("ANALYZE");
    }
    let mut client = database.client();
    let server: i32 = client.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
    let processes = ["/proc/thread-self/schedstat".to_owned(), format!("/proc/{server}/schedstat")];
    let running = || processes.each_ref().map(|path| running(path)).into_iter().sum::<f64>();
    let (statements, capture) = case.step();
    let mut attempt = || {
        client.batch_execute("BEGIN").unwrap();
        let had = NOW.get();
        MOST.set(had);
        let began = running();
        let before = State::read_only(&mut client, &capture.objects, capture.only).unwrap();
        let read = running();
        for statement in &statements {
            client.batch_execute(&statement.sql).unwrap();
        }
        let stepped = running();
        let after = before.read_after(&mut client, &capture.objects).unwrap();
        let back = before.inverse_from(&after);
        let time = running() - stepped + read - began;
        assert!(!back.is_empty());
        let memory = MOST.get() - had;
        client.batch_execute("ROLLBACK").unwrap();
        Cost { time, memory: memory as f64 / 1024.0 }
    };
    let attempts: Vec<_> = (0..3).map(|_| attempt()).collect();
    attempts.into_iter().reduce(Cost::least).unwrap()
}

/// Returns how long a process has been running, in milliseconds.
fn running(path: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e6
}

/// Asserts that four times the size costs less than so many times as much time, and memory.
fn grows(case: &Growing, size: usize, time: f64, memory: f64) {
    if !fs::exists("/proc/thread-self/schedstat").unwrap_or_default() {
        tell("left out: this system does not tell how long a process was running");
        return;
    }
    for statistics in [Statistics::OfBefore, Statistics::OfNow] {
        let [small, large] = [size, 4 * size].map(|size| cost(case, size, statistics));
        let growth = large.over(small);
        tell(&format!(
            "{}, {size} and {}, {statistics:?}: {small:.1?}, {large:.1?}, {growth:.1?}",
            case.name,
            4 * size
        ));
        assert!(growth.time < time && growth.memory < memory, "{}: {growth:.1?}", case.name);
    }
}

/// Four, and what sorting and a processor's caches add to it.
const LINEAR: f64 = 6.0;

#[test]
fn capture_of_partitions_is_linear() {
    grows(&growth::PARTITIONS, 75, LINEAR, LINEAR);
}

#[test]
fn partitions_share_what_is_known_of_them() {
    // Some minor releases store another `pg_attver` for each column.
    let each_its_own = |size| {
        let numbers = "UPDATE pg_attribute SET attoptions = ARRAY['pg_attver=' || attrelid]
             FROM pg_class WHERE attrelid = oid AND attrelid >= 16384 AND relkind IN ('r', 'p')";
        let set = format!("SET allow_system_table_mods = on; {numbers}");
        [(growth::PARTITIONS.schema)(size), vec![set]].concat()
    };
    let case = Growing { schema: each_its_own, ..growth::PARTITIONS };
    let [few, many] = [75, 300].map(|size| cost(&case, size, Statistics::OfNow));
    let each = (many.memory - few.memory) / 225.0;
    tell(&format!("memory for each partition: {each:.1} kB"));
    assert!(each < 16.0, "{each:.1} kB");
}

#[test]
fn capture_of_altered_partitions_is_linear() {
    grows(&growth::PARTITIONS_ALTERED, 150, LINEAR, LINEAR);
}

#[test]
fn capture_of_references_is_linear() {
    grows(&growth::REFERENCES, 300, LINEAR, LINEAR);
}

#[test]
fn capture_of_a_schema_is_linear() {
    grows(&growth::SCHEMA, 100, LINEAR, LINEAR);
}

#[test]
fn capture_of_all_kinds_is_linear() {
    grows(&growth::KINDS, 25, LINEAR, LINEAR);
}

#[test]
fn capture_of_columns_is_linear() {
    grows(&growth::COLUMNS, 400, LINEAR, LINEAR);
}

#[test]
fn capture_of_a_column_does_not_depend_on_the_columns_beside_it() {
    grows(&growth::COLUMNS_ALTERED, 350, 2.0, 2.0);
}

#[test]
fn capture_of_a_table_does_not_depend_on_other_schemas() {
    grows(&growth::TENANTS, 50, 2.0, 1.5);
}

//! The heap at its end.

use std::alloc::{Layout, alloc, dealloc};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use sys::heap::{self, Heap};

#[global_allocator]
static HEAP: Heap = Heap::new();

static CALLS: AtomicU32 = AtomicU32::new(0);

/// What may fail is said of the whole process: the tests are threads of one, and take turns.
static TURN: Mutex<()> = Mutex::new(());

/// More than any machine has.
const TOO_MUCH: usize = isize::MAX as usize / 2;

#[test]
fn end_of_memory_is_told_once_and_only_for_who_cannot_live_without() {
    let _turn = TURN.lock();
    heap::when_exhausted(|| {
        CALLS.fetch_add(1, Ordering::Relaxed);
    });
    let mut list: Vec<u8> = vec![1];
    assert!(heap::may_fail(|| list.try_reserve(TOO_MUCH)).is_err());
    assert_eq!(CALLS.load(Ordering::Relaxed), 0);
    for _ in 0..2 {
        // SAFETY: the size is not 0; nothing is done with the block, which there is not.
        let block = unsafe { alloc(Layout::from_size_align(TOO_MUCH, 1).unwrap()) };
        assert!(block.is_null());
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    }
    // SAFETY: the block is given back with its own layout.
    unsafe {
        let layout = Layout::from_size_align(100_000, 8).unwrap();
        let block = alloc(layout);
        assert!(!block.is_null());
        dealloc(block, layout);
    }
}

#[test]
fn lists_grow() {
    let _turn = TURN.lock();
    let mut names = Vec::new();
    heap::append(&mut names, b"web").unwrap();
    heap::append(&mut names, b"/log").unwrap();
    heap::push(&mut names, 0).unwrap();
    assert_eq!(names, b"web/log\0");
}

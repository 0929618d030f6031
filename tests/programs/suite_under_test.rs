//! All programs in one executable, as `svbox` is, where the tests find it.

#![forbid(unsafe_code)]

#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

fn main() -> std::process::ExitCode {
    svbox::main(std::env::args_os().collect())
}

//! See the library.

#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

fn main() -> std::process::ExitCode {
    svbox::main(std::env::args_os().collect())
}

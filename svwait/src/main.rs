//! See the library.
fn main() -> std::process::ExitCode {
    svwait::main(std::env::args_os().collect())
}

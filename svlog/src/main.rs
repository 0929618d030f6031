//! See the library.
fn main() -> std::process::ExitCode {
    svlog::main(std::env::args_os().collect())
}
